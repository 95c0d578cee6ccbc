import assert from 'node:assert/strict';
import { createSecrets, formsOf } from '../../../shared/agent/secrets.js';

describe('secrets', () => {
  it('are masked in every form that a log may show', () => {
    const registered: string[] = [];
    const secrets = createSecrets(form => registered.push(form));
    secrets.add('p&ss "word"');
    for (const shown of [
      'p&ss "word"',
      'cCZzcyAid29yZCI=',
      'p%26ss%20%22word%22',
      String.raw`p&ss \"word\"`,
    ]) {
      assert.ok(registered.includes(shown), shown);
      assert.equal(secrets.mask(`before ${shown} after`), 'before *** after');
    }
  });

  it('of many lines are masked line by line, without their armour', () => {
    const forms = formsOf('-----BEGIN PRIVATE KEY-----\nAAAABBBB\r\nCCCCDDDD\n-----END PRIVATE KEY-----\n');
    assert.ok(forms.includes('AAAABBBB'));
    assert.ok(forms.includes('CCCCDDDD'));
    assert.ok(forms.every(form => !/[\r\n]/.test(form) && !form.includes('BEGIN')));
  });

  it('too short to mask are left out', () => {
    assert.deepEqual(formsOf('ab'), []);
  });

  it('hidden in one another are masked whole', () => {
    const secrets = createSecrets(() => undefined);
    secrets.add('abc');
    secrets.add('abcdef');
    assert.equal(secrets.mask('abcdef'), '***');
  });
});
