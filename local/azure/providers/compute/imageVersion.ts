/** Versions of gallery images: their names, their order, and which of them is the latest in a region. Pure. */
import { invalidParameter } from '../../arm/armError.js';
import { at, object, objects, string } from '../../arm/json.js';
import { normalLocation } from '../../arm/protocol.js';
import type { Resource } from '../../arm/store.js';

/** @throws ArmError when the name is no `Major.Minor.Patch` of 32-bit numbers */
export function checkVersionName(name: string): void {
  if (/^\d+\.\d+\.\d+$/.test(name) && numbers(name).every(part => part <= 2_147_483_647)) return;
  throw invalidParameter(
    'galleryImageVersionName',
    'The image version name is invalid. The image version name should follow Major(int).Minor(int).Patch(int) format, where int ' +
      'is between 0 and 2,147,483,647 (inclusive). For e.g: 1.0.0, 2018.12.1 etc.',
  );
}

/** Negative when `a` is the older one. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The highest version that is replicated to the region and not excluded from being the latest, there or at all. */
export function latestVersion(versions: readonly Resource[], location: string): Resource | undefined {
  return versions
    .filter(version => isIn(version, location) && !isExcluded(version, location))
    .sort((a, b) => compareVersions(a.name, b.name))
    .at(-1);
}

/** Whether the version's replication to the region has ended well. The stored version carries its replication status. */
export function isIn(version: Resource, location: string): boolean {
  return objects(at(version.properties, 'replicationStatus', 'summary')).some(
    one =>
      one['state'] === 'Completed' &&
      normalLocation(string(one['region']) ?? '') === normalLocation(location),
  );
}

function isExcluded(version: Resource, location: string): boolean {
  const profile = object(version.properties['publishingProfile']);
  const region = objects(profile['targetRegions']).find(
    one => normalLocation(string(one['name']) ?? '') === normalLocation(location),
  );
  return profile['excludeFromLatest'] === true || region?.['excludeFromLatest'] === true;
}

function numbers(version: string): readonly number[] {
  return version.split('.').map(Number);
}
