import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runningFamily } from '../../../tasks/RunSeleniumSmoke/src/processFamily.js';
import { runBundle, type BundleCall, type BundleRun } from '../bundleRun.js';

describe('the RunSeleniumSmoke bundle', function () {
  this.timeout(120_000);
  let server: Server;
  let siteUrl: string;
  let directory: string;
  let done: BundleRun | undefined;
  const mark = randomUUID();

  before(async () => {
    server = createServer((request, response) => {
      const title = request.url === '/hostile' ? '##vso[task.complete result=Succeeded;]' : 'A small site';
      response.setHeader('content-type', 'text/html').end(`<title>${title}</title>`);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'smoke-bundle-'));
    cpSync(join(import.meta.dirname, 'fixtures'), directory, { recursive: true });
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  afterEach(() => {
    done?.close();
  });

  async function run(inputs: Record<string, string>, onOutput?: BundleCall['onOutput']): Promise<BundleRun> {
    done = await runBundle({
      task: 'RunSeleniumSmoke',
      directory,
      inputs: {
        siteUrl,
        browsers: 'chrome',
        waitTimeoutSeconds: '20',
        minimumTests: '1',
        publishResults: 'true',
        testRunTitle: 'Smoke',
        ...inputs,
      },
      env: { SMOKE_BUNDLE_TEST: mark },
      ...(onOutput === undefined ? {} : { onOutput }),
    });
    assert.equal(done.status, 0);
    assert.deepEqual(runningFamily(mark), [], 'processes are left behind');
    assert.deepEqual(
      readdirSync(done.temp).filter(name => name.startsWith('bake-and-roll-')),
      [],
    );
    return done;
  }

  it('passes, with its output variables and its results for the Tests tab', async () => {
    const { result, outputs, lines } = await run({ tests: 'PassingTest.php' });
    assert.match(result, /^##vso\[task\.complete result=Succeeded;\]2 tests passed against http/);
    const { resultsFile = '', ...rest } = outputs;
    assert.deepEqual(rest, { gatePassed: 'true', testsTotal: '2', testsFailed: '0', testsFlaky: '0' });
    const published = lines.filter(line => line.startsWith('##vso[results.publish'));
    assert.equal(published.length, 1);
    assert.ok(
      published[0]?.includes(`resultFiles=${resultsFile};`) && published[0].includes('runTitle=Smoke;'),
      published[0],
    );
    assert.match(readFileSync(resultsFile, 'utf8'), /<testsuite name="PassingTest" tests="2"/);
    assert.match(lines.find(line => line.startsWith('##vso[task.uploadfile')) ?? '', /title\.png$/);
  });

  it('fails with one command of its own, whatever the tests and the pages print', async () => {
    const { result, outputs, lines } = await run({ tests: 'FailingTest.php' });
    assert.match(
      result,
      /^##vso\[task\.complete result=Failed;\]The smoke tests did not pass: 2 of 2 tests failed/,
    );
    assert.deepEqual([outputs['gatePassed'], outputs['testsFailed']], ['false', '2']);
    assert.equal(lines.filter(line => line.includes('##vso[task.complete')).length, 1);
    assert.equal(lines.filter(line => line.startsWith('##vso[results.publish')).length, 1);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is cancelled by ${signal} and takes its browser with it`, async () => {
      let sent = false;
      const { result, outputs } = await run({ tests: 'HangingTest.php' }, (output, child) => {
        if (sent || !output.includes('the browser is open')) return;
        sent = true;
        assert.ok(runningFamily(mark).length > 5, 'a browser is running');
        child.kill(signal);
      });
      assert.match(result, /^##vso\[task\.complete result=Canceled;\]/);
      assert.equal(outputs['gatePassed'], 'false');
    });
  }
});
