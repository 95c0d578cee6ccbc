/** The part of Azure DevOps' REST interface that finds a pipeline's runs and their artifacts, answers shaped as its reference documents them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A run as the service keeps it. */
export interface KeptRun {
  readonly id: number;
  readonly branch: string;
  readonly result: 'succeeded' | 'failed' | 'partiallySucceeded';
  /** Zip files by name. */
  readonly artifacts: Readonly<Record<string, Buffer | undefined>>;
}

/** The running service. */
export interface RunService {
  /** The collection's address. */
  readonly url: string;
  /** In the order in which they ended. */
  readonly runs: KeptRun[];
  /** Every address that was asked for, with the token that came along. */
  readonly asked: { readonly path: string; readonly authorization: string | undefined }[];
  /** Answers in place of the usual ones, by the beginning of the path. */
  readonly instead: Map<string, (response: ServerResponse) => void>;
  close(): Promise<void>;
}

/** Starts it for the project `project` and the pipeline 7, for the token `token`. */
export async function startRunService(): Promise<RunService> {
  const runs: KeptRun[] = [];
  const asked: RunService['asked'] = [];
  const instead: RunService['instead'] = new Map();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push({ path, authorization: request.headers.authorization });
    const other = [...instead].find(([start]) => path.startsWith(start));
    if (other !== undefined) other[1](response);
    else if (request.headers.authorization !== 'Bearer token')
      response.writeHead(203, { 'content-type': 'text/html' }).end('<html>Sign in</html>');
    else answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/org/`;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '', url);
    const send = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
        .end(JSON.stringify(body));
    const [, build, artifacts] =
      /^\/org\/project\/_apis\/build\/builds(?:\/(\d+)(\/artifacts)?)?$/.exec(pathname) ?? [];
    const run = runs.find(({ id }) => String(id) === build);
    const name = searchParams.get('artifactName') ?? '';
    const zip = run?.artifacts[name];
    if (searchParams.get('api-version') === null) send(400, { message: 'No api-version was supplied.' });
    else if (artifacts === undefined) {
      const value = runs
        .filter(
          ({ branch, result }) =>
            searchParams.get('definitions') === '7' &&
            searchParams.get('statusFilter') === 'completed' &&
            branch === searchParams.get('branchName') &&
            result === searchParams.get('resultFilter'),
        )
        .toReversed()
        .slice(0, Number(searchParams.get('$top')))
        .map(({ id, branch, result }) => ({
          id,
          buildNumber: `20261122.${id}`,
          status: 'completed',
          result,
          sourceBranch: branch,
          definition: { id: 7, name: 'release' },
        }));
      send(200, { count: value.length, value });
    } else if (run === undefined || !(name in run.artifacts))
      send(404, {
        message: `Artifact ${name} was not found for build ${build ?? ''}.`,
        typeKey: 'ArtifactNotFoundException',
      });
    else if (searchParams.get('$format') !== 'zip')
      send(200, {
        id: 1,
        name,
        source: '12f1170f-54f2-53f3-20dd-22fc7dff55f9',
        resource: {
          type: 'Container',
          data: `#/12/${name}`,
          properties: { localpath: '/_work/_temp/load-summary.json', artifactsize: String(zip?.length ?? 0) },
          url: `${url}project/_apis/build/builds/${build ?? ''}/artifacts?artifactName=${name}&api-version=6.0`,
          downloadUrl: `${url}project/_apis/build/builds/${build ?? ''}/artifacts?artifactName=${name}&api-version=6.0&%24format=zip`,
        },
      });
    else if (zip === undefined) send(404, { message: 'Container 12 does not exist.' });
    else response.writeHead(200, { 'content-type': 'application/zip' }).end(zip);
  }

  return {
    url,
    runs,
    asked,
    instead,
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
