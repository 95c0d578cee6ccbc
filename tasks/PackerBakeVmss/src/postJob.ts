/** The post-job part of PackerBakeVmss: the agent runs it at the job's end, whatever has happened. */
import { runPostJob } from '../../../shared/agent/runTask.js';
import { sweepUp } from './cleanUp/sweepUp.js';

void runPostJob(sweepUp);
