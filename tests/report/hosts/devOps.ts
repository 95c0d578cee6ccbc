/** Azure DevOps' REST service as far as the tab asks it: another origin than the tab's, which lets only the right token in. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReleaseReport } from '../../../shared/report/format.js';
import { partAttachment, partName, pictureAttachment } from '../../../shared/report/names.js';

export const token = 'token-of-whoever-looks';
export const project = { id: '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c', name: 'shop' };
const timelineId = '96ac2280-8cb4-5df5-99de-dd2da759617d';
const jobId = '12f1170f-54f2-53f3-20dd-22fc7dff55f9';
export const planId = 'a7c05a13-34e0-4a0c-9a51-bb3d0b3a8e5d';

/** Something attached: the record of its step, and what it holds. */
export interface Attached {
  readonly type: string;
  readonly name: string;
  readonly record: string;
  readonly content: string | Buffer;
}

/** A run, or one attempt of a release's stage. */
export interface StoodRun {
  readonly id: number;
  number: string;
  status: string;
  result?: string;
  startTime: string;
  attached: Attached[];
  /** Names of steps that ended and attached nothing. */
  readonly silent?: readonly string[];
}

/** The attachments that the tasks of a report leave. */
export function attachedOf(report: ReleaseReport, pictures: ReadonlyMap<string, Buffer>): Attached[] {
  return [
    ...report.parts.map((part, index) => ({
      type: partAttachment,
      name: partName(part),
      record: recordOf(index),
      content: JSON.stringify(part),
    })),
    ...[...pictures].map(([name, content]) => ({
      type: pictureAttachment,
      name,
      record: recordOf(0),
      content,
    })),
  ];
}

/** The service's own id of a step, whatever the step says of itself. */
function recordOf(step: number): string {
  return `00000000-0000-4000-8000-${String(step + 1).padStart(12, '0')}`;
}

export interface DevOps {
  readonly base: string;
  /** Newest first. */
  readonly runs: StoodRun[];
  /** What was asked, as `GET path?query`, token or not. */
  readonly asked: string[];
  /** Answers in place of its own, for paths that fit, so many times. */
  readonly faults: {
    readonly path: RegExp;
    readonly status: number;
    times: number;
    readonly body?: string;
  }[];
  stop(): Promise<void>;
}

export async function standDevOps(): Promise<DevOps> {
  const runs: StoodRun[] = [];
  const asked: string[] = [];
  const faults: DevOps['faults'] = [];
  const server = createServer((request, response) => {
    answer(request, response);
  });
  const base = await listening(server);

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const cors = {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization',
      'access-control-expose-headers': 'retry-after',
    };
    const send = (status: number, body: string | Buffer = '', type = 'application/json') =>
      response.writeHead(status, { ...cors, 'content-type': type, 'retry-after': '0' }).end(body);
    if (request.method === 'OPTIONS') return void send(204);
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (request.headers.authorization !== `Bearer ${token}`) return void send(401);
    const url = new URL(request.url ?? '', base);
    const fault = faults.find(({ path, times }) => times > 0 && path.test(url.pathname));
    if (fault !== undefined) {
      fault.times -= 1;
      return void send(fault.status, fault.body, fault.body === undefined ? undefined : 'text/html');
    }
    const found = [...buildRoutes(url), ...releaseRoutes(url)].find(([path]) => path === url.pathname);
    if (found === undefined) return void send(404);
    const body = found[1]();
    if (Buffer.isBuffer(body)) send(200, body, 'application/octet-stream');
    else send(200, JSON.stringify(body));
  }

  /** Every address there is, with its answer. */
  function buildRoutes(url: URL): [string, () => unknown][] {
    const builds = `/contoso/${project.id}/_apis/build/builds`;
    return [
      [builds, () => list(found(url.searchParams, runs).map(run => buildOf(run, base)))],
      ...runs.flatMap((run): [string, () => unknown][] => [
        [`${builds}/${run.id}`, () => buildOf(run, base)],
        [
          `${builds}/${run.id}/timeline`,
          () => ({
            records: [
              ...run.attached.map(({ record }) => ({ id: record, parentId: jobId, type: 'Task' })),
              ...(run.silent ?? []).map((name, index) => ({
                id: recordOf(1000 + index),
                parentId: jobId,
                type: 'Task',
                name,
                state: 'completed',
                result: 'abandoned',
                task: { id: jobId, name: 'RunJmeterLoad', version: '1.0.0' },
              })),
            ],
          }),
        ],
        [`${builds}/${run.id}/artifacts`, () => list([{ id: 1, name: 'load-report' }])],
        ...[partAttachment, pictureAttachment].map((type): [string, () => unknown] => [
          `${builds}/${run.id}/attachments/${type}`,
          () =>
            list(
              run.attached
                .filter(one => one.type === type)
                .map(one => ({
                  name: one.name,
                  _links: { self: { href: `${base}${contentOf(run, one)}` } },
                })),
            ),
        ]),
        ...run.attached.map((one): [string, () => unknown] => [
          contentOf(run, one),
          () => Buffer.from(one.content),
        ]),
      ]),
    ];
    function contentOf({ id }: StoodRun, { type, name, record }: Attached): string {
      return `${builds}/${id}/${timelineId}/${record}/attachments/${type}/${encodeURIComponent(name)}`;
    }
  }

  function releaseRoutes(url: URL): [string, () => unknown][] {
    const api = `/contoso/${project.id}/_apis/release`;
    return [
      [
        `${api}/deployments`,
        () =>
          list(
            found(url.searchParams, runs).map(({ id }) => ({
              id,
              release: { id },
              definitionEnvironmentId: 7,
            })),
          ),
      ],
      ...runs.flatMap((run): [string, () => unknown][] => {
        const of = `${api}/releases/${run.id}/environments/${run.id * 10}/attempts/1/plan/${planId}`;
        const content = ({ type, name, record }: Attached) =>
          `${of}/timelines/${timelineId}/records/${record}/attachments/${type}/${encodeURIComponent(name)}`;
        return [
          [`${api}/releases/${run.id}`, () => releaseOf(run, base)],
          ...[partAttachment, pictureAttachment].map((type): [string, () => unknown] => [
            `${of}/attachments/${type}`,
            () =>
              list(
                run.attached
                  .filter(one => one.type === type)
                  .map(({ name, record }) => ({ name, recordId: record, timelineId, type })),
              ),
          ]),
          ...run.attached.map((one): [string, () => unknown] => [
            content(one),
            () => Buffer.from(one.content),
          ]),
        ];
      }),
    ];
  }

  return {
    base: `${base}/contoso/`,
    runs,
    asked,
    faults,
    stop: () => stopped(server),
  };
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise(resolve => server.close(resolve));
}

function list(value: readonly unknown[]): unknown {
  return { count: value.length, value };
}

/** Those that passed before a moment, newest first, as the page asks for them. */
function found(query: URLSearchParams, runs: readonly StoodRun[]): StoodRun[] {
  const before = query.get('maxTime') ?? query.get('maxStartedTime') ?? '';
  return runs.filter(
    ({ status, result, startTime }) =>
      ['completed', 'succeeded'].includes(status) && result === 'succeeded' && startTime <= before,
  );
}

function buildOf({ id, number, status, result, startTime }: StoodRun, base: string): unknown {
  return {
    id,
    buildNumber: number,
    status,
    ...(result === undefined ? {} : { result }),
    startTime,
    sourceBranch: 'refs/heads/main',
    sourceVersion: '3f9c2e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
    definition: { id: 12, name: 'shop-release' },
    repository: { id: 'r', name: 'shop', type: 'TfsGit' },
    _links: { web: { href: `${base}/contoso/${project.id}/_build/results?buildId=${id}` } },
  };
}

function releaseOf({ id, number, status, startTime, attached }: StoodRun, base: string): unknown {
  return {
    id,
    name: number,
    releaseDefinition: { id: 3, name: 'shop-classic' },
    environments: [
      { id: id * 10 + 1, definitionEnvironmentId: 8, status: 'notStarted', deploySteps: [] },
      {
        id: id * 10,
        definitionEnvironmentId: 7,
        status: status === 'completed' ? 'succeeded' : status,
        deploySteps:
          attached.length === 0
            ? []
            : [
                {
                  attempt: 1,
                  queuedOn: startTime,
                  releaseDeployPhases: [{ runPlanId: planId }, { runPlanId: null }],
                },
              ],
      },
    ],
    artifacts: [
      {
        isPrimary: true,
        definitionReference: {
          sourceVersion: { id: '3f9c2e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d', name: null },
          branch: { id: 'main', name: 'main' },
          repository: { id: 'r', name: 'shop' },
        },
      },
    ],
    _links: { web: { href: `${base}/contoso/${project.id}/_release?releaseId=${id}&_a=release-summary` } },
  };
}
