import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { startFileServer } from '../../fakes/fileServer.js';
import { zipFile } from '../../fakes/zipFile.js';
import { keyAndCertificate } from '../PackerBakeVmss/certificates.js';
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

  it('fetches a release of JMeter over TLS, trusting whom the agent trusts, and keeps it in the tool cache', async () => {
    const { key, certificate } = keyAndCertificate('localhost');
    const mirror = await startFileServer({ key, cert: certificate });
    const top = 'apache-jmeter-5.6.3/bin';
    const script = { name: `${top}/jmeter`, content: Buffer.from('#!/bin/sh\necho it runs; exit 3\n') };
    const zip = zipFile([script, { name: `${top}/ApacheJMeter.jar`, content: Buffer.from('') }]);
    mirror.files.set('/apache-jmeter-5.6.3.zip', zip);
    const sum = createHash('sha512').update(zip).digest('hex');
    mirror.files.set('/apache-jmeter-5.6.3.zip.sha512', Buffer.from(`${sum} *apache-jmeter-5.6.3.zip`));
    const folder = mkdtempSync(join(tmpdir(), 'mirror-'));
    writeFileSync(join(folder, 'ca.pem'), certificate);
    const call = (env: Record<string, string>) =>
      runBundle({
        task: 'RunJmeterLoad',
        directory,
        inputs: {
          testPlan: join(directory, 'site.jmx'),
          jmeterVersion: '5.6.3',
          jmeterBaseUrl: `https://localhost:${new URL(mirror.url).port}`,
        },
        env: { AGENT_TOOLSDIRECTORY: folder, ...env },
      });
    try {
      done = await call({});
      assert.match(
        done.result,
        /result=Failed;\]JMeter could not be downloaded: https:\/\/localhost:.*certificate/,
      );
      assert.deepEqual(mirror.asked, []);
      done.close();
      done = await call({ NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
      assert.match(done.result, /result=Failed;\]JMeter ended with exit code 3 without any results/);
      assert.ok(existsSync(join(folder, 'jmeter', '5.6.3', process.arch, 'bin', 'jmeter')));
      assert.ok(existsSync(join(folder, 'jmeter', '5.6.3', `${process.arch}.complete`)));
      assert.equal(mirror.asked.length, 2);
    } finally {
      await mirror.close();
      rmSync(folder, { recursive: true });
    }
  });
});
