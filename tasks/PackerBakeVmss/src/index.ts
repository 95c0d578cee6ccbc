/** Task entry of PackerBakeVmss. */
import { runTask } from '../../../shared/agent/runTask.js';
import manifest from '../task.json' with { type: 'json' };
import { inputs } from './inputs.generated.js';
import { bake } from './run.js';

void runTask({ manifest, inputs, run: bake });
