/** What a thread runs that reads a range of a file: it is told which when it is started, tells what it found, and ends. */
import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { readRange } from './readRange.js';
import type { RangeWork } from './workers.js';

const { file, range, ahead, module } = workerData as RangeWork;
parentPort?.postMessage(
  readRange((into, position) => readSync(file, into, 0, into.length, position), range, ahead, module),
);
