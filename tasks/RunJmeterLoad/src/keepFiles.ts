/** Keeps what a load test leaves with the pipeline's run, secrets masked. */
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Agent } from '../../../shared/agent/agent.js';
import { describe } from '../../../shared/core/errors.js';
import { copyMasked, isChangedBy } from './files.js';

/** A run keeps files up to this size among its logs; larger ones are better published as an artifact. */
const keepLimit = 100 * 1024 * 1024;
/** Results up to this size are compressed within the seconds that the agent gives a step that it cancels. */
const hurriedLimit = 64 * 1024 * 1024;

/** Keeps one thing. Where that fails, as on a full disk, it is told, and the rest is kept all the same. */
export async function attempt(what: string, keep: () => Promise<void> | void, agent: Agent): Promise<void> {
  try {
    await keep();
  } catch (error) {
    agent.warning(`${what} could not be kept. ${describe(error)}`);
  }
}

/** Keeps JMeter's log; its lines. */
export async function keepLog(path: string, agent: Agent): Promise<string[]> {
  if (!existsSync(path)) return [];
  const copy = join(agent.resultsDirectory, 'jmeter.log');
  await attempt(
    "JMeter's log",
    async () => {
      await copyMasked(path, copy, text => agent.mask(text));
      keepFile(copy, agent);
    },
    agent,
  );
  return statSync(path).size > keepLimit ? [] : readFileSync(path, 'utf8').split('\n');
}

/** Keeps JMeter's results: on the agent as they are, with the run compressed to a tenth or so. */
export async function keepResults(path: string, agent: Agent): Promise<void> {
  const kept = join(agent.resultsDirectory, 'results.jtl');
  const mask = (text: string) => agent.mask(text);
  // They seldom hold a secret; then they need not be written again, which a full disk would not allow.
  if (await isChangedBy(path, mask)) await copyMasked(path, kept, mask);
  else moveFile(path, kept);
  agent.output('resultsFile', kept);
  if (agent.signal.aborted && statSync(kept).size > hurriedLimit) {
    agent.info(
      `The results are in ${kept} on this agent until the job ends; there is no time to compress them.`,
    );
    return;
  }
  const compressed = `${kept}.gz`;
  await pipeline(createReadStream(kept), createGzip({ level: 1 }), createWriteStream(compressed));
  keepFile(compressed, agent);
}

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Another file system.
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    copyFileSync(from, to);
  }
}

/** Keeps a file, or says why not. */
export function keepFile(path: string, agent: Agent): void {
  if (statSync(path).size <= keepLimit) agent.keepFile(path);
  else
    agent.info(
      `${path} is larger than ${keepLimit / 1024 / 1024} MiB and is not kept with the run; publish it as a pipeline artifact.`,
    );
}
