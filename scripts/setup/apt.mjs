/** Installs Debian packages without a question asked. */
import { asRoot } from './machine.mjs';
import { run, step } from './progress.mjs';

const secondsForEach = 8;

/**
 * @param {readonly string[]} names
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installPackages(names, log) {
  await step('Refreshing the package lists (apt-get update)', 10, () => updateLists(log));
  await step(`Installing ${names.join(' ')}`, names.length * secondsForEach, () =>
    run(log, apt(['install', '-y', '--no-install-recommends', ...names])),
  );
}

/** @type {(log: string) => Promise<void>} */
export async function updateLists(log) {
  await run(log, apt(['update']));
}

/** sudo drops the environment, so the variable goes through env(1). @type {(args: string[]) => string[]} */
function apt(args) {
  return asRoot([
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-o',
    'DPkg::Lock::Timeout=600',
    ...args,
  ]);
}
