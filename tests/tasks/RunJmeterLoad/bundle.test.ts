import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { runBundle, type BundleCall, type BundleRun } from '../bundleRun.js';
import { commandLinesWith } from './commandLines.js';

describe('the RunJmeterLoad bundle', function () {
  this.timeout(120_000);
  const directory = join(import.meta.dirname, 'fixtures');
  let server: Server;
  let siteUrl: string;
  let requests = 0;
  let done: BundleRun | undefined;

  before(async () => {
    server = createServer((_request, response) => {
      requests += 1;
      setTimeout(() => response.end('<h1>A small site</h1>'), 5);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  afterEach(() => {
    done?.close();
  });

  async function run(properties: string, onOutput?: BundleCall['onOutput']): Promise<BundleRun> {
    requests = 0;
    done = await runBundle({
      task: 'RunJmeterLoad',
      directory,
      inputs: {
        testPlan: join(directory, 'site.jmx'),
        siteUrl,
        properties,
        failOnAssertionErrors: 'true',
        allowedErrorPercent: '0',
        minimumSamples: '1',
        testRunTitle: 'Load',
        publishResults: 'true',
      },
      env: { JMETER_HOME: jmeterHome() },
      ...(onOutput === undefined ? {} : { onOutput }),
    });
    assert.equal(done.status, 0);
    assert.deepEqual(commandLinesWith(done.temp), [], 'JMeter is left behind');
    assert.deepEqual(
      readdirSync(done.temp).filter(name => name.startsWith('bake-and-roll-')),
      [],
    );
    return done;
  }

  it('fails with the sentence that matters, after outputs, summary, results and files', async () => {
    const { result, outputs, lines } = await run('threads=1\nloops=2\nmaxms=1');
    assert.match(
      result,
      /^##vso\[task\.complete result=Failed;\]The load test did not pass: 2 of 4 samples failed: 50 %AZP25, .*%0A {2}- GET \/, "home": 2 of 2 failed \(2 failed assertions\): The operation lasted too long/,
    );
    assert.deepEqual(
      [outputs['gatePassed'], outputs['samples'], outputs['errorPercent']],
      ['false', '4', '50'],
    );
    for (const name of ['p50', 'p95', 'p99']) assert.match(outputs[name] ?? '', /^\d+$/);
    for (const name of ['resultsFile', 'summaryFile']) assert.ok(existsSync(outputs[name] ?? ''), name);
    const commands = lines
      .filter(line => /^##vso\[(task\.upload|results\.)/.test(line))
      .map(line => /^##vso\[([\w.]+)/.exec(line)?.[1]);
    assert.deepEqual(commands.toSorted(), [
      'results.publish',
      'task.uploadfile',
      'task.uploadfile',
      'task.uploadfile',
      'task.uploadsummary',
    ]);
  });

  it('is cancelled by SIGINT and takes JMeter with it', async () => {
    let task: ChildProcess | undefined;
    server.on('request', () => {
      if (requests === 10) task?.kill('SIGINT');
    });
    const { result, outputs } = await run('threads=2\nloops=1000000', (_output, child) => (task = child));
    assert.match(result, /^##vso\[task\.complete result=Canceled;\]/);
    assert.equal(outputs['gatePassed'], 'false');
  });
});
