/** RunSeleniumSmoke: the wiring. */
import { runTask } from '../../../shared/agent/runTask.js';
import { inputs } from './inputs.generated.js';
import { runSmoke } from './run.js';

void runTask({ inputs, run: runSmoke });
