/** Reads and copies the large files of a load test piece by piece. */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { createJtlReader, type JtlAnalysis, type WarmUp } from './jtl.js';

/** Analyses a results file in one pass. @throws UserError when it has no header */
export async function analyseJtl(path: string, warmUp: WarmUp): Promise<JtlAnalysis> {
  const reader = createJtlReader(warmUp);
  for await (const piece of createReadStream(path, { encoding: 'utf8', highWaterMark: 1024 * 1024 }))
    reader.push(piece as string);
  return reader.end();
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
