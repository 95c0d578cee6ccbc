/** The inputs of a bake as they are when a pipeline gives only some. */
import { readInputs, type Inputs } from '../../../shared/agent/inputs.js';
import { inputs } from '../../../tasks/PackerBakeVmss/src/inputs.generated.js';

/** @param given texts by name, as a pipeline writes them */
export function defaultInput(given: Readonly<Record<string, string>>): Inputs<typeof inputs> {
  return readInputs(inputs, { text: name => given[name], pathSupplied: name => name in given });
}
