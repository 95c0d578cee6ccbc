/** Reads a run's report from its source: parts once each, a broken one beside the others, what the run before took, the pictures. */
import { assemble, previousOf } from '../../shared/report/assemble.js';
import type { ReleaseReport, ReportPart } from '../../shared/report/format.js';
import type { ReportLinks } from '../page/render.js';
import { readPart, largestPart, type ReadPart } from './readPart.js';
import type { Attachment, RunSource, RunState } from './run.js';
import { silence, told } from './told.js';

export interface Reading {
  readonly report: ReleaseReport;
  readonly links: ReportLinks;
  readonly running: boolean;
  /** Sentences about what could not be read. */
  readonly notes: readonly string[];
  readonly state: RunState;
}

/** Requests at a time: a browser sends no more to one host. */
const atOnce = 6;
/** More steps than any release has. */
const mostParts = 200;

export interface Reader {
  /** @throws ServiceError when the run itself cannot be read */
  readonly read: () => Promise<Reading>;
  /** How long the steps of the run before took, null when there is none or it cannot be read: it is missed, not needed. */
  readonly previous: () => Promise<ReleaseReport['previous']>;
}

export function createReader(source: RunSource): Reader {
  const known = new Map<string, ReadPart>();
  const one = async ({ key, name, read }: Attachment): Promise<ReadPart> => {
    const before = known.get(key);
    if (before !== undefined) return before;
    try {
      const content = await read();
      const part: ReadPart =
        content.size > largestPart
          ? { note: `What '${name}' tells is too large to be shown: ${content.size} bytes.` }
          : readPart(await content.text(), name);
      known.set(key, part);
      return part;
    } catch (error) {
      // Not kept: the next look asks again.
      return { note: `What '${name}' tells could not be had. ${told(error)}` };
    }
  };
  const all = async (attachments: readonly Attachment[]) =>
    inTurns(attachments.slice(0, mostParts), atOnce, async attachment => ({
      attachment,
      read: await one(attachment),
    }));

  return {
    async read() {
      const state = await source.look();
      const records = new Map<ReportPart, string>();
      const notes: string[] = [];
      for (const { attachment, read } of await all(state.parts)) {
        if ('part' in read) records.set(read.part, attachment.record);
        else notes.push(read.note);
      }
      if (state.parts.length > 0) notes.push(...state.silent.map(silence));
      if (state.parts.length > mostParts)
        notes.push(`${state.parts.length - mostParts} more steps of this run have a part that is not shown.`);
      return {
        report: assemble(state.run, [...records.keys()], null),
        links: {
          log: part => {
            const record = records.get(part);
            return record === undefined ? undefined : state.log(record);
          },
          artifacts: state.artifacts,
        },
        running: state.running,
        notes,
        state,
      };
    },

    async previous() {
      try {
        const last = await source.before();
        if (last === undefined) return null;
        const parts = (await all(last.parts)).flatMap(({ read }) => ('part' in read ? [read.part] : []));
        return previousOf(assemble(last.run, parts, null));
      } catch {
        return null;
      }
    },
  };
}

/** `work` over all, so many at a time; results in their order. */
export async function inTurns<From, To>(
  items: readonly From[],
  width: number,
  work: (item: From) => Promise<To>,
): Promise<To[]> {
  const results: To[] = [];
  const waiting = items.entries();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const [index, item] of waiting) results[index] = await work(item);
    }),
  );
  return results;
}
