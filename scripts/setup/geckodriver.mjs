/** Puts geckodriver into the cache: tests run Firefox with it. Debian has none, so it is built from Mozilla's crate. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDirectory, geckodriverVersion } from './cache.mjs';
import { run, step } from './progress.mjs';

/**
 * Whoever calls it holds the set-up's lock. Built without optimisation: it is as fast for tests, and done in a third of the time.
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installGeckodriver(log) {
  const home = join(cacheDirectory(), 'geckodriver', geckodriverVersion);
  const draft = `${home}.unfinished`;
  await step(`Building geckodriver ${geckodriverVersion} (cargo)`, 50, async () => {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const target = join(draft, 'target');
    const how = ['--locked', '--debug', '--root', draft, '--target-dir', target];
    await run(log, ['cargo', 'install', 'geckodriver', '--version', geckodriverVersion, ...how], {
      cwd: draft,
      env: { ...process.env, CARGO_PROFILE_DEV_DEBUG: '0', CARGO_PROFILE_DEV_INCREMENTAL: 'false' },
    });
    rmSync(target, { recursive: true, force: true });
    rmSync(home, { recursive: true, force: true });
    mkdirSync(dirname(home), { recursive: true });
    renameSync(draft, home);
  });
}
