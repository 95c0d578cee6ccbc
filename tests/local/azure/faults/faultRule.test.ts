import assert from 'node:assert/strict';
import { readFaultRules } from '../../../../local/azure/faults/faultRule.js';

const read = (rules: unknown) => readFaultRules(JSON.stringify({ rules }), 'faults.json');

describe('A file of faults', () => {
  it('is read with what was left out filled in', () => {
    const [rule] = read([
      { name: 'busy', match: { method: 'PUT', url: 'scalesets/web$' }, times: 2, effect: { kind: 'reset' } },
    ]);
    assert.equal(rule?.name, 'busy');
    assert.deepEqual(rule.methods, ['PUT']);
    assert.ok(rule.url?.test('…/virtualMachineScaleSets/WEB'));
    assert.deepEqual([rule.after, rule.times, rule.effect.kind], [0, 2, 'reset']);
    assert.equal(read([{ effect: { kind: 'hangs' } }])[0]?.times, Infinity);
  });

  it('is refused with all its problems at once', () => {
    assert.throws(
      () =>
        read([
          { match: { url: '(' }, effect: { kind: 'slow' } },
          { macth: {}, effect: { kind: 'nothing' } },
          { match: { method: 'put', caller: 'Packer' }, times: 0, effect: { kind: 'never-ends' } },
          { match: { method: 'PUT' }, effect: { kind: 'dies', afterSeconds: '3', of: 'what' } },
          { effect: { kind: 'capacity', code: 'Full' } },
          'no rule',
        ]),
      (error: Error) => {
        assert.deepEqual(
          error.message.split('\n').map(line => line.replace(/^[^r]*(?=rules)/, '')),
          [
            'faults.json cannot be used:',
            'rules[0].effect.seconds is not a number of seconds, 0 or more.',
            'rules[0].match.url is no regular expression.',
            "rules[1] has no 'macth', but name, match, after, times, effect.",
            'rules[1].effect.kind is none of throttle, error, reset, slow, html, expire-token, lag, never-ends, fails, capacity, unhealthy, dies, hangs, instance-fails.',
            "rules[2].match.caller cannot be told for the effect 'never-ends', which hits no request but an operation.",
            'rules[2].match.method is no HTTP method in capitals, nor an array of them.',
            'rules[2].times is no whole number of 1 or more.',
            "rules[3].effect has no 'of', but kind, afterSeconds.",
            'rules[3].effect.afterSeconds is not a number of seconds, 0 or more.',
            "rules[3].match.method cannot be told for the effect 'dies', which hits no request but an instance.",
            "rules[4].effect.code is not 'AllocationFailed', 'SkuNotAvailable' or 'OverconstrainedAllocationRequest'.",
            'rules[5] is no object.',
          ],
        );
        return true;
      },
    );
  });

  for (const text of ['[]', '{}', '{ "rules": {} }', 'nothing']) {
    it(`is refused when it is ${text}`, () => {
      assert.throws(() => readFaultRules(text, 'faults.json'), {
        name: 'UserError',
        message: "faults.json is no JSON object with an array 'rules'.",
      });
    });
  }
});
