/** How far two screenshots are apart. Pure. */
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** Lines by which a picture may be higher or lower: a rounded height. */
const slack = 3;

/**
 * The part of the pixels that differ, from 0 to 1, edges of letters aside; 1 where the pictures have another size.
 * @param first, second PNG files
 */
export function difference(first: Buffer, second: Buffer): number {
  const [a, b] = [PNG.sync.read(first), PNG.sync.read(second)];
  if (a.width !== b.width || Math.abs(a.height - b.height) > slack) return 1;
  const height = Math.min(a.height, b.height);
  const bytes = a.width * height * 4;
  const differing = pixelmatch(
    a.data.subarray(0, bytes),
    b.data.subarray(0, bytes),
    undefined,
    a.width,
    height,
    {
      threshold: 0.15,
    },
  );
  return differing / (a.width * height);
}

/** The same picture to the eye in half the bytes: colours in steps of four, which no tolerance tells apart. */
export function small(png: Buffer): Buffer {
  const picture = PNG.sync.read(png);
  for (const [index, value] of picture.data.entries())
    picture.data[index] = Math.min(255, Math.round(value / 4) * 4);
  return PNG.sync.write(picture, { deflateLevel: 9, deflateStrategy: 0, filterType: 0, colorType: 2 });
}
