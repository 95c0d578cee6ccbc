/** Task entry of PackerBakeVmss. */
import { runTask } from '../../../shared/agent/runTask.js';
import { inputs } from './inputs.generated.js';
import { bake } from './run.js';

void runTask({ inputs, run: bake });
