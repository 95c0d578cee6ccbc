/** Whose mirrors the base image names. */
import assert from 'node:assert/strict';
import { imageSources } from '../../../scripts/setup/baseImageRecipe.mjs';

const signed = 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';

describe('apt sources of the base image', () => {
  it("are the machine's own Debian mirrors, main only, each once", () => {
    const targets = [
      'http://mirror.example/debian/|bookworm|main|Debian',
      'http://mirror.example/debian/|bookworm|main|Debian',
      'http://mirror.example/debian/|bookworm|contrib|Debian',
      'http://mirror.example/debian/|bookworm-updates|main|Debian',
      'http://mirror.example/debian-security/|bookworm-security|main|Debian',
      'http://packages.example/node|nodistro|main|. nodistro',
    ].join('\n');
    assert.deepEqual(imageSources(`${targets}\n`), {
      ownMirror: true,
      lines: [
        `${signed} http://mirror.example/debian bookworm main`,
        `${signed} http://mirror.example/debian bookworm-updates main`,
        `${signed} http://mirror.example/debian-security bookworm-security main`,
      ],
    });
  });

  it("are Debian's where the machine runs something else", () => {
    for (const targets of [
      '',
      'http://archive.example/ubuntu/|noble|main|Ubuntu',
      'http://x/debian/|trixie|main|Debian',
    ]) {
      const { ownMirror, lines } = imageSources(targets);
      assert.equal(ownMirror, false);
      assert.deepEqual(lines, [`${signed} http://deb.debian.org/debian bookworm main`]);
    }
  });
});
