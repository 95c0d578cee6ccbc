/** The outputs of a deployment. */
import { freshBudget, type Environment } from './evaluate.js';
import { isObject, own, type Json, type JsonObject } from './json.js';
import type { TypedValue } from './parameters.js';
import { isSecure, resolved, typeMismatch, typeSpelling } from './parameterTypes.js';
import type { Runtime } from './scope.js';
import type { TemplateSource } from './templateSource.js';
import { Deferred, ExpressionError, inPlace, TemplateError, validationFailed } from './templateError.js';
import { copyCount, evaluateTree, inLoop } from './tree.js';

/** Resource Manager's limit for one template. */
export const mostOutputs = 64;

/**
 * Evaluates all outputs of a finished deployment. Their names are spelt as Azure's answers spell them, in camel case.
 * @throws TemplateError `DeploymentOutputEvaluationFailed` with one detail for each that failed; whatever the runtime throws
 */
export function evaluateOutputs(
  template: JsonObject,
  environment: Environment,
  runtime: Runtime,
): Record<string, TypedValue> {
  const running: Environment = { ...environment, runtime, budget: freshBudget() };
  const evaluated: [string, TypedValue][] = [];
  const failures: { readonly name: string; readonly message: string }[] = [];
  for (const [name, output] of declarationsIn(template)) {
    try {
      const value = evaluateOutput(output, running);
      if (value !== undefined) evaluated.push([camelCase(name), value]);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      failures.push({ name, message: error.message });
    }
  }
  if (failures.length === 0) return Object.fromEntries(evaluated);
  const code = 'DeploymentOutputEvaluationFailed';
  throw new TemplateError(
    code,
    `Unable to evaluate template outputs: '${failures.map(({ name }) => name).join(',')}'. Please see error details and deployment operations. ` +
      'Please see https://aka.ms/arm-common-errors for usage details.',
    {
      details: failures.map(({ name, message }) => ({
        code,
        target: name,
        message: `The template output '${name}' is not valid: ${message}.`,
      })),
    },
  );
}

/** Whether the template declares any. */
export function hasOutputs(template: JsonObject): boolean {
  return declarationsIn(template).length > 0;
}

/**
 * Checks what can be checked of the outputs before anything is deployed.
 * @throws TemplateError
 */
export function checkOutputs(template: JsonObject, environment: Environment, source: TemplateSource): void {
  const declarations = declarationsIn(template);
  if (declarations.length > mostOutputs) {
    throw validationFailed(
      `The number of template outputs limit exceeded. Limit: '${mostOutputs}' and actual: '${declarations.length}'. Please see https://aka.ms/arm-syntax-outputs for usage details.`,
    );
  }
  for (const [name, output] of declarations) {
    try {
      evaluateOutput(output, { ...environment, runtime: 'deferred' });
    } catch (error) {
      if (error instanceof Deferred) continue;
      const location = source(['outputs', name]);
      throw inPlace(error, message =>
        validationFailed(
          `The template output '${name}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid: ${message}. Please see https://aka.ms/arm-functions for usage details.`,
          location,
        ),
      );
    }
  }
}

function declarationsIn(template: JsonObject): [string, JsonObject][] {
  const outputs = own(template, 'outputs');
  if (!isObject(outputs)) return [];
  const definitions = own(template, 'definitions');
  return Object.entries(outputs).map(([name, output]) => [name, resolved(output, definitions)]);
}

function evaluateOutput(output: JsonObject, environment: Environment): TypedValue | undefined {
  const condition = evaluateTree(own(output, 'condition') ?? true, environment);
  if (typeof condition !== 'boolean') {
    throw new ExpressionError("The 'condition' property of an output must be of type 'Boolean'");
  }
  if (!condition) return undefined;
  const type = typeSpelling(own(output, 'type'));
  if (type === undefined) {
    throw new ExpressionError(
      'The type of an output must be one of string, securestring, int, bool, array, object or secureobject',
    );
  }
  const value = outputValue(output, environment);
  const absent = value === null && own(output, 'nullable') === true;
  const mismatch = absent ? undefined : typeMismatch('output', type, value);
  if (mismatch !== undefined) throw new ExpressionError(mismatch);
  return isSecure(type) ? { type } : { type, value };
}

function outputValue(output: JsonObject, environment: Environment): Json {
  const copy = own(output, 'copy');
  if (!isObject(copy)) return evaluateTree(own(output, 'value') ?? null, environment);
  const count = copyCount(copy, environment);
  return Array.from({ length: count }, (_item, index) =>
    evaluateTree(own(copy, 'input') ?? null, inLoop(environment, { name: undefined, index, unnamed: true })),
  );
}

/** `VMSS` is answered as `vmss`, `NewNSG` as `newNSG`, `VM1` as `vM1`: Json.NET's camel case. */
function camelCase(name: string): string {
  const upper = (index: number): boolean => /\p{Lu}/u.test(name.charAt(index));
  let end = 0;
  while (end < name.length && upper(end) && (end === 0 || end + 1 === name.length || upper(end + 1)))
    end += 1;
  return name.slice(0, end).toLowerCase() + name.slice(end);
}
