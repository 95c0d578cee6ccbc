/** Puts a Node 24 into the cache, from npm: agents carry it beside Node 20. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { node24, node24Package, node24Version } from './cache.mjs';
import { run, step } from './progress.mjs';

/**
 * Whoever calls it holds the set-up's lock. npm checks what it fetches against the registry's own digest.
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installNode24(log) {
  const home = dirname(dirname(dirname(dirname(node24()))));
  const draft = `${home}.unfinished`;
  await step(`Fetching Node ${node24Version} (npm)`, 15, async () => {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const wanted = `${node24Package()}@${node24Version}`;
    await run(log, ['npm', 'install', '--prefix', draft, '--ignore-scripts', '--no-save', wanted], {
      cwd: draft,
    });
    rmSync(home, { recursive: true, force: true });
    renameSync(draft, home);
  });
}
