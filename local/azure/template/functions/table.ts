/** All functions of the language, and the evaluator over them. */
import { evaluatorOf, type Evaluator, type FunctionTable } from '../evaluate.js';
import { arrayFunctions } from './arrays.js';
import { cidrFunctions } from './cidr.js';
import { dateFunctions } from './dates.js';
import { lambdaFunctions } from './lambdas.js';
import { resourceFunctions } from './resources.js';
import { scopeFunctions } from './scopes.js';
import { stringFunctions } from './strings.js';
import { lazyFunctions, valueFunctions } from './values.js';

/** The evaluator of deployment templates. */
export const evaluator: Evaluator = evaluatorOf(() => functionTable);

/** By lower-case name. `list*` stands for every function whose name begins with `list`. */
export const functionTable: FunctionTable = new Map([
  ...stringFunctions,
  ...arrayFunctions,
  ...cidrFunctions,
  ...valueFunctions,
  ...dateFunctions,
  ...scopeFunctions,
  ...resourceFunctions,
  ...lazyFunctions(evaluator),
  ...lambdaFunctions(evaluator),
]);
