/** Prepares this machine for `npm run demo`, `npm test` or `npm run pipeline`; runs before npm ci, so on Node alone. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPackages } from './apt.mjs';
import { installAzureCli } from './azureCli.mjs';
import { installAzurite } from './azurite.mjs';
import { makeBaseImage } from './baseImage.mjs';
import { cacheDirectory, jmeterHome, jmeterHomeFrom } from './cache.mjs';
import { installGeckodriver } from './geckodriver.mjs';
import { installJmeter } from './jmeter.mjs';
import { locked } from './lock.mjs';
import { meansOfInstalling, whatIsLacking } from './machine.mjs';
import { installByHand } from './packages.mjs';
import { installNode24 } from './node24.mjs';
import { installSeleniumGrid } from './seleniumGrid.mjs';
import { run, say, SetupError, step } from './progress.mjs';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const purposes = ['test', 'demo', 'pipeline', 'build'];

/**
 * @param {import('./machine.mjs').Lacks} lacks
 * @returns {boolean}
 */
function isComplete(lacks) {
  const { packages, ...others } = lacks;
  return packages.length === 0 && !Object.values(others).includes(true);
}

/**
 * @param {{ purpose: string, jmeter: import('./cache.mjs').JmeterSource | undefined }} options
 * @returns {Promise<void>}
 */
async function setUp({ purpose, jmeter }) {
  const look = () =>
    whatIsLacking(repository, {
      toolsToo: purpose !== 'build',
      testsToo: purpose === 'test',
      jmeter: jmeter === undefined ? jmeterHome() : jmeterHomeFrom(jmeter),
    });
  if (isComplete(look())) return;
  const start = Date.now();
  await locked(join(cacheDirectory(), 'setup.lock'), async () => {
    const lacks = look(); // again: the one we waited for may have done it all
    if (isComplete(lacks)) return;
    const log = join(
      cacheDirectory(),
      'logs',
      `setup-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.log`,
    );
    say(`Setting up this machine, once (log: ${log})`);
    if (lacks.packages.length > 0) {
      const message = installByHand(lacks.packages, meansOfInstalling());
      if (message !== undefined) throw new SetupError(message);
    }
    if (lacks.nodeModules) {
      await step('Installing the npm packages (npm ci)', 20, () =>
        run(log, ['npm', 'ci'], { cwd: repository }),
      );
    }
    if (lacks.packages.length > 0) {
      await installPackages(
        lacks.packages.map(one => one.name),
        log,
      );
    }
    if (lacks.baseImage) await makeBaseImage(log);
    if (lacks.jmeter) await installJmeter(jmeter, log);
    if (lacks.node24) await installNode24(log);
    if (lacks.azureCli) await installAzureCli(log);
    if (lacks.azurite) await installAzurite();
    if (lacks.seleniumGrid) await installSeleniumGrid(log);
    if (lacks.geckodriver) await installGeckodriver(log);
    say(`This machine is ready (${((Date.now() - start) / 1000).toFixed(0)} s)`);
  });
}

const usage = `usage: node scripts/setup/setup.mjs [--for ${purposes.join('|')}] [--jmeter maven|debian]`;

try {
  const { values } = parseArgs({
    options: { for: { type: 'string', default: 'demo' }, jmeter: { type: 'string' } },
  });
  const { for: purpose, jmeter } = values;
  if (!purposes.includes(purpose)) throw new SetupError(`--for ${purpose} is not known\n${usage}`);
  if (jmeter !== undefined && jmeter !== 'maven' && jmeter !== 'debian') {
    throw new SetupError(`--jmeter ${jmeter} is not known\n${usage}`);
  }
  await setUp({ purpose, jmeter });
} catch (error) {
  if (error instanceof SetupError) say(`\nThe set-up stopped: ${error.message}`);
  else
    say(
      `\nThe set-up stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${usage}`,
    );
  process.exitCode = 1;
}
