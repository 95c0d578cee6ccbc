/** RunJmeterLoad: the wiring. */
import { runTask } from '../../../shared/agent/runTask.js';
import manifest from '../task.json' with { type: 'json' };
import { inputs } from './inputs.generated.js';
import { runLoad } from './run.js';

void runTask({ manifest, inputs, run: runLoad });
