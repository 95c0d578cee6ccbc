/** The tags that this task writes on an image, and reads again on later runs: what it was baked from, by whom, when. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { foldEntries, type DigestEntry } from '../digest/digestEntries.js';

/** The names of the tags. Azure keeps at most 50 tags of 256 characters on an image. */
export const imageTagNames = {
  /** SHA-256 of everything that the bake read. */
  digest: 'bake-and-roll.digest',
  /** The template, relative to the sources: images of one template are a family. */
  template: 'bake-and-roll.template',
  /** When the image was finished, ISO 8601 in UTC. */
  baked: 'bake-and-roll.baked',
  commit: 'bake-and-roll.commit',
  repository: 'bake-and-roll.repository',
  /** Address of the pipeline run. */
  run: 'bake-and-roll.run',
  baseImage: 'bake-and-roll.baseImage',
  /** Version of this task. */
  task: 'bake-and-roll.task',
} as const;

/** A record's text by its tag's name. */
export type Tags = Readonly<Record<string, string>>;

const longestValue = 256;
const mostTags = 50;
/** What stays free for people's own tags and for policies that add theirs. */
const sparedTags = 8;
const inputsPrefix = 'bake-and-roll.inputs';

/** A value that fits into one tag. */
export function tagValue(text: string): string {
  return text.slice(0, longestValue);
}

/**
 * The list of inputs as tags: names and short hashes, compressed. Where it does not fit beside the `taken` tags, the deepest folders are
 * told as one entry each, and so on upwards.
 */
export function inputTags(entries: readonly DigestEntry[], taken: number): Tags {
  const room = Math.max(0, mostTags - sparedTags - taken) * longestValue;
  const deepest = Math.max(1, ...entries.map(entry => entry.name.split('/').length));
  for (let depth = deepest; depth > 0; depth--) {
    const lines = foldEntries(entries, depth).map(({ name, hash }) => `${hash.slice(0, 10)} ${name}\n`);
    const packed = deflateRawSync(lines.join(''), { level: 9 }).toString('base64');
    if (packed.length > room) continue;
    const parts = packed.match(new RegExp(`.{1,${longestValue}}`, 'g')) ?? [];
    return Object.fromEntries(
      parts.map((part, index) => [`${inputsPrefix}${String(index + 1).padStart(2, '0')}`, part]),
    );
  }
  return {};
}

/** What {@link inputTags} wrote; undefined when nothing, or nothing readable, is there. Short hashes: compare with {@link compareEntries}. */
export function readInputTags(tags: Tags): DigestEntry[] | undefined {
  const parts = Object.keys(tags)
    .filter(name => name.startsWith(inputsPrefix))
    .sort();
  if (parts.length === 0) return undefined;
  try {
    const packed = Buffer.from(parts.map(name => tags[name] ?? '').join(''), 'base64');
    // Written by anyone who may tag images: it must not blow up.
    const text = inflateRawSync(packed, { maxOutputLength: 4 << 20 }).toString('utf8');
    return text
      .split('\n')
      .filter(line => line !== '')
      .map(line => ({ hash: line.slice(0, 10), name: line.slice(11) }));
  } catch {
    return undefined;
  }
}
