/** RunSeleniumSmoke: the wiring. */
import { runTask } from '../../../shared/agent/runTask.js';
import manifest from '../task.json' with { type: 'json' };
import { inputs } from './inputs.generated.js';
import { runSmoke } from './run.js';

void runTask({ manifest, inputs, run: runSmoke });
