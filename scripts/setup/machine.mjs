/** Looks at this machine: what is there of what the project needs. Takes a tenth of a second, so nothing is remembered. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { azureCli, azurite, baseImageDirectory, geckodriver, node24, seleniumGrid } from './cache.mjs';
import { isInstalled } from './nodeModules.mjs';
import { installedPackages, isRecentJava, missingPackages, packages } from './packages.mjs';

/**
 * @typedef {import('./packages.mjs').Package} Package
 * @typedef {import('./packages.mjs').Privilege} Privilege
 *
 * @typedef {object} Lacks what a machine lacks
 * @property {boolean} nodeModules
 * @property {Package[]} packages
 * @property {boolean} baseImage
 * @property {boolean} jmeter
 * @property {boolean} node24
 * @property {boolean} azureCli
 * @property {boolean} azurite
 * @property {boolean} seleniumGrid
 * @property {boolean} geckodriver
 */

/**
 * @param {string} repository its root
 * @returns {boolean} whether npm ci is needed
 */
export function lacksNodeModules(repository) {
  const lock = readFileSync(join(repository, 'package-lock.json'), 'utf8');
  const record = join(repository, 'node_modules', '.package-lock.json');
  return !isInstalled(lock, existsSync(record) ? readFileSync(record, 'utf8') : undefined);
}

/**
 * @param {string} repository its root
 * @param {{ toolsToo: boolean, testsToo: boolean, jmeter: string }} wanted `jmeter` is the JMETER_HOME that must be there
 * @returns {Lacks}
 */
export function whatIsLacking(repository, { toolsToo, testsToo, jmeter }) {
  const nodeModules = lacksNodeModules(repository);
  if (!toolsToo) {
    return {
      nodeModules,
      packages: [],
      baseImage: false,
      jmeter: false,
      node24: false,
      azureCli: false,
      azurite: false,
      seleniumGrid: false,
      geckodriver: false,
    };
  }
  /** @type {Set<import('./packages.mjs').Made>} */
  const missing = new Set();
  if (!existsSync(baseImageDirectory())) missing.add('baseImage');
  if (!existsSync(join(jmeter, 'bin', 'ApacheJMeter.jar'))) missing.add('jmeter');
  if (testsToo && !existsSync(azureCli())) missing.add('azureCli');
  if (testsToo && !existsSync(geckodriver())) missing.add('geckodriver');
  const commands = new Set(
    packages.flatMap(({ command }) => (command && isUsable(command) ? [command] : [])),
  );
  const installed = queryPackages();
  return {
    nodeModules,
    packages: missingPackages({ installed, commands, missing, testsToo }),
    baseImage: missing.has('baseImage'),
    jmeter: missing.has('jmeter'),
    node24: testsToo && !existsSync(node24()),
    azureCli: missing.has('azureCli'),
    azurite: testsToo && !existsSync(azurite()),
    seleniumGrid: testsToo && !existsSync(seleniumGrid()),
    geckodriver: missing.has('geckodriver'),
  };
}

/**
 * How this machine installs packages.
 * @returns {{ apt: boolean, privilege: Privilege }}
 */
export function meansOfInstalling() {
  return {
    apt: pathOf('apt-get') !== undefined && pathOf('dpkg-query') !== undefined,
    privilege: privilege(),
  };
}

/** @returns {Privilege} */
export function privilege() {
  if (process.getuid?.() === 0) return 'root';
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? 'sudo' : 'none';
}

/**
 * A command as root would run it.
 * @param {readonly string[]} command
 * @returns {string[]}
 */
export function asRoot(command) {
  return privilege() === 'root' ? [...command] : ['sudo', '-n', ...command];
}

/** @returns {Set<string>} */
function queryPackages() {
  const format = '${Package} ${db:Status-Status}\\n';
  const names = packages.map(one => one.name);
  const query = spawnSync('dpkg-query', ['-W', '-f', format, ...names], { encoding: 'utf8' });
  return query.error ? new Set() : installedPackages(query.stdout);
}

/** @type {(command: string) => boolean} */
function isUsable(command) {
  const path = pathOf(command);
  return path !== undefined && (command !== 'java' || isUsableJava(path));
}

/** Asks the installation's own release file, since starting Java takes longer than all the rest of the look. */
/** @type {(path: string) => boolean} */
function isUsableJava(path) {
  const release = join(dirname(dirname(realpathSync(path))), 'release');
  if (existsSync(release)) return isRecentJava(readFileSync(release, 'utf8'));
  const { stderr } = spawnSync(path, ['-version'], { encoding: 'utf8' });
  const version = /version "([^"]+)"/.exec(stderr)?.[1] ?? '';
  return isRecentJava(`JAVA_VERSION="${version}"`);
}

/** @type {(command: string) => string | undefined} */
function pathOf(command) {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '');
  return [...folders, '/usr/sbin', '/sbin'].map(folder => join(folder, command)).find(isExecutable);
}

/** @type {(path: string) => boolean} */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
