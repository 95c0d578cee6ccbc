import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe as prose } from '../../../../shared/core/errors.js';
import type { LoadInput } from '../../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { runLoad } from '../../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { startFileServer } from '../../../fakes/fileServer.js';
import { zipFile } from '../../../fakes/zipFile.js';
import { loadInput } from '../loadInput.js';
import { startRunService, type RunService } from './runService.js';

const main = 'refs/heads/main';

describe('the last successful run as a baseline', function () {
  this.timeout(60_000);
  let directory: string;
  let service: RunService;
  let fake: FakeAgent;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'last-run-'));
    writeFileSync(join(directory, 'site.jmx'), '<jmeterTestPlan/>');
    writeFileSync(join(directory, 'usual.jtl'), results(40));
    writeFileSync(join(directory, 'slow.jtl'), results(80));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    service = await startRunService();
  });
  afterEach(async () => {
    await fake.close();
    await service.close();
  });

  /** What a run does with the samples of a test that is over, so that no JMeter is needed. */
  async function run(rest: Partial<LoadInput> = {}, variables: Record<string, string> = {}, token = 'token') {
    service.asked.length = 0;
    fake = fakeAgent({
      workingDirectory: directory,
      variables: {
        'System.CollectionUri': service.url,
        'System.TeamProjectId': 'project',
        'System.DefinitionId': '7',
        'System.HostType': 'build',
        'Build.SourceBranch': main,
        ...variables,
      },
      endpoints: { SystemVssConnection: { jobToken: token } },
    });
    return runLoad(
      loadInput({
        mergeResults: 'usual.jtl',
        criteria: 'p95(response_time) <= baseline + 10%',
        baseline: 'lastSuccessful',
        ...rest,
      }),
      fake.agent,
    ).catch(prose);
  }

  /** What the service makes of the artifact that the run has published. */
  function keep(id: number, rest: Partial<RunService['runs'][number]> = {}): void {
    assert.equal(fake.artifacts.length, 1);
    const { name, path } = fake.artifacts[0]!;
    const zip = zipFile([{ name: `${name}/load-summary.json`, content: readFileSync(path), mode: 0o100644 }]);
    service.runs.push({ id, branch: main, result: 'succeeded', artifacts: { [name]: zip }, ...rest });
  }

  const told = (lines: readonly string[], text: RegExp) => {
    assert.ok(
      lines.some(line => text.test(line)),
      lines.join('\n'),
    );
  };
  const noted = (text: RegExp) => {
    told(fake.log, text);
  };
  const warned = (text: RegExp) => {
    told(fake.warnings, text);
  };

  it('is found by the next run, which leaves its own when it passes', async () => {
    assert.match(await run(), /^1800 samples/);
    warned(
      /^This pipeline has no successful run on refs\/heads\/main yet: criteria with a baseline are not held\./,
    );
    assert.deepEqual(fake.artifacts, [
      { name: 'load-baseline', path: join(fake.agent.resultsDirectory, 'load-summary.json') },
    ]);
    keep(1);
    await fake.close();

    assert.match(await run(), /^1800 samples/);
    noted(/^Compared with the run of .* \(run 20261122\.1 on refs\/heads\/main\)\.$/);
    assert.equal(fake.artifacts.length, 1);
    assert.ok(fake.secrets.includes('token'));
    assert.deepEqual(
      service.asked.map(({ path }) => path.replace(/\?.*/, '')),
      [
        '/org/project/_apis/build/builds',
        '/org/project/_apis/build/builds/1/artifacts',
        '/org/project/_apis/build/builds/1/artifacts',
      ],
    );
    await fake.close();

    const message = await run({ mergeResults: 'slow.jtl' });
    assert.match(message, /^The load test did not pass: p95\(response_time\) <= baseline \+ 10%: /);
    assert.deepEqual(fake.artifacts, [], 'a run that fails leaves none');
  });

  it('is the newest with the artifact, of the right branch, and not one that failed', async () => {
    await run();
    keep(1);
    keep(2, { artifacts: {} });
    keep(3, { artifacts: { 'load-baseline': undefined } });
    keep(4, { result: 'partiallySucceeded' });
    keep(5, { branch: 'refs/heads/other' });
    await fake.close();
    await run();
    noted(/\(run 20261122\.1 on refs\/heads\/main\)/);
    noted(/^The artifact load-baseline of run 20261122\.3 is kept no longer; looking at the run before\.$/);
    await fake.close();
    const pull = { 'Build.SourceBranch': 'refs/pull/9/merge' };
    await run({}, { ...pull, 'System.PullRequest.TargetBranch': main });
    noted(/\(run 20261122\.1 on refs\/heads\/main\)/);
    await fake.close();
    await run({ baselineBranch: 'other' });
    noted(/\(run 20261122\.5 on refs\/heads\/other\)/);
  });

  it('may have an artifact of another name', async () => {
    await run({ baselineArtifact: 'load-checkout' });
    assert.equal(fake.artifacts[0]?.name, 'load-checkout');
    keep(1);
    await fake.close();
    await run();
    warned(
      /^None of the last 1 successful run on refs\/heads\/main has the artifact load-baseline \(the newest is 20261122\.1\)/,
    );
    await fake.close();
    await run({ baselineArtifact: 'load-checkout' });
    noted(/^Compared with /);
  });

  it('may not be there: a warning says why, or the step fails before anything runs', async () => {
    const cases: readonly (readonly [RegExp, () => void, string?])[] = [
      [/has no successful run on refs\/heads\/main yet/, () => undefined],
      [/may not read the runs .*HTTP 203.*"View builds"/, () => undefined, 'another'],
      [
        /may not read the runs .*HTTP 403.*"Limit job authorization scope"/,
        () => service.instead.set('/org/project/_apis/build/builds?', answer => answer.writeHead(403).end()),
      ],
      [
        /may not read the runs .*answers with a page in place of data/,
        () => service.instead.set('/org/project', answer => answer.end('<html>Sign in</html>')),
      ],
      [
        /could not be read: http:\/\/[\d.:]+\/org\/project\/_apis\/build\/builds: .*HTTP 500.*proxy and firewall/,
        () => service.instead.set('/org/project', answer => answer.writeHead(500).end()),
      ],
      [
        /there is no earlier run to compare with: .*is no zip file of an artifact/,
        () => {
          const zip = Buffer.from('no zip');
          service.runs.push({
            id: 1,
            branch: main,
            result: 'succeeded',
            artifacts: { 'load-baseline': zip },
          });
        },
      ],
      [
        /the artifact load-baseline of run 20261122\.2 holds no summary of this task/,
        () => {
          const zip = zipFile([{ name: 'load-baseline/other.json', content: Buffer.from('{}') }]);
          service.runs.push({
            id: 2,
            branch: main,
            result: 'succeeded',
            artifacts: { 'load-baseline': zip },
          });
        },
      ],
    ];
    for (const [message, prepare, token] of cases) {
      service.instead.clear();
      prepare();
      const required = await run({ baselineRequired: true }, {}, token);
      assert.match(required, /^There is no baseline, and 'baselineRequired' is true: /);
      assert.match(required, message);
      assert.equal(fake.outputs['samples'], undefined);
      await fake.close();
      assert.match(await run({}, {}, token), /^1800 samples/);
      warned(/: criteria with a baseline are not held\. /);
      await fake.close();
    }
  });

  it('is asked for with the token at the service only', async () => {
    const stranger = await startFileServer();
    stranger.files.set('/x.zip', Buffer.from(''));
    service.runs.push({
      id: 1,
      branch: main,
      result: 'succeeded',
      artifacts: { 'load-baseline': Buffer.from('') },
    });
    service.instead.set('/org/project/_apis/build/builds/1/', answer =>
      answer.end(JSON.stringify({ resource: { downloadUrl: `${stranger.url}/x.zip` } })),
    );
    let seen: unknown = 'not asked';
    stranger.files.set('/x.zip', response => {
      seen = response.req.headers.authorization;
      response.end();
    });
    await run();
    await stranger.close();
    assert.equal(seen, undefined);
    assert.ok(service.asked.every(({ authorization }) => authorization === 'Bearer token'));
  });

  it('is not for classic releases, nor where the agent gives no connection', async () => {
    assert.match(
      await run({}, { 'System.HostType': 'release' }),
      /this is a classic release: its runs keep no artifacts\. Use a YAML pipeline, or 'baseline: file'/,
    );
    await fake.close();
    await run({}, { 'System.CollectionUri': '' });
    warned(/^There is no earlier run to compare with: this agent gives no connection to Azure DevOps: /);
  });
});

/** Thirty seconds of 60 samples each, response times about `middle`, the same at each call. */
function results(middle: number): string {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const lines = ['timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,bytes'];
  for (let sample = 0; sample < 1800; sample++) {
    const elapsed = Math.round(middle * (0.5 + random()));
    lines.push(`${1795412600000 + Math.floor((sample * 1000) / 60)},${elapsed},Home,200,OK,T 1-1,true,10`);
  }
  return `${lines.join('\n')}\n`;
}
