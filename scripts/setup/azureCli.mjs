/** Puts the Azure CLI into the cache, from PyPI into an environment of its own; only the tests use it. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { azureCli, azureCliVersion } from './cache.mjs';
import { run, step } from './progress.mjs';

/** Debian's own, which python3-venv belongs to: another one in PATH may have no venv. */
const python = '/usr/bin/python3';

/**
 * Whoever calls it holds the set-up's lock. The environment may be renamed since nothing but its `python` is ever run.
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installAzureCli(log) {
  const home = dirname(dirname(azureCli()));
  const draft = `${home}.unfinished`;
  await step(`Installing the Azure CLI ${azureCliVersion} (PyPI, about 750 MB on disk)`, 50, async () => {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(dirname(draft), { recursive: true });
    await run(log, [python, '-m', 'venv', draft]);
    const pip = [join(draft, 'bin', 'python'), '-m', 'pip', '--disable-pip-version-check', 'install'];
    await run(log, [...pip, '--no-cache-dir', '--progress-bar', 'off', `azure-cli==${azureCliVersion}`]);
    rmSync(home, { recursive: true, force: true });
    renameSync(draft, home);
  });
}
