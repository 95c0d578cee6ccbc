/** When npm ci is needed. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isInstalled } from '../../../scripts/setup/nodeModules.mjs';

const lock = (packages: Record<string, object>) => JSON.stringify({ lockfileVersion: 3, packages });
const one = { version: '1.0.0', integrity: 'sha512-a' };

describe('npm packages of the set-up', () => {
  it('misses them where there is no record', () => {
    assert.equal(isInstalled(lock({}), undefined), false);
  });

  it('needs no optional package', () => {
    const wanted = lock({ '': {}, 'node_modules/a': one, 'node_modules/b': { ...one, optional: true } });
    assert.ok(isInstalled(wanted, lock({ 'node_modules/a': one })));
    assert.ok(!isInstalled(wanted, lock({ 'node_modules/b': one })));
  });

  it('sees another version, another content, and a package that is gone from the lock', () => {
    const wanted = lock({ 'node_modules/a': one });
    assert.ok(!isInstalled(wanted, lock({ 'node_modules/a': { ...one, version: '1.0.1' } })));
    assert.ok(!isInstalled(wanted, lock({ 'node_modules/a': { ...one, integrity: 'sha512-b' } })));
    assert.ok(!isInstalled(wanted, lock({ 'node_modules/a': one, 'node_modules/old': one })));
  });

  it('is content with exactly what the lock names', () => {
    const path = fc.string({ minLength: 1 }).map(name => `node_modules/${name}`);
    const entry = fc.record({ version: fc.string(), integrity: fc.string() });
    fc.assert(
      fc.property(fc.dictionary(path, entry), packages => {
        assert.ok(isInstalled(lock({ '': {}, ...packages }), lock(packages)));
      }),
    );
  });
});
