/** Reads JMeter's results in one pass and constant memory. */
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../../../shared/core/errors.js';
import type { KernelModule } from './kernel.js';
import { createJtlReader } from './reader.js';
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

/**
 * Analyses a results file, also one that is compressed by gzip. One that was cut, compressed or not, gives what it holds and
 * says that it is cut.
 * @throws UserError when it is empty, or begins neither with JMeter's columns nor with its XML
 */
export async function analyse(path: string, options: AnalysisOptions = {}): Promise<JtlAnalysis> {
  const analyser = createAnalyser(options);
  const whole = (await isGzip(path)) ? await unpack(path, analyser) : await read(path, analyser);
  const analysis = analyser.end();
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
      try {
        position += await readOn(path, position, analyser);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
      return position - from;
    },
    snapshot: () => analyser.snapshot(),
    end: () => analyser.end(),
  };
}

async function read(path: string, analyser: Analyser): Promise<true> {
  await readOn(path, 0, analyser);
  return true;
}

/**
 * Reads from a place to the end of a file. Pieces are read at once and not in the background, which would take as long as to
 * analyse them; what else waits has its turn in between.
 * @returns how many bytes
 */
async function readOn(path: string, from: number, analyser: Analyser): Promise<number> {
  const file = openSync(path, 'r');
  try {
    let at = from;
    for (let turn = at + turnSize; ; turn = at + turnSize) {
      while (at < turn) {
        const room = analyser.room();
        const count = readSync(file, room, 0, room.length, at);
        if (count === 0) return at - from;
        analyser.filled(count);
        at += count;
      }
      await setImmediate();
    }
  } finally {
    closeSync(file);
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(gzipMagic.length), 0, gzipMagic.length, 0);
    return buffer.equals(gzipMagic);
  } finally {
    await file.close();
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
