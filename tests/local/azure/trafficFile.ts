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

/** Leaves out what was refused as wrong: tests ask for that on purpose, and it need not meet any specification. */
export function dropRefused(file: string): void {
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.filter(line => !line.includes('"status":400,')).join('\n'));
}
