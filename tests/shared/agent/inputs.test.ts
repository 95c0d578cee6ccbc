import assert from 'node:assert/strict';
import { readInputs } from '../../../shared/agent/inputs.js';

const spec = {
  name: { type: 'string', required: true },
  note: { type: 'multiLine', required: false },
  file: { type: 'filePath', required: false },
  count: { type: 'int', required: false },
  force: { type: 'boolean', required: false },
  mode: { type: 'pickList', required: false, options: ['slow', 'fast'] },
} as const;

function source(values: Record<string, string>, supplied = new Set(['file'])) {
  return { text: (name: string) => values[name], pathSupplied: (name: string) => supplied.has(name) };
}

describe('readInputs', () => {
  it('gives typed values', () => {
    const input = readInputs(
      spec,
      source({ name: ' web ', count: '5', force: 'True', mode: 'FAST', file: '/a', note: 'x' }),
    );
    assert.deepEqual(input, { name: 'web', note: 'x', file: '/a', count: 5, force: true, mode: 'fast' });
  });

  it('fills what was not given', () => {
    const input = readInputs(spec, source({ name: 'web' }));
    assert.deepEqual(input, {
      name: 'web',
      note: undefined,
      file: undefined,
      count: 0,
      force: false,
      mode: 'slow',
    });
  });

  it('takes an empty text for the declared default, not for off', () => {
    const declared = {
      gate: { type: 'boolean', required: false, fallback: true },
      wait: { type: 'int', required: false, fallback: 300 },
    } as const;
    assert.deepEqual(readInputs(declared, source({ gate: '', wait: '' })), { gate: true, wait: 300 });
    assert.deepEqual(readInputs(declared, source({ gate: 'false', wait: '0' })), { gate: false, wait: 0 });
  });

  it('names every variable that nothing has set, but leaves texts with macros in them alone', () => {
    assert.throws(
      () => readInputs(spec, source({ name: '$(bake.imageReference)', count: '$(many)', note: 'x $(y)' })),
      /'name' is \$\(bake\.imageReference\): this variable does not exist here.*stageDependencies[^]*'count' is \$\(many\)/,
    );
    assert.equal(readInputs(spec, source({ name: 'web-$(id)' })).name, 'web-$(id)');
  });

  it('takes a path that the agent filled in for one that was not given', () => {
    assert.equal(readInputs(spec, source({ name: 'web', file: '/agent/s' }, new Set())).file, undefined);
  });

  it('tells every fault at once', () => {
    assert.throws(
      () => readInputs(spec, source({ count: '-1', force: 'yes', mode: 'medium' })),
      (error: Error) =>
        /'name' is required/.test(error.message) &&
        /'count' must be a whole number/.test(error.message) &&
        /'force' must be true or false, not 'yes'/.test(error.message) &&
        /'mode' must be one of slow, fast, not 'medium'/.test(error.message),
    );
  });
});
