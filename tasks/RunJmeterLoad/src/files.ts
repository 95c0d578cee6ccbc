/** Reads and copies the large files of a load test piece by piece. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { analyse } from './analysis/analyse.js';
import type { JtlAnalysis, WarmUp } from './analysis/statistics.js';
import type { TimelineCollector } from './timeline/collectTimeline.js';

/** Analyses a results file. @param timeline collects its course @throws UserError when it holds no results */
export function analyseJtl(path: string, warmUp: WarmUp, timeline: TimelineCollector): Promise<JtlAnalysis> {
  return analyse(path, { warmUp, timeline });
}

/** SHA-256 of a file, hexadecimal. */
export function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Copies a text file with `mask` applied to each line. */
export async function copyMasked(from: string, to: string, mask: (text: string) => string): Promise<void> {
  const output = createWriteStream(to);
  for await (const line of createInterface({ input: createReadStream(from), crlfDelay: Infinity })) {
    if (!output.write(`${mask(line)}\n`)) await once(output, 'drain');
  }
  output.end();
  await finished(output);
}
