/** Keeps what a load test leaves with the pipeline's run, secrets masked. */
import { createReadStream, createWriteStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Agent } from '../../../shared/agent/agent.js';
import { copyMasked } from './files.js';

/** A run keeps files up to this size among its logs; larger ones are better published as an artifact. */
const keepLimit = 100 * 1024 * 1024;

/** Keeps JMeter's log; its lines. */
export async function keepLog(path: string, agent: Agent): Promise<string[]> {
  if (!existsSync(path)) return [];
  const copy = join(agent.resultsDirectory, 'jmeter.log');
  await copyMasked(path, copy, text => agent.mask(text));
  keepFile(copy, agent);
  return statSync(copy).size > keepLimit ? [] : readFileSync(copy, 'utf8').split('\n');
}

/** Keeps JMeter's results: on the agent as they are, with the run compressed to a tenth or so. */
export async function keepResults(path: string, agent: Agent): Promise<void> {
  const copy = join(agent.resultsDirectory, 'results.jtl');
  await copyMasked(path, copy, text => agent.mask(text));
  agent.output('resultsFile', copy);
  const compressed = `${copy}.gz`;
  await pipeline(createReadStream(copy), createGzip({ level: 1 }), createWriteStream(compressed));
  keepFile(compressed, agent);
}

/** Keeps a file, or says why not. */
export function keepFile(path: string, agent: Agent): void {
  if (statSync(path).size <= keepLimit) agent.keepFile(path);
  else
    agent.info(
      `${path} is larger than ${keepLimit / 1024 / 1024} MiB and is not kept with the run; publish it as a pipeline artifact.`,
    );
}
