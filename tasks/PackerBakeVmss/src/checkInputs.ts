/** What is wrong with the inputs together, before anything is done. */
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError } from '../../../shared/core/errors.js';
import type { inputs } from './inputs.generated.js';
import { packerProblems } from './packerChoice.js';

/** @throws ProblemsError with all that does not fit together */
export function checkInputs(input: Inputs<typeof inputs>): void {
  const problems = [...packerProblems(input)];
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
}
