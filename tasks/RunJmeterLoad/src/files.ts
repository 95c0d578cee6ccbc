/** Reads and copies the large files of a load test piece by piece. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../../../shared/core/errors.js';
import { analyse } from './analysis/analyse.js';
import { merge, type JtlAnalysis, type WarmUp } from './analysis/statistics.js';
import type { TimelineCollector } from './timeline/collectTimeline.js';

/** Analyses a results file. @param timeline collects its course @throws UserError when it holds no results */
export function analyseJtl(path: string, warmUp: WarmUp, timeline: TimelineCollector): Promise<JtlAnalysis> {
  return analyse(path, { warmUp, timeline });
}

/** Results, or what is wrong with a file that holds none; then they are those of no sample. */
export interface Results {
  readonly analysis: JtlAnalysis;
  readonly fault: string | undefined;
}

/** Analyses a results file, whatever it holds. @param timeline collects its course */
export async function readResults(
  path: string,
  warmUp: WarmUp,
  timeline: TimelineCollector,
): Promise<Results> {
  try {
    return { analysis: await analyseJtl(path, warmUp, timeline), fault: undefined };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { analysis: merge(), fault: error.message };
  }
}

/** SHA-256 of a file, hexadecimal. */
export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Copies a text file with `mask` applied to its lines, many at once. */
export async function copyMasked(from: string, to: string, mask: (text: string) => string): Promise<void> {
  async function* masked(): AsyncGenerator<string> {
    for await (const lines of wholeLines(from)) yield mask(lines);
  }
  await pipeline(masked, createWriteStream(to));
}

/** Whether `mask` changes anything in a text file. */
export async function isChangedBy(path: string, mask: (text: string) => string): Promise<boolean> {
  for await (const lines of wholeLines(path)) if (mask(lines) !== lines) return true;
  return false;
}

/** A text file in pieces that end where a line does: a secret has no line end in it. */
async function* wholeLines(path: string): AsyncGenerator<string> {
  let rest = '';
  const pieces = createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 });
  for await (const piece of pieces as AsyncIterable<string>) {
    const end = piece.lastIndexOf('\n') + 1;
    if (end > 0) yield rest + piece.slice(0, end);
    rest = end > 0 ? piece.slice(end) : rest + piece;
  }
  if (rest !== '') yield rest;
}
