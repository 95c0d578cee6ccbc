/** Keeps a part small, whatever a task tells: lists and texts are cut, the most telling entries stay, what is left out is counted. */
import { stripAnsi } from '../core/text.js';
import type { RollPass } from './bodies.js';
import type { ReportContent } from './content.js';
import type { TaskName } from './names.js';

/** Bytes of a body as JSON; one step of each task stays under a megabyte together. */
const budgets: Readonly<Record<TaskName, number>> = {
  PackerBakeVmss: 60_000,
  PatchArmImageUri: 100_000,
  DeployVmssImage: 400_000,
  RunSeleniumSmoke: 200_000,
  RunJmeterLoad: 200_000,
};

/** Characters of any text. */
export const longestText = 2000;
const shortestText = 60;
/** Texts are cut so often before entries are left out. */
const textRounds = 4;

/** The content as it goes into the report: bounded in every direction, each text passed through `mask` before it is cut. */
export function boundContent(content: ReportContent, mask: (text: string) => string): ReportContent {
  const first = changeTexts(boundLists(content, 1), text => cleanText(mask(text)));
  for (let round = 0; ; round += 1) {
    const limit = Math.max(shortestText, longestText / 2 ** round);
    const lists = boundLists(first, 2 ** Math.max(0, round - textRounds));
    const bounded = changeTexts(lists, text => cutText(text, limit));
    const size = new TextEncoder().encode(JSON.stringify(bounded.body)).length;
    if (size <= budgets[content.task] || round === 20) return bounded;
  }
}

/** Without what a terminal or a file would take for more than text; line ends stay. */
export function cleanText(text: string): string {
  return stripAnsi(text).replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '');
}

/** Cut to so many characters, no character halved. */
export function cutText(text: string, limit = longestText): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A plain value with every text in it changed; names of properties stay. */
export function changeTexts<T>(value: T, change: (text: string) => string): T {
  const changed = (one: unknown): unknown => {
    if (typeof one === 'string') return change(one);
    if (Array.isArray(one)) return one.map(changed);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, member]) => [name, changed(member)]));
  };
  return changed(value) as T;
}

/** @param divisor lists are held to this part of their usual length */
function boundLists(content: ReportContent, divisor: number): ReportContent {
  const most = (usual: number) => Math.ceil(usual / divisor);
  switch (content.task) {
    case 'PackerBakeVmss': {
      const { body } = content;
      return { ...content, body: { ...body, phases: body.phases.slice(0, most(300)) } };
    }
    case 'PatchArmImageUri': {
      const { body } = content;
      let left = most(200);
      let { omitted } = body;
      const files = body.files.map(file => {
        const changes = file.changes.slice(0, left);
        left -= changes.length;
        omitted += file.changes.length - changes.length;
        return { ...file, changes };
      });
      return { ...content, body: { ...body, files: files.slice(0, most(100)), omitted } };
    }
    case 'DeployVmssImage': {
      const { body } = content;
      const { forward, back, site } = body;
      return {
        ...content,
        body: {
          ...body,
          forward: boundPass(forward, most(1000)),
          back: back === null ? null : boundPass(back, most(1000)),
          site:
            site === null
              ? null
              : {
                  ...site,
                  failures: site.failures.slice(0, most(10)),
                  buckets: site.buckets.slice(0, most(400)),
                },
        },
      };
    }
    case 'RunSeleniumSmoke': {
      const { body } = content;
      const tests = body.tests
        .slice(0, most(300))
        .map(test => ({ ...test, console: test.console.slice(0, most(20)).map(line => cutText(line, 500)) }));
      const omitted = body.omitted + body.tests.length - tests.length;
      return { ...content, body: { ...body, runs: body.runs.slice(0, most(20)), tests, omitted } };
    }
    case 'RunJmeterLoad': {
      const { body } = content;
      const labels = body.labels.slice(0, most(200));
      const criteria = choose(body.criteria, most(200), ({ passed }) => !passed);
      const omittedCriteria = (body.omittedCriteria ?? 0) + body.criteria.length - criteria.length;
      return {
        ...content,
        body: {
          ...body,
          labels,
          omitted: body.omitted + body.labels.length - labels.length,
          criteria,
          ...(omittedCriteria === 0 ? {} : { omittedCriteria }),
          errors: body.errors.slice(0, most(50)),
          notes: body.notes.slice(0, most(20)),
        },
      };
    }
  }
}

/** Instances that failed stay in any case; batches name only those that stay. */
function boundPass(pass: RollPass, most: number): RollPass {
  const instances = choose(pass.instances, most, ({ failed }) => failed !== undefined);
  const left = pass.instances.length - instances.length;
  const batches = pass.batches.slice(0, most);
  if (left === 0) return { ...pass, batches };
  const ids = new Set(instances.map(({ id }) => id));
  return {
    ...pass,
    batches: batches.map(batch => ({ ...batch, instances: batch.instances.filter(id => ids.has(id)) })),
    instances,
    omitted: pass.omitted + left,
  };
}

/** The first entries and, before others, those that matter most; in their own order. */
function choose<T>(list: readonly T[], most: number, matters: (entry: T) => boolean): T[] {
  if (list.length <= most) return [...list];
  const first = [...list.filter(matters), ...list.filter(entry => !matters(entry))];
  const chosen = new Set(first.slice(0, most));
  return list.filter(entry => chosen.has(entry));
}
