/** The run of a pipeline, by the service's Build API. */
import * as z from 'zod';
import type { ReportRun } from '../../shared/report/format.js';
import { partAttachment, pictureAttachment, taskNames } from '../../shared/report/names.js';
import { runView, type Attachment, type RunSource, type RunState } from './run.js';
import type { Service } from './service.js';

/** The Build API's resource area. */
export const buildArea = '965220d5-5bb9-42cf-8d67-9b146df2a5a4';

const listOf = <Item extends z.ZodType>(item: Item) => z.object({ value: z.array(item) });
const build = z.object({
  id: z.int(),
  buildNumber: z.string(),
  status: z.string(),
  startTime: z.string().optional(),
  sourceBranch: z.string().optional(),
  sourceVersion: z.string().optional(),
  definition: z.object({ id: z.int(), name: z.string() }),
  repository: z.object({ name: z.string().optional(), id: z.string().optional() }).optional(),
  _links: z.object({ web: z.object({ href: z.string() }) }),
});
type Build = z.infer<typeof build>;
const attachments = listOf(
  z.object({ name: z.string(), _links: z.object({ self: z.object({ href: z.string() }) }) }),
);
// Null until the run's first job is made.
const timeline = z
  .object({
    records: z.array(
      z.object({
        id: z.string(),
        parentId: z.string().nullish(),
        name: z.string().nullish(),
        state: z.string().nullish(),
        result: z.string().nullish(),
        task: z.object({ name: z.string() }).nullish(),
      }),
    ),
  })
  .nullable();
type Timeline = z.infer<typeof timeline>;
const artifacts = listOf(z.object({ name: z.string() }));
/** An attachment's step is told by its address only. */
const place = /\/builds\/\d+\/([\da-f-]{36})\/([\da-f-]{36})\/attachments\//i;

/** @param project id or name */
export function buildRun(service: Service, project: string, buildId: number): RunSource {
  const builds = [project, '_apis', 'build', 'builds'];
  const attached = async (id: number, type: string): Promise<Attachment[]> => {
    const { value } = await service.json(attachments, [...builds, id, 'attachments', type]);
    return value.flatMap(({ name, _links }) => {
      const [, timelineId, record] = place.exec(_links.self.href) ?? [];
      if (timelineId === undefined || record === undefined) return [];
      const path = [...builds, id, timelineId, record, 'attachments', type, name];
      return [{ name, record, key: path.join('/'), read: () => service.content(path) }];
    });
  };
  let current: Build | undefined;

  return {
    async look(): Promise<RunState> {
      const [seen, parts, records, files] = await Promise.all([
        service.json(build, [...builds, buildId]),
        attached(buildId, partAttachment),
        // What only links are made of does not keep the report from being seen.
        service.json(timeline, [...builds, buildId, 'timeline']).catch(() => null),
        service.json(artifacts, [...builds, buildId, 'artifacts']).catch(() => ({ value: [] })),
      ]);
      current = seen;
      const jobs = new Map(records?.records.map(({ id, parentId }) => [id, parentId]));
      const page = seen._links.web.href;
      const published = runView(page, 'artifacts', { pathAsName: 'false', type: 'publishedArtifacts' });
      return {
        run: runOf(seen),
        running: seen.status !== 'completed',
        parts,
        pictures: () => attached(buildId, pictureAttachment),
        log: record => {
          const job = jobs.get(record);
          return runView(page, 'logs', typeof job === 'string' ? { j: job, t: record } : { t: record });
        },
        silent: silentIn(records, parts),
        artifacts: published === undefined ? [] : files.value.map(({ name }) => ({ name, url: published })),
      };
    },

    async before() {
      if (current?.startTime === undefined) return undefined;
      const { value } = await service.json(listOf(build), builds, {
        definitions: current.definition.id,
        ...(current.sourceBranch === undefined ? {} : { branchName: current.sourceBranch }),
        statusFilter: 'completed',
        resultFilter: 'succeeded',
        queryOrder: 'startTimeDescending',
        maxTime: current.startTime,
        $top: 2,
      });
      const last = value.find(({ id }) => id !== buildId);
      return last && { run: runOf(last), parts: await attached(last.id, partAttachment) };
    },
  };
}

function silentIn(seen: Timeline, parts: readonly Attachment[]): RunState['silent'] {
  const heard = new Set(parts.map(({ record }) => record));
  const ours = new Set<string>(taskNames);
  return (seen?.records ?? []).flatMap(({ id, name, state, result, task }) =>
    task && ours.has(task.name) && state === 'completed' && result !== 'skipped' && !heard.has(id)
      ? [{ name: name ?? task.name, result: result ?? '' }]
      : [],
  );
}

function runOf(seen: Build): ReportRun {
  return {
    pipeline: seen.definition.name,
    number: seen.buildNumber,
    url: seen._links.web.href,
    commit: seen.sourceVersion ?? null,
    branch: seen.sourceBranch ?? null,
    repository: seen.repository?.name ?? seen.repository?.id ?? null,
  };
}
