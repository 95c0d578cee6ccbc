/** The resource groups that a run of Packer speaks of: which it makes, which were there, and which it has deleted. */
import type { BuildGroup } from '../cleanUp/buildGroups.js';

/** Learns of groups line by line. */
export interface GroupReader {
  /** Takes one line that a build said; true when there is something new to know. */
  take(build: string, line: string): boolean;
  /** All groups of the run. */
  readonly all: readonly BuildGroup[];
  /** Those that Packer has not said to have cleared away. */
  readonly open: readonly BuildGroup[];
}

interface Told {
  group: BuildGroup | undefined;
  isOwn: boolean;
  cleared: boolean;
}

/** Makes a reader for one run. A group that Packer neither announces to create nor to use is of no build. */
export function groupReader(): GroupReader {
  const builds = new Map<string, Told>();
  const groups = (which: (told: Told) => boolean) =>
    [...builds.values()].flatMap(told => (told.group !== undefined && which(told) ? [told.group] : []));
  return {
    take(build, line) {
      if (line.includes(' resource group ...') && /(Creating|Using existing) resource/.test(line)) {
        builds.set(build, { group: undefined, isOwn: !/Using existing/.test(line), cleared: false });
        return false;
      }
      const told = builds.get(build);
      if (told === undefined) return false;
      if (told.group === undefined) {
        const name = /-> ResourceGroupName\s*: '([^']+)'/.exec(line)?.[1];
        if (name === undefined) return false;
        told.group = { name, isOwn: told.isOwn, suffixes: [] };
        return true;
      }
      // `pkrdp`, or `kvpkrdp` of a key vault, and what all names of this build end with.
      const suffix = /-> DeploymentName\s*: '(?:kv)?pkrdp([0-9a-z]+)'/i.exec(line)?.[1];
      if (suffix !== undefined && !told.group.suffixes.includes(suffix)) {
        told.group = { ...told.group, suffixes: [...told.group.suffixes, suffix] };
        return true;
      }
      if (/Resource group has been deleted/.test(line)) told.cleared = true;
      return false;
    },
    get all() {
      return groups(() => true);
    },
    get open() {
      return groups(told => !told.cleared);
    },
  };
}
