import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concealed } from '../../../../local/azure/deployments/concealed.js';
import {
  errorFor,
  outputsSkipped,
  statusMessageFor,
} from '../../../../local/azure/deployments/escapedErrors.js';
import { hasEffect, propertyChanges } from '../../../../local/azure/deployments/propertyChanges.js';
import { look } from '../fixture.js';

const json = fc.jsonValue({ maxDepth: 3 });
const members = fc.dictionary(fc.constantFrom('a', 'b', 'name', 'tags', 'properties'), json);

describe('What deployments tell', () => {
  it('is no change where nothing differs, whatever the value', () => {
    fc.assert(
      fc.property(members, members, (value, requested) => {
        const changes = propertyChanges({ before: value, requested, after: value, shown: value });
        assert.deepEqual(changes, []);
      }),
    );
  });

  it('names each member that is new, and those that somebody asked for and nobody does now', () => {
    fc.assert(
      fc.property(members, members, fc.boolean(), (before, after, asked) => {
        const changes = propertyChanges({ before, requested: asked ? before : {}, after, shown: after });
        const kinds = new Map(changes.map(one => [one.path, one.propertyChangeType]));
        const [had, has] = [before, after].map(
          value => new Set(Object.entries(value).flatMap(([name, one]) => (one === null ? [] : [name]))),
        );
        for (const name of has ?? []) if (had?.has(name) === false) assert.equal(kinds.get(name), 'Create');
        for (const name of had ?? [])
          if (has?.has(name) === false) assert.equal(kinds.get(name), asked ? 'Delete' : undefined);
      }),
    );
  });

  it('takes ids, locations and choices in any case, tags as they are', () => {
    const before = { location: 'westeurope', tags: { a: 'X' }, properties: { protocol: 'Tcp', count: 2 } };
    const after = { location: 'West Europe', tags: { a: 'x' }, properties: { protocol: 'TCP', count: '2' } };
    assert.deepEqual(propertyChanges({ before, requested: before, after, shown: after }), [
      { path: 'tags.a', propertyChangeType: 'Modify', before: 'X', after: 'x' },
    ]);
  });

  it('tells of values that a service takes from nobody, also within arrays, and that they have no effect', () => {
    const after = { subnets: [{ name: 'a', provisioningState: 'Failed' }] };
    const before = { subnets: [{ name: 'a', provisioningState: 'Succeeded' }] };
    const changes = propertyChanges({ before, requested: {}, after, shown: after });
    assert.equal(look(changes, '0.children.0.children.0.propertyChangeType'), 'NoEffect');
    assert.ok(!changes.some(hasEffect));
    const more = { subnets: [...after.subnets, { name: 'b' }] };
    const grown = propertyChanges({ before, requested: {}, after: more, shown: more });
    assert.ok(grown.some(hasEffect));
  });

  it('does not take what a service never shows for a change, unless it was asked for otherwise', () => {
    const after = { osProfile: { adminPassword: 'new' } };
    const shown = { osProfile: { adminPassword: "[parameters('pass')]" } };
    const change = (requested: unknown) =>
      propertyChanges({ before: { osProfile: {} }, requested, after, shown });
    assert.deepEqual(change(undefined), []);
    assert.deepEqual(change(after), []);
    assert.deepEqual(change({ osProfile: { adminPassword: 'old' } }), [
      { path: 'osProfile.adminPassword', propertyChangeType: 'Create', after: "[parameters('pass')]" },
    ]);
  });

  it('holds no secret, wherever it stood', () => {
    fc.assert(
      fc.property(
        json,
        fc.string({ minLength: 3, unit: fc.constantFrom('q', 'Z', '7') }),
        (value, secret) => {
          const hidden = JSON.stringify(concealed({ [`a${secret}`]: [value, `x${secret}y`] }, [secret]));
          assert.ok(!hidden.includes(secret));
        },
      ),
    );
    assert.equal(concealed('ab', ['b']), 'ab');
    assert.equal(concealed('b', ['b']), '*******');
  });

  it('is told to clients of 2016 as recorded then: text within text, a sentence for outputs', () => {
    const cause = { code: 'SubnetNotFound', target: '/x', message: 'No.' };
    const inner = { code: 'DeploymentFailed', target: '/d', message: 'At least one …', details: [cause] };
    const error = {
      ...inner,
      details: [{ code: 'ResourceDeploymentFailure', message: 'The …', details: [inner] }],
    };
    assert.equal(errorFor('2024-07-01', error), error);
    const old = errorFor('2016-09-01', error);
    assert.equal(look(old, 'details.0.code'), 'Conflict');
    const outer = JSON.parse(String(look(old, 'details.0.message'))) as unknown;
    assert.equal(look(outer, 'status'), 'Failed');
    assert.equal(look(outer, 'error.details.0.details.0.code'), 'NotFound');
    assert.deepEqual(JSON.parse(String(look(outer, 'error.details.0.details.0.message'))), {
      error: { code: 'SubnetNotFound', message: 'No.' },
    });
    const skipped = { error: { code: outputsSkipped, message: 'Template output evaluation skipped.' } };
    assert.equal(statusMessageFor('2016-09-01', skipped), 'Template output evaluation skipped.');
    assert.equal(statusMessageFor('2024-07-01', skipped), skipped);
  });
});
