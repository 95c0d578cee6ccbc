/** Versions of gallery images: their order, and the next one. Pure. */

/** Numbers of a version `Major.Minor.Patch`; undefined when it is none. */
function numbersOf(version: string): readonly [number, number, number] | undefined {
  const match = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})$/.exec(version);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Azure's limit on each number. */
const largest = 2_147_483_647;

/** Whether Azure takes this as a version's name. */
export function isGalleryVersion(version: string): boolean {
  return numbersOf(version)?.every(part => part <= largest) ?? false;
}

/** Negative when `a` is the older one. */
export function compareGalleryVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (const index of [0, 1, 2] as const) {
    const difference = (left?.[index] ?? -1) - (right?.[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The next patch after the highest of these; 1.0.0 when there is none. Failed versions count: Azure keeps their names. */
export function nextGalleryVersion(existing: readonly string[]): string {
  const highest = existing.filter(isGalleryVersion).sort(compareGalleryVersions).at(-1);
  if (highest === undefined) return '1.0.0';
  const [major, minor, patch] = numbersOf(highest) ?? [1, 0, -1];
  if (patch < largest) return `${major}.${minor}.${patch + 1}`;
  return minor < largest ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`;
}
