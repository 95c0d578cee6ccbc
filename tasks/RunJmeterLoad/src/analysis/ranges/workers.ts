/** Threads that read ranges of a file. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { KernelModule } from '../kernel.js';
import type { Ahead, RangeCounts } from './rangeCounts.js';
import type { ReadElsewhere } from './readInRanges.js';
import type { Range } from './readRange.js';

/** The script of worker.ts: put in by the build (scripts/rangeWorker.ts), not there when the sources are run as they are. */
declare const rangeWorker: string | undefined;

/** What a thread is told. */
export interface RangeWork {
  /** The open file's descriptor. */
  readonly file: number;
  readonly range: Range;
  readonly ahead: Ahead;
  readonly module: KernelModule | undefined;
}

/** Threads of one file. */
export interface RangeWorkers {
  /** Nothing comes of it when the thread cannot be started or does not come to its end. */
  readonly read: ReadElsewhere;
  /** Ends those that still run. */
  end(): Promise<void>;
}

/** Shorter ranges are read before a thread of their own is of use. */
const shortestRange = 150_000_000;
/** Each thread takes memory. */
const mostThreads = 4;
/** What is short-lived is little; more room for it is only taken. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** How many threads are of use for a file of so many bytes. */
export function threadsFor(size: number, processors = availableParallelism()): number {
  return Math.max(1, Math.min(processors, mostThreads, Math.floor(size / shortestRange)));
}

/** The script that stands in the task's bundle. */
export function bundledWorker(): string | undefined {
  return typeof rangeWorker === 'undefined' ? undefined : rangeWorker;
}

/** @param script what a thread runs: worker.ts and all that it imports */
export function rangeWorkers(script: string, file: number, module: KernelModule | undefined): RangeWorkers {
  const workers: Worker[] = [];
  return {
    read: (range, ahead) =>
      new Promise(resolve => {
        const workerData: RangeWork = { file, range, ahead, module };
        const worker = new Worker(script, { eval: true, workerData, execArgv: [], env: {}, resourceLimits });
        workers.push(worker);
        const nothing = () => {
          resolve(undefined);
        };
        worker
          .on('message', (counts: RangeCounts | undefined) => {
            resolve(counts);
          })
          .on('error', nothing)
          .on('exit', nothing);
      }),
    async end() {
      await Promise.all(workers.map(worker => worker.terminate()));
    },
  };
}
