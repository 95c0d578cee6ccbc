/** Which packages a machine lacks, and what it is told to do about them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  installByHand,
  installedPackages,
  isRecentJava,
  missingPackages,
  packages,
} from '../../../scripts/setup/packages.mjs';

const bare = { installed: new Set<string>(), commands: new Set<string>() };
type Machine = Parameters<typeof missingPackages>[0];
const nothing: Machine['missing'] = new Set();
const everything: Machine['missing'] = new Set(['baseImage', 'jmeter', 'azureCli', 'geckodriver']);
const names = (machine: Omit<Machine, 'testsToo'>, testsToo = true) =>
  missingPackages({ ...machine, testsToo }).map(one => one.name);

describe('packages of the set-up', () => {
  it('takes only what dpkg calls installed for installed', () => {
    const output = 'packer installed\nphp-cli not-installed\nphpunit config-files\nfile installed\n';
    assert.deepEqual(installedPackages(output), new Set(['packer', 'file']));
  });

  it('wants everything on a bare machine', () => {
    assert.deepEqual(
      names({ ...bare, missing: everything }),
      packages.map(one => one.name),
    );
  });

  it('wants nothing that is only for making what is made', () => {
    const wanted = names({ ...bare, missing: nothing });
    assert.ok(!wanted.includes('maven') && !wanted.includes('mmdebstrap'));
    assert.ok(names({ ...bare, missing: new Set(['jmeter'] as const) }).includes('maven'));
  });

  it('spares a demo what only tests need', () => {
    const wanted = names({ ...bare, missing: nothing }, false);
    assert.ok(wanted.includes('chromium') && !wanted.includes('firefox-esr') && !wanted.includes('xvfb'));
  });

  it('accepts a program from elsewhere in place of its package', () => {
    const wanted = names({ ...bare, commands: new Set(['packer', 'java']), missing: nothing });
    assert.ok(!wanted.includes('packer') && !wanted.includes('openjdk-17-jre-headless'));
    assert.ok(wanted.includes('php-curl'), 'an extension has no program');
  });

  it('never installs an SSH server on the host', () => {
    assert.ok(packages.every(one => !one.name.includes('server')));
  });

  it('is content once what was missing is installed', () => {
    const name = fc.constantFrom(...packages.map(one => one.name));
    fc.assert(
      fc.property(fc.uniqueArray(name), there => {
        const before = { installed: new Set(there), commands: new Set<string>(), missing: everything };
        const wanted = names(before);
        assert.ok(wanted.every(one => !there.includes(one)));
        assert.deepEqual(names({ ...before, installed: new Set([...there, ...wanted]) }), []);
      }),
    );
  });

  it('installs by itself as root or with passwordless sudo', () => {
    for (const privilege of ['root', 'sudo'] as const) {
      assert.equal(installByHand(packages, { apt: true, privilege }), undefined);
    }
  });

  it('names the exact command when it may not', () => {
    const missing = packages.filter(one => one.name === 'packer' || one.name === 'phpunit');
    const message = installByHand(missing, { apt: true, privilege: 'none' });
    assert.match(
      message ?? '',
      /^ {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends packer phpunit$/m,
    );
  });

  it('says what to install, and what for, where there is no apt-get', () => {
    const missing = packages.filter(one => one.name === 'chromium-driver');
    const message = installByHand(missing, { apt: false, privilege: 'root' }) ?? '';
    assert.match(message, /chromium-driver \(command chromedriver\): the smoke tests' browser/);
    assert.doesNotMatch(message, /sudo/);
  });

  it('reads the version of Java, old numbering too', () => {
    assert.ok(isRecentJava('IMPLEMENTOR="Debian"\nJAVA_VERSION="17.0.21"\n'));
    assert.ok(isRecentJava('JAVA_VERSION="11"'));
    assert.ok(!isRecentJava('JAVA_VERSION="1.8.0_412"'));
    assert.ok(!isRecentJava('nothing of the kind'));
  });
});
