/** What a rollout writes on its scale set for the next one: the image to go back to, and how the rollout ended. Pure. */
import { createHash } from 'node:crypto';

/** The record of a scale set's last rollout. */
export interface RolloutRecord {
  /**
   * The last image that was known good before that rollout, in its text form: an ARM id, a VHD URI or
   * `publisher:offer:sku:version`. Undefined when there was none, or when a rollback has used it up.
   */
  readonly previous: string | undefined;
  /** Only after `done` and `rolledBack` do all instances run the image that the rollout went to. */
  readonly state: RolloutState;
  /** The image that the rollout went to, as {@link imageMark} makes it. */
  readonly target: string;
  /** When the record was written. */
  readonly at: Date;
  /** The pipeline run that wrote it, as people know it. */
  readonly run: string;
}

const states = ['rolling', 'modelSet', 'done', 'rollingBack', 'rolledBack'] as const;

/** How a rollout stands; `modelSet` is one that left the instances to somebody else. */
export type RolloutState = (typeof states)[number];

/** A resource's tags. */
export type Tags = Readonly<Record<string, string>>;

const previousTag = 'bake-and-roll-previous-image';
const rolloutTag = 'bake-and-roll-rollout';
/** Azure's limit on the value of a tag, in characters; ids of gallery versions can be longer. */
const longestValue = 256;
/** Enough for the longest id of a gallery version, and for most VHD URIs. */
const mostParts = 4;

/** A short mark of an image's text form, to tell later whether a model still has that image. */
export function imageMark(image: string): string {
  return createHash('sha256').update(image.toLowerCase()).digest('hex').slice(0, 16);
}

/** The record among a scale set's tags; undefined when there is none that makes sense. Names are compared without regard to case, as Azure does. */
export function readRolloutRecord(tags: Tags): RolloutRecord | undefined {
  const values = new Map(Object.entries(tags).map(([name, value]) => [name.toLowerCase(), value]));
  const match = /^(\w+) (\S+) ([0-9a-f]{16})(?: (.*))?$/.exec(values.get(rolloutTag) ?? '');
  const [, stateText = '', atText = '', target = '', run = ''] = match ?? [];
  const state = states.find(one => one === stateText);
  const at = new Date(atText);
  if (state === undefined || Number.isNaN(at.getTime())) return undefined;
  let previous = '';
  for (const name of partNames) {
    const part = values.get(name);
    if (part === undefined) break;
    previous += part;
  }
  return { previous: previous === '' ? undefined : previous, state, target, at, run };
}

/** The tags with this record in place of the one they held; without any where it is undefined. An image too long for tags is left out. */
export function withRolloutRecord(tags: Tags, record: RolloutRecord | undefined): Tags {
  const others = Object.entries(tags).filter(([name]) => !ownNames.includes(name.toLowerCase()));
  if (record === undefined) return Object.fromEntries(others);
  const { previous = '', state, target, at, run } = record;
  const head = `${state} ${at.toISOString().replace(/\.\d+Z$/, 'Z')} ${target}`;
  const parts = previous.length > longestValue * mostParts ? [] : (previous.match(partPattern) ?? []);
  return Object.fromEntries<string>([
    ...others,
    ...parts.map((part, index): [string, string] => [partNames[index] ?? '', part]),
    [rolloutTag, `${head} ${run.replace(/[\x00-\x1f\x7f]+/g, ' ')}`.trim().slice(0, longestValue)],
  ]);
}

const partNames = Array.from({ length: mostParts }, (_, index) =>
  index === 0 ? previousTag : `${previousTag}-${index + 1}`,
);
const ownNames: readonly string[] = [...partNames, rolloutTag];
const partPattern = new RegExp(`.{1,${longestValue}}`, 'g');
