/** What is wrong with the inputs together, before anything is done. */
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError } from '../../../shared/core/errors.js';
import { readBuiltIn, type BuiltInBake } from './builtIn/builtInSpec.js';
import type { inputs } from './inputs.generated.js';
import { conversionProblems } from './destination/conversion.js';
import { packerProblems } from './packer/packerChoice.js';

/**
 * @returns what the built-in template is to bake; undefined for a template of one's own
 * @throws ProblemsError with all that does not fit together
 */
export function checkInputs(input: Inputs<typeof inputs>, workingDirectory: string): BuiltInBake | undefined {
  const problems = [...packerProblems(input), ...conversionProblems(input)];
  if (input.templateType === 'custom' && input.templatePath === undefined)
    problems.push(
      `'templatePath' is required with templateType: custom.${input.baseImage === undefined ? '' : " 'baseImage' is given: for the built-in template set templateType: builtIn."}`,
    );
  const builtIn = input.templateType === 'builtIn' ? readBuiltIn(input, workingDirectory) : undefined;
  if (builtIn !== undefined && 'problems' in builtIn) problems.push(...builtIn.problems);
  if (problems.length > 0 && builtIn !== undefined && input.templatePath !== undefined)
    problems.push(
      "'templatePath' is not read with templateType: builtIn; for a template of your own set templateType: custom.",
    );
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
  return builtIn !== undefined && 'spec' in builtIn ? builtIn : undefined;
}
