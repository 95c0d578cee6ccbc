/** Makes the local marketplace image: a minimal Debian 12 as Azure would boot it, unpacked in the cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { updateLists } from './apt.mjs';
import { imageSources, recipe } from './baseImageRecipe.mjs';
import { baseImageDirectory, cacheDirectory } from './cache.mjs';
import { asRoot, privilege } from './machine.mjs';
import { run, SetupError, step } from './progress.mjs';

const unfinished = '.unfinished';

/**
 * Whoever calls it holds the set-up's lock, so an unfinished image is one that nobody is working on.
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function makeBaseImage(log) {
  if (privilege() === 'none') throw new SetupError(byHand());
  const image = dirname(baseImageDirectory());
  const images = dirname(image);
  mkdirSync(images, { recursive: true });
  const draft = image + unfinished;
  await step('Making the base image Debian 12 (mmdebstrap)', 45, async () => {
    for (const left of readdirSync(images).filter(name => name.endsWith(unfinished))) {
      await run(log, asRoot(['rm', '-rf', '--one-file-system', join(images, left)]));
    }
    mkdirSync(draft);
    await run(log, asRoot(mmdebstrap(join(draft, 'rootfs'))), { input: `${await sources(log)}\n` });
    renameSync(draft, image);
  });
}

/** @returns {string} */
function byHand() {
  return [
    'The base image has to be made by root, and there is no passwordless sudo here. Run once, then try again:',
    `  sudo XDG_CACHE_HOME=${dirname(cacheDirectory())} node ${process.argv[1] ?? 'scripts/setup/setup.mjs'}`,
  ].join('\n');
}

/** @type {(target: string) => string[]} */
function mmdebstrap(target) {
  return [
    'mmdebstrap',
    '--mode=root',
    '--format=directory',
    `--variant=${recipe.variant}`,
    `--include=${recipe.include.join(',')}`,
    ...proxySettings().map(setting => `--aptopt=${setting}`),
    ...recipe.customize.map(hook => `--customize-hook=${hook}`),
    recipe.suite,
    target,
    '-',
  ];
}

/** @type {(log: string) => Promise<string>} */
async function sources(log) {
  let found = imageSources(indexTargets());
  if (!found.ownMirror && existsSync('/usr/bin/apt-get')) {
    await updateLists(log); // a machine that never read its package lists does not know whose mirrors its sources name
    found = imageSources(indexTargets());
  }
  return found.lines.join('\n');
}

/** @returns {string} */
function indexTargets() {
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)';
  const args = ['indextargets', '--format', format, 'Created-By: Packages'];
  return outputOf('apt-get', args);
}

/** mmdebstrap does not read the machine's apt configuration; behind a proxy it needs this part of it. @returns {string[]} */
function proxySettings() {
  return outputOf('apt-config', ['dump'])
    .split('\n')
    .filter(line => /^Acquire::(?:http|https|ftp)::Proxy/i.test(line));
}

/** Empty where there is no such program. @type {(program: string, args: string[]) => string} */
function outputOf(program, args) {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  return result.error ? '' : result.stdout;
}
