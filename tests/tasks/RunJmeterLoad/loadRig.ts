/** A small site, a folder with a plan for it, and the task run there with the real JMeter: for test files of whole runs. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { describe as describeError } from '../../../shared/core/errors.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';
import { commandLinesWith } from './commandLines.js';
import { loadInput } from './loadInput.js';

type Input = Parameters<typeof runLoad>[0];

export interface LoadRig {
  readonly siteUrl: string;
  /** Holds `site.jmx`. */
  readonly directory: string;
  /** Of the run at hand. */
  readonly fake: FakeAgent;
  /** What the site was asked for in this test. */
  readonly paths: readonly string[];
  /** Runs the task, and looks that no JMeter is left. */
  run(
    rest: Partial<Input>,
    options?: FakeAgentOptions,
  ): Promise<{ readonly sentence: string; readonly error: unknown; readonly message: string }>;
  /** Names and outcomes of the tests that were published. */
  tests(): (readonly [name: string, outcome: string])[];
}

/** To be called in a suite: what it gives is there in its tests. */
export function setUpLoad(): LoadRig {
  let server: Server;
  let siteUrl: string;
  let directory: string;
  let fake: FakeAgent;
  let paths: string[];

  before(async () => {
    server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.setHeader('content-type', 'text/html');
      // Slower than the shortest duration that an assertion can ask for.
      setTimeout(
        () => response.writeHead(request.url?.includes('/broken/') ? 503 : 200).end('<h1>A small site</h1>'),
        5,
      );
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    siteUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    directory = mkdtempSync(join(tmpdir(), 'load-'));
    copyFileSync(join(import.meta.dirname, 'fixtures', 'site.jmx'), join(directory, 'site.jmx'));
  });

  beforeEach(() => {
    paths = [];
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });

  afterEach(async () => {
    await fake.close();
  });

  const run: LoadRig['run'] = async (rest, options = {}) => {
    fake = fakeAgent({
      workingDirectory: directory,
      environment: { JMETER_HOME: jmeterHome() },
      tools: { java: '/usr/bin/java' },
      ...options,
    });
    const outcome = await runLoad(loadInput({ siteUrl, ...rest }), fake.agent).then(
      sentence => ({ sentence, error: undefined, message: '' }),
      (error: unknown) => ({ sentence: '', error, message: describeError(error) }),
    );
    assert.deepEqual(commandLinesWith(fake.agent.tempDirectory), [], 'JMeter is left behind');
    return outcome;
  };

  return {
    get siteUrl() {
      return siteUrl;
    },
    get directory() {
      return directory;
    },
    get fake() {
      return fake;
    },
    get paths() {
      return paths;
    },
    run,
    tests: () =>
      readJunit(readFileSync(fake.published[0]?.files[0] ?? '', 'utf8'), 'load.xml')
        .flatMap(suite => suite.cases)
        .map(test => [test.name, test.outcome]),
  };
}
