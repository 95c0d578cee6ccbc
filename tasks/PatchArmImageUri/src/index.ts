/** Task entry of PatchArmImageUri. */
import { runTask } from '../../../shared/agent/runTask.js';
import { inputs } from './inputs.generated.js';
import { patchFiles } from './run.js';

void runTask({ inputs, run: (input, agent) => Promise.resolve(patchFiles(input, agent)) });
