/** The stage of a classic release, by the service's Release API: all its attempts. */
import * as z from 'zod';
import type { ReportRun } from '../../shared/report/format.js';
import { partAttachment, pictureAttachment } from '../../shared/report/names.js';
import { pageAt, type Attachment, type RunSource, type RunState } from './run.js';
import { ServiceError, type Service } from './service.js';

/** The Release API's resource area. */
export const releaseArea = 'efc2f575-36ef-48e9-b672-0c6fb4a48ac5';

const named = z.object({ id: z.string().nullish(), name: z.string().nullish() });
const stage = z.object({
  id: z.int(),
  definitionEnvironmentId: z.int(),
  status: z.string(),
  deploySteps: z
    .array(
      z.object({
        attempt: z.int(),
        queuedOn: z.string().nullish(),
        releaseDeployPhases: z.array(z.object({ runPlanId: z.string().nullish() })).nullish(),
      }),
    )
    .nullish(),
});
type Stage = z.infer<typeof stage>;
const release = z.object({
  id: z.int(),
  name: z.string(),
  releaseDefinition: z.object({ id: z.int(), name: z.string() }),
  environments: z.array(stage),
  artifacts: z
    .array(
      z.object({
        isPrimary: z.boolean().nullish(),
        definitionReference: z.record(z.string(), named.nullish()),
      }),
    )
    .nullish(),
  _links: z.object({ web: z.object({ href: z.string() }) }),
});
type Release = z.infer<typeof release>;
const attachments = z.object({
  value: z.array(z.object({ name: z.string(), recordId: z.string(), timelineId: z.string() })),
});
const deployments = z.object({
  value: z.array(z.object({ release: z.object({ id: z.int() }), definitionEnvironmentId: z.int() })),
});
const notBegun = '00000000-0000-0000-0000-000000000000';
const going = new Set(['inProgress', 'queued', 'scheduled']);

/** @param project id or name */
export function releaseStage(
  service: Service,
  project: string,
  { releaseId, environmentId }: { readonly releaseId: number; readonly environmentId: number },
): RunSource {
  const api = [project, '_apis', 'release'];
  const attached = async (id: number, { id: stageId, deploySteps }: Stage, type: string) => {
    const plans = (deploySteps ?? []).flatMap(({ attempt, releaseDeployPhases }) =>
      (releaseDeployPhases ?? []).flatMap(({ runPlanId }) =>
        !runPlanId || runPlanId === notBegun ? [] : [{ attempt, plan: runPlanId }],
      ),
    );
    const lists = await Promise.all(
      plans.map(async ({ attempt, plan }): Promise<Attachment[]> => {
        const of = [...api, 'releases', id, 'environments', stageId, 'attempts', attempt, 'plan', plan];
        const { value } = await service.json(attachments, [...of, 'attachments', type]);
        return value.map(({ name, recordId, timelineId }) => {
          const path = [...of, 'timelines', timelineId, 'records', recordId, 'attachments', type, name];
          return { name, record: recordId, key: path.join('/'), read: () => service.content(path) };
        });
      }),
    );
    return lists.flat();
  };
  let current: { readonly release: Release; readonly stage: Stage } | undefined;

  return {
    async look(): Promise<RunState> {
      const seen = await service.json(release, [...api, 'releases', releaseId]);
      const here = seen.environments.find(({ id }) => id === environmentId);
      if (here === undefined) throw new ServiceError(`Release ${seen.name} has no such stage any more`, 404);
      current = { release: seen, stage: here };
      const logs = pageAt(seen._links.web.href, url => {
        url.pathname = url.pathname.replace(/_release$/, '_releaseProgress');
        url.search = String(
          new URLSearchParams({
            _a: 'release-environment-logs',
            releaseId: String(releaseId),
            environmentId: String(environmentId),
          }),
        );
      });
      return {
        run: runOf(seen),
        running: going.has(here.status),
        parts: await attached(releaseId, here, partAttachment),
        pictures: () => attached(releaseId, here, pictureAttachment),
        log: () => logs,
        silent: [],
        artifacts: [],
      };
    },

    async before() {
      if (current === undefined) return undefined;
      const begun = current.stage.deploySteps?.flatMap(({ queuedOn }) => queuedOn ?? []).toSorted()[0];
      if (begun === undefined) return undefined;
      const { value } = await service.json(deployments, [...api, 'deployments'], {
        definitionId: current.release.releaseDefinition.id,
        definitionEnvironmentId: current.stage.definitionEnvironmentId,
        deploymentStatus: 'succeeded',
        queryOrder: 'descending',
        maxStartedTime: begun,
        $top: 5,
      });
      const last = value.find(deployment => deployment.release.id !== releaseId);
      if (last === undefined) return undefined;
      const seen = await service.json(release, [...api, 'releases', last.release.id]);
      const there = seen.environments.find(
        ({ definitionEnvironmentId }) => definitionEnvironmentId === current?.stage.definitionEnvironmentId,
      );
      return there && { run: runOf(seen), parts: await attached(seen.id, there, partAttachment) };
    },
  };
}

function runOf(seen: Release): ReportRun {
  const artifact = seen.artifacts?.find(({ isPrimary }) => isPrimary === true) ?? seen.artifacts?.[0];
  const reference = (...names: readonly string[]) =>
    names
      .flatMap(name => [artifact?.definitionReference[name]?.name, artifact?.definitionReference[name]?.id])
      .find(value => typeof value === 'string' && value !== '') ?? null;
  return {
    pipeline: seen.releaseDefinition.name,
    number: seen.name,
    url: seen._links.web.href,
    commit: artifact?.definitionReference['sourceVersion']?.id ?? null,
    branch: reference('branch', 'branches'),
    repository: reference('repository'),
  };
}
