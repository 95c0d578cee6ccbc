/** Where a test lets a local Azure log its traffic. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * A file of the test's own directory, or a new one in the directory LOCAL_AZURE_TRAFFIC_DIR, where the traffic of a whole test
 * run is kept to be checked against the published specifications.
 */
export function trafficFile(directory: string): string {
  const kept = process.env['LOCAL_AZURE_TRAFFIC_DIR'] ?? '';
  if (kept === '') return join(directory, 'traffic.jsonl');
  mkdirSync(kept, { recursive: true });
  return join(resolve(kept), `${randomUUID()}.jsonl`);
}

/** The lines of a log, which may be longer than a string can be. */
export function trafficLines(file: string): string[] {
  const log = readFileSync(file);
  const lines: string[] = [];
  for (let start = 0, end = log.indexOf(10); end >= 0; start = end + 1, end = log.indexOf(10, start))
    lines.push(log.toString('utf8', start, end));
  return lines;
}

/**
 * Leaves out of a log that is kept what need not meet the specifications: what was refused as wrong, which tests ask for on
 * purpose, and gallery images of api-versions in which they have other members than in the published one.
 */
export function keepCheckable(file: string): void {
  if ((process.env['LOCAL_AZURE_TRAFFIC_DIR'] ?? '') === '') return;
  const uncheckable = /"status":400,|\/galleries\/[^"]*api-version=(?:2019-03-01|2024-03-03)/;
  const lines = trafficLines(file).filter(line => !uncheckable.test(line));
  writeFileSync(file, lines.map(line => `${line}\n`).join(''));
}
