import assert from 'node:assert/strict';
import {
  formatImageReference,
  imageName,
  parseImageReference,
  sameImage,
  tryParseImageReference,
} from '../../../shared/core/imageReference.js';

const compute =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/images/providers/Microsoft.Compute';

describe('imageReference', () => {
  const cases = [
    { kind: 'managed', text: `${compute}/images/web-42`, name: 'web-42' },
    { kind: 'managed', text: `${compute.toLowerCase()}/images/Web`, name: 'Web' },
    { kind: 'gallery', text: `${compute}/galleries/g/images/web/versions/1.0.7`, name: 'g/web/1.0.7' },
    { kind: 'gallery', text: `${compute}/galleries/g/images/web`, name: 'g/web' },
    {
      kind: 'vhd',
      text: 'https://store.blob.core.windows.net/images/web-osDisk.1.vhd',
      name: 'web-osDisk.1.vhd',
    },
  ];
  for (const { kind, text, name } of cases) {
    it(`reads ${text.slice(-40)} as ${kind} and gives it back`, () => {
      const reference = parseImageReference(`  ${text}\n`, 'here');
      assert.equal(reference.kind, kind);
      assert.equal(formatImageReference(reference), text);
      assert.equal(imageName(reference), name);
    });
  }

  for (const text of [
    '',
    'web-42',
    '@@IMAGEURI@@',
    'http://store.blob.core.windows.net/images/web.vhd',
    'https://store.blob.core.windows.net/images/web.vhd?sv=1&sig=secret',
    `${compute}/disks/os`,
    `${compute}/images/a/b`,
  ]) {
    it(`takes '${text}' for no image`, () => {
      assert.equal(tryParseImageReference(text), undefined);
      assert.throws(
        () => parseImageReference(text, "Input 'imageReference'"),
        /Input 'imageReference' is no image/,
      );
    });
  }

  it('compares ARM ids without regard to case', () => {
    const a = parseImageReference(`${compute}/images/web`, '');
    const b = parseImageReference(
      `${compute.toUpperCase()}/images/WEB`.replace('/SUBSCRIPTIONS', '/subscriptions'),
      '',
    );
    assert.ok(sameImage(a, b));
    assert.ok(!sameImage(a, parseImageReference(`${compute}/images/other`, '')));
  });
});
