/** Task entry of PatchArmImageUri. */
import { runTask } from '../../../shared/agent/runTask.js';
import manifest from '../task.json' with { type: 'json' };
import { inputs } from './inputs.generated.js';
import { patchFiles } from './run.js';

void runTask({ manifest, inputs, run: (input, agent) => Promise.resolve(patchFiles(input, agent)) });
