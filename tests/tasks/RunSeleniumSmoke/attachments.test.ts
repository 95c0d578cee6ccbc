import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutForeignAttachments } from '../../../tasks/RunSeleniumSmoke/src/attachments.js';

describe('withoutForeignAttachments', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'attachments-'));
    mkdirSync(join(folder, 'screenshots'));
    writeFileSync(join(folder, 'screenshots', 'page.png'), '');
    writeFileSync(join(folder, 'secret'), '');
    symlinkSync(join(folder, 'secret'), join(folder, 'screenshots', 'link'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const own = () => [join(folder, 'screenshots')];

  it('leaves what tests put into the folder for it', () => {
    const text = `before\n[[ATTACHMENT|${join(folder, 'screenshots', 'page.png')}]]\nafter`;
    assert.equal(withoutForeignAttachments(text, own()), text);
  });

  it('lets no page have other files of the agent published', () => {
    const shots = join(folder, 'screenshots');
    for (const path of [
      join(folder, 'secret'),
      `${shots}/../secret`,
      join(shots, 'link'),
      shots,
      'screenshots/page.png',
      '/etc/passwd',
      join(shots, 'missing.png'),
    ]) {
      const said = withoutForeignAttachments(`x [[ATTACHMENT|${path}]] [[attachment|${path}\n]] y`, own());
      assert.doesNotMatch(said, /\[\[ATTACHMENT\|/i);
      assert.ok(said.includes(path), 'and says what was refused');
    }
  });
});
