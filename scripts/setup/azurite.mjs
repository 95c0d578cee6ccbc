/** Puts Azurite, Microsoft's storage emulator, into the cache: for the tests beforehand, for others when a client first uploads. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { azurite, azuriteVersion, cacheDirectory } from './cache.mjs';
import { locked } from './lock.mjs';
import { run, step } from './progress.mjs';

/**
 * It is no dependency: most runs upload nothing. Two may want it at once.
 * @returns {Promise<void>}
 * @throws {import('./progress.mjs').SetupError} when npm cannot fetch it
 */
export async function installAzurite() {
  await locked(join(cacheDirectory(), 'azurite.lock'), async () => {
    if (existsSync(azurite())) return;
    const home = join(cacheDirectory(), 'azurite', azuriteVersion);
    const draft = `${home}.unfinished`;
    const log = join(cacheDirectory(), 'logs', `azurite-${process.pid}.log`);
    await step(`Fetching Azurite ${azuriteVersion} (npm, 186 MB on disk)`, 15, async () => {
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft, { recursive: true });
      const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund'];
      await run(log, ['npm', 'install', '--prefix', draft, ...quiet, `azurite@${azuriteVersion}`], {
        cwd: draft,
      });
      rmSync(home, { recursive: true, force: true });
      mkdirSync(dirname(home), { recursive: true });
      renameSync(draft, home);
    });
  });
}
