/** RunJmeterLoad: the wiring. */
import { runTask } from '../../../shared/agent/runTask.js';
import { inputs } from './inputs.generated.js';
import { runLoad } from './run.js';

void runTask({ inputs, run: runLoad });
