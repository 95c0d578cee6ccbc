/** Text from outside as the page shows it. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { shortenIds, shortenPaths, shown } from '../../../report/model/shownText.js';

describe('shown', () => {
  it('names what cannot be seen or turns text around, and keeps line ends, emoji and other scripts', () => {
    assert.equal(shown('a\u202eb\u0000c\u200bd'), 'a⟨U+202E⟩b⟨U+0000⟩c⟨U+200B⟩d');
    assert.equal(shown('one\r\ntwo\rthree\tfour'), 'one\ntwo\nthree\tfour');
    assert.equal(shown('👩‍🚀 עברית ok'), '👩‍🚀 עברית ok');
    assert.equal(shown('half \ud83d'), 'half ⟨U+D83D⟩');
    assert.equal(shown('\u001b[31mred\u001b[0m'), 'red');
  });

  it('leaves no control, no mark of direction and no half character in any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        assert.doesNotMatch(
          shown(text),
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/,
        );
        assert.doesNotThrow(() => encodeURIComponent(shown(text)));
      }),
    );
  });
});

describe('shortenIds', () => {
  it('keeps the last two segments of a resource id, and what stands after it', () => {
    const id =
      '/subscriptions/1111-22/resourceGroups/rg/providers/Microsoft.Compute/images/webapp-20261123.1';
    assert.equal(shortenIds(`Back to ${id}: 3 of 4.`), 'Back to …/images/webapp-20261123.1: 3 of 4.');
    assert.equal(
      shortenIds(`(${id}), '${id}'.`),
      "(…/images/webapp-20261123.1), '…/images/webapp-20261123.1'.",
    );
    assert.equal(shortenIds('/subscriptions/1 has no image'), '/subscriptions/1 has no image');
  });
});

describe('shortenPaths', () => {
  it('keeps the last segment of a path on a disk, and leaves addresses and relative paths alone', () => {
    assert.equal(
      shortenPaths('Provisioning with shell script: /agent/_work/1/s/packer/prepare.sh'),
      'Provisioning with shell script: …/prepare.sh',
    );
    assert.equal(shortenPaths("script 'D:\\a\\_work\\1\\s\\setup.ps1'"), "script '…/setup.ps1'");
    for (const text of ['http://shop.example/a/b/c/d', 'packer/provision/prepare.sh', '/tmp/x', 'a / b'])
      assert.equal(shortenPaths(text), text);
  });
});
