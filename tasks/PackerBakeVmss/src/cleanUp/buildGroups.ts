/** Where Packer builds: groups that it made for the build, and groups that were there, in which its resources share a suffix. Pure. */

/** A resource group that a build works in. */
export interface BuildGroup {
  readonly name: string;
  /** Whether Packer made it for this build; one that was there is never removed. */
  readonly isOwn: boolean;
  /** The ends of the names that Packer gave to its resources in it. */
  readonly suffixes: readonly string[];
}

/** A build group's tags: by them it is known again when nobody is left who remembers it. */
export const groupTags = {
  run: 'bake-and-roll.run',
  job: 'bake-and-roll.job',
  started: 'bake-and-roll.started',
} as const;

/** A job of a pipeline run, as tags name it. */
export interface RunMark {
  /** The run's page, or its number. */
  readonly run: string;
  /** A job has an id of its own in every attempt. */
  readonly job: string;
}

/** Azure's limit on the value of a tag, in characters. */
const longestValue = 256;

/**
 * Says where this runs.
 * @param variable reads a pipeline variable
 */
export function runMark(variable: (name: string) => string | undefined): RunMark {
  const collection = variable('System.CollectionUri') ?? variable('System.TeamFoundationCollectionUri') ?? '';
  const project = variable('System.TeamProject') ?? '';
  const build = variable('Build.BuildId');
  const release = variable('Release.ReleaseId');
  const what =
    release === undefined ? `_build/results?buildId=${build ?? ''}` : `_release?releaseId=${release}`;
  const run = `${collection.replace(/\/?$/, '/')}${encodeURIComponent(project)}/${what}`;
  return { run: run.slice(0, longestValue), job: (variable('System.JobId') ?? '').slice(0, longestValue) };
}

/** The tags that a group of this run gets beside those it has. */
export function tagsOf(mark: RunMark, startedAt: Date): Record<string, string> {
  return {
    [groupTags.run]: mark.run,
    [groupTags.job]: mark.job,
    [groupTags.started]: startedAt.toISOString(),
  };
}

/** Whether a group is, or may be, of this job: its tags name no other one. */
export function isOfJob(tags: Readonly<Record<string, string>>, mark: RunMark): boolean {
  const run = tag(tags, groupTags.run);
  return run === undefined || (run === mark.run && tag(tags, groupTags.job) === mark.job);
}

/** A build group that a run left behind. */
export interface StaleGroup {
  readonly name: string;
  readonly run: string;
  readonly startedAt: Date;
}

/** The groups that bear our tags and whose build began longer ago than any build takes. */
export function staleGroups(
  groups: readonly {
    readonly name: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly state: string;
  }[],
  now: Date,
  hours: number,
): StaleGroup[] {
  return groups.flatMap(({ name, tags, state }) => {
    const run = tag(tags, groupTags.run);
    const startedAt = new Date(tag(tags, groupTags.started) ?? '');
    if (run === undefined || state === 'Deleting') return [];
    // A date that cannot be read is no reason to delete anything.
    return now.getTime() - startedAt.getTime() > hours * 3_600_000 ? [{ name, run, startedAt }] : [];
  });
}

/** Whether a resource in a group that was there is one of Packer's: `pkr`, two letters, the build's suffix. */
export function isOfBuild(resourceName: string, { suffixes }: BuildGroup): boolean {
  const name = resourceName.toLowerCase();
  return suffixes.some(
    suffix => suffix.length >= 5 && name.startsWith('pkr') && name.endsWith(suffix.toLowerCase()),
  );
}

/** Azure's names of resources do not depend on case. */
function tag(tags: Readonly<Record<string, string>>, name: string): string | undefined {
  const key = Object.keys(tags).find(each => each.toLowerCase() === name);
  return key === undefined ? undefined : tags[key];
}
