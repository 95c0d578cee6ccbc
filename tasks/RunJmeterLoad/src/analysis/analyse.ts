/** Reads JMeter's results in one pass and constant memory. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../../../shared/core/errors.js';
import { bundledKernel, type KernelModule } from './kernel.js';
import { findRanges } from './ranges/findRanges.js';
import { readInRanges } from './ranges/readInRanges.js';
import type { Range } from './ranges/readRange.js';
import { bundledWorker, rangeWorkers, threadsFor } from './ranges/workers.js';
import { createJtlReader, type JtlReader } from './reader.js';
import type { AnalysisOptions, JtlAnalysis } from './statistics.js';

/** Takes results as they come. */
export interface Analyser {
  /** @param bytes the next piece of the file, of any length; they are not kept */
  push(bytes: Uint8Array): void;
  /** Room for the next piece of the file, which saves a copy of it: taken by `filled`. */
  room(): Uint8Array;
  /** Takes so many bytes that were put into `room()`. */
  filled(count: number): void;
  /** What there is so far, as a copy of its own: `merge` and `since` work with it. */
  snapshot(): JtlAnalysis;
  /**
   * What there was, when nothing more comes.
   * @throws UserError when the file is empty, or begins neither with JMeter's columns nor with its XML
   */
  end(): JtlAnalysis;
}

const pieceSize = 128 * 1024;
/** So many bytes are read without letting others have their turn: some hundredths of a second. */
const turnSize = 32 * 1024 * 1024;
const gzipMagic = Buffer.from([0x1f, 0x8b]);

/**
 * Makes an analyser of results in CSV (header or not, columns in any order, any separator of one byte) or XML, told apart by
 * their first bytes.
 * @param module what counts fast, where it is not the one in the task's bundle
 */
export function createAnalyser(options: AnalysisOptions = {}, module?: KernelModule): Analyser {
  return createJtlReader(options, module);
}

/** What a file is read with, where it is not what stands in the task's bundle. */
export interface Means {
  readonly module?: KernelModule | undefined;
  /** What threads run: see ranges/workers.ts. */
  readonly worker?: string;
  /** How many read the file, as many as are of use when absent. */
  readonly threads?: number;
}

/**
 * Analyses a results file, also one that is compressed by gzip. One that was cut, compressed or not, gives what it holds and
 * says that it is cut. A large file of CSV is read by several threads; what is found is the same.
 * @throws UserError when it is empty, or begins neither with JMeter's columns nor with its XML
 */
export async function analyse(
  path: string,
  options: AnalysisOptions = {},
  means: Means = {},
): Promise<JtlAnalysis> {
  const module = means.module ?? bundledKernel();
  const reader = createJtlReader(options, module);
  const whole = isGzip(path) ? await unpack(path, reader) : await read(path, reader, module, means);
  const analysis = reader.end();
  return whole ? analysis : { ...analysis, cut: true };
}

/** Follows a results file that grows. */
export interface Follower {
  /** Takes what was written since the last time. @returns how many bytes; 0 also while there is no file */
  poll(): Promise<number>;
  snapshot(): JtlAnalysis;
  end(): JtlAnalysis;
}

/** Makes a follower of a file, which may not be there yet. */
export function follow(path: string, options: AnalysisOptions = {}): Follower {
  const analyser = createAnalyser(options);
  let position = 0;
  return {
    async poll() {
      const from = position;
      const file = openIfThere(path);
      if (file === undefined) return 0;
      try {
        position = await readOn(file, { from, to: Infinity }, analyser);
      } finally {
        closeSync(file);
      }
      return position - from;
    },
    snapshot: () => analyser.snapshot(),
    end: () => analyser.end(),
  };
}

async function read(
  path: string,
  reader: JtlReader,
  module: KernelModule | undefined,
  { worker = bundledWorker(), threads }: Means,
): Promise<true> {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const count = worker === undefined ? 1 : (threads ?? threadsFor(size));
    const knowing = () => count > 1 && reader.ahead() !== undefined;
    const from = await readOn(file, { from: 0, to: Infinity }, reader, knowing);
    const ahead = reader.ahead();
    if (worker === undefined || count === 1 || ahead === undefined) return true;
    const ranges = findRanges(
      (into, at) => readSync(file, into, 0, into.length, at),
      { from, to: size },
      count,
      ahead.layout,
    );
    const workers = rangeWorkers(worker, file, module);
    try {
      await readInRanges(reader, ahead, ranges, range => readOn(file, range, reader), workers.read);
    } finally {
      await workers.end();
    }
    return true;
  } finally {
    closeSync(file);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a range of a file, or to its end. Pieces are read at once and not in the background, which would take as long as to
 * analyse them; what else waits has its turn in between.
 * @param enough asked after each piece
 * @returns where it has come to
 */
async function readOn(
  file: number,
  { from, to }: Range,
  analyser: Analyser,
  enough: () => boolean = () => false,
): Promise<number> {
  let at = from;
  for (let turn = at + turnSize; ; turn = at + turnSize) {
    while (at < turn) {
      const room = analyser.room();
      const count = readSync(file, room, 0, Math.min(room.length, to - at), at);
      if (count === 0) return at;
      analyser.filled(count);
      at += count;
      if (enough()) return at;
    }
    await setImmediate();
  }
}

function isGzip(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const begin = Buffer.alloc(gzipMagic.length);
    readSync(file, begin, 0, begin.length, 0);
    return begin.equals(gzipMagic);
  } finally {
    closeSync(file);
  }
}

/** @returns whether the compressed file is whole */
async function unpack(path: string, analyser: Analyser): Promise<boolean> {
  const unpacked = createGunzip({ chunkSize: pieceSize });
  const source = createReadStream(path);
  source.on('error', error => unpacked.destroy(error));
  try {
    for await (const bytes of Readable.from(source.pipe(unpacked))) analyser.push(bytes as Buffer);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') return false;
    if (code === 'Z_DATA_ERROR')
      throw new UserError(`The compressed results file ${path} is damaged and cannot be unpacked.`);
    throw error;
  }
}
