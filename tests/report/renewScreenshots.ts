/** Takes the kept screenshots anew: `npx tsx tests/report/renewScreenshots.ts [NAME…]`. Look at each before it is committed. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { repositoryRoot } from '../../scripts/tasks.js';
import { difference, small } from './comparePictures.js';
import { keptAt, openPhotographer, schemes, shots } from './screenshots.js';

const wanted = process.argv.slice(2);
const photographer = await openPhotographer();
try {
  for (const shot of shots.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    for (const scheme of schemes) {
      const file = keptAt(shot, scheme);
      const taken = small(await photographer.take(shot, scheme));
      const changed = existsSync(file) ? difference(readFileSync(file), taken) : 1;
      mkdirSync(dirname(file), { recursive: true });
      if (changed > 0) writeFileSync(file, taken);
      console.log(`${(changed * 100).toFixed(2).padStart(6)} %  ${relative(repositoryRoot, file)}`);
    }
  }
} finally {
  await photographer.close();
}
