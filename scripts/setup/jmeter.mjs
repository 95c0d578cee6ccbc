/** Puts a JMETER_HOME into the cache: JMeter 5.6.3 from its Maven artifacts, else Debian's 2.13 mended. */
import { copyFileSync, chmodSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './apt.mjs';
import { jmeterHomeFrom, jmeterVersion } from './cache.mjs';
import { meansOfInstalling } from './machine.mjs';
import { homePath } from './jmeterLayout.mjs';
import { run, say, SetupError, step } from './progress.mjs';

const debianPackages = ['jmeter', 'jmeter-http'];
const debianJmeter = '/usr/share/jmeter';
const launchers = fileURLToPath(new URL('./jmeter/', import.meta.url));

/**
 * @param {import('./cache.mjs').JmeterSource | undefined} source undefined = Maven, and Debian when that fails
 * @param {string} log path
 * @returns {Promise<void>}
 */
export async function installJmeter(source, log) {
  if (source === 'debian') {
    await mendDebianJmeter(log);
    return;
  }
  try {
    await step(`Assembling JMeter ${jmeterVersion} (Maven)`, 30, () =>
      build('maven', home => assemble(home, log)),
    );
  } catch (error) {
    if (source === 'maven' || !(error instanceof SetupError)) throw error;
    say(error.message);
    say(`JMeter ${jmeterVersion} cannot be had from Maven; taking Debian's JMeter 2.13 instead.`);
    say(`To try again later delete ${jmeterHomeFrom('debian')}`);
    await mendDebianJmeter(log);
  }
}

/** @type {(log: string) => Promise<void>} */
async function mendDebianJmeter(log) {
  const { apt, privilege } = meansOfInstalling();
  if (!apt || privilege === 'none') {
    throw new SetupError(
      `Install JMeter by hand (${debianPackages.join(', ')}, or Maven Central made reachable), then try again.`,
    );
  }
  await installPackages(debianPackages, log);
  await build('debian', linkDebian);
}

/**
 * Makes a home beside its final place and renames it there when it is whole.
 * @param {import('./cache.mjs').JmeterSource} source
 * @param {(home: string) => Promise<void> | void} fill
 */
async function build(source, fill) {
  const home = jmeterHomeFrom(source);
  const draft = `${home}.unfinished`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(join(draft, 'bin'), { recursive: true });
  try {
    await fill(draft);
  } catch (error) {
    rmSync(draft, { recursive: true });
    throw error;
  }
  copyFileSync(join(launchers, `${source}.sh`), join(draft, 'bin', 'jmeter'));
  chmodSync(join(draft, 'bin', 'jmeter'), 0o755);
  rmSync(home, { recursive: true, force: true });
  renameSync(draft, home);
}

/** @type {(home: string, log: string) => Promise<void>} */
async function assemble(home, log) {
  const work = join(home, 'maven');
  mkdirSync(work);
  copyFileSync(join(launchers, 'pom.xml'), join(work, 'pom.xml'));
  const timeouts = ['-Dmaven.wagon.http.connectionTimeout=20000', '-Dmaven.wagon.rto=120000'];
  await run(log, ['mvn', '-B', '-ntp', ...timeouts, `-Djmeter.version=${jmeterVersion}`, 'package'], {
    cwd: work,
  });
  for (const folder of ['lib/ext', 'lib/junit']) mkdirSync(join(home, folder), { recursive: true });
  for (const jar of readdirSync(join(work, 'target', 'jars'))) {
    renameSync(join(work, 'target', 'jars', jar), join(home, homePath(jar, jmeterVersion)));
  }
  const configuration = join(work, 'target', 'configuration', 'bin');
  for (const name of readdirSync(configuration))
    renameSync(join(configuration, name), join(home, 'bin', name));
  rmSync(work, { recursive: true });
}

/** Debian's files stay where they are; only the launcher is ours. @type {(home: string) => void} */
function linkDebian(home) {
  symlinkSync(join(debianJmeter, 'lib'), join(home, 'lib'));
  for (const name of readdirSync(join(debianJmeter, 'bin')).filter(name => name !== 'jmeter')) {
    symlinkSync(join(debianJmeter, 'bin', name), join(home, 'bin', name));
  }
  copyFileSync(join(launchers, 'debian.bsh'), join(home, 'bin', 'jmeter.bsh'));
}
