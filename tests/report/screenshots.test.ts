/** Holds the report's looks against the screenshots that are kept, every view in light and dark. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/tasks.js';
import { difference } from './comparePictures.js';
import { keptAt, openPhotographer, schemes, shots, type Photographer } from './screenshots.js';

/** What another version of the browser may change. A line that moves by a pixel changes several times as much. */
const tolerance = 0.003;
/** Where a picture that is not as kept is left to be looked at. */
const left = join(repositoryRoot, 'out', 'screenshots');

describe('screenshots of the report', function () {
  this.timeout(120_000);
  let photographer: Photographer;
  before(async () => {
    photographer = await openPhotographer();
  });
  after(() => photographer.close());

  for (const shot of shots) {
    it(`are as they were kept: ${shot.name}`, async () => {
      for (const scheme of schemes) {
        const file = keptAt(shot, scheme);
        assert.ok(
          existsSync(file),
          `${file} is missing: npx tsx tests/report/renewScreenshots.ts ${shot.name}`,
        );
        const taken = await photographer.take(shot, scheme);
        const apart = difference(readFileSync(file), taken);
        if (apart <= tolerance) continue;
        mkdirSync(left, { recursive: true });
        writeFileSync(join(left, `${shot.name}-${scheme}.png`), taken);
        assert.fail(
          `${shot.name}, ${scheme}: ${(apart * 100).toFixed(2)} % of the pixels are others than in ${file}; the one just taken is in ${left}. If that is as it should be: npx tsx tests/report/renewScreenshots.ts ${shot.name}`,
        );
      }
    });
  }

  it('are all of a view', () => {
    const kept = shots.flatMap(shot => schemes.map(scheme => keptAt(shot, scheme)));
    for (const folder of [
      join(repositoryRoot, 'tests', 'report', 'screenshots'),
      join(repositoryRoot, 'images'),
    ])
      for (const file of readdirSync(folder).filter(name => /\.png$/.test(name) && name !== 'extension.png'))
        assert.ok(kept.includes(join(folder, file)), file);
  });

  it('would show what is broken', async () => {
    const [first] = shots;
    assert.ok(first);
    const kept = readFileSync(keptAt(first, 'light'));
    for (const style of [
      '.bake-and-roll-report { font-size: 15px !important }',
      '.bake-and-roll-report ol { display: block !important }',
      '.bake-and-roll-report svg { visibility: hidden !important }',
      '.bake-and-roll-report { --accent: #444 !important; --good: #c00 !important }',
      '.bake-and-roll-report li { padding-left: 6px !important }',
    ])
      assert.ok(difference(kept, await photographer.take(first, 'light', style)) > tolerance, style);
    assert.ok(difference(kept, await photographer.take(first, 'dark')) > tolerance);
  });
});
