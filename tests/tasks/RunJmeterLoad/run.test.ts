import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { CancelledError, describe as describeError } from '../../../shared/core/errors.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { analyse } from '../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import type { LoadSummary } from '../../../tasks/RunJmeterLoad/src/loadSummary.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';
import { commandLinesWith, processesWith } from './commandLines.js';
import { loadInput } from './loadInput.js';

type Input = Parameters<typeof runLoad>[0];

describe('runLoad with a real JMeter', function () {
  this.timeout(120_000);
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

  async function run(rest: Partial<Input>, options: FakeAgentOptions = {}) {
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
  }

  function tests() {
    return readJunit(readFileSync(fake.published[0]?.files[0] ?? '', 'utf8'), 'load.xml')
      .flatMap(suite => suite.cases)
      .map(test => [test.name, test.outcome]);
  }

  it('passes a good run: outputs, table, summary, Tests tab, files', async () => {
    const { sentence } = await run({ siteUrl: `${siteUrl}/app/`, properties: 'threads=2\nloops=5' });
    assert.match(sentence, /^20 samples, 0 % errors, p95 \d+ ms, [\d.]+ a second\.$/);
    assert.deepEqual([...new Set(paths)].sort(), ['/app/', '/app/data']);
    const {
      resultsFile = '',
      summaryFile = '',
      p50 = '',
      p95 = '',
      p99 = '',
      throughput = '',
      ...outputs
    } = fake.outputs;
    assert.deepEqual(outputs, { gatePassed: 'true', samples: '20', errorPercent: '0' });
    for (const figure of [p50, p95, p99]) assert.match(figure, /^\d+$/);
    assert.ok(Number(throughput) > 0);
    assert.equal(readFileSync(resultsFile, 'utf8').split('\n').length, 1 + 20 + 10 + 1);
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8')) as LoadSummary;
    assert.deepEqual(summary.labels.map(line => [line.label, line.transaction, line.samples]).sort(), [
      ['GET /, "home"', false, 10],
      ['GET /data', false, 10],
      ['Visit', true, 10],
    ]);
    assert.deepEqual(
      fake.kept.map(path => path.slice(path.lastIndexOf('/') + 1)),
      ['jmeter.log', 'load-summary.json', 'results.jtl.gz'],
    );
    assert.match(fake.summaries[0]?.markdown ?? '', /^\*\*Passed\*\*: 20 samples/);
    assert.ok(
      fake.log.some(line => /^All samples = +20 in /.test(line)),
      'the summariser is in the log',
    );
    assert.ok(
      fake.log.some(line => /^All samples +20 +0 % /.test(line)),
      'the table is in the log',
    );
    assert.ok(fake.log.every(line => !line.startsWith('WARN StatusConsoleListener')));
    assert.deepEqual(fake.warnings, []);
    assert.ok(tests().every(([, outcome]) => outcome === 'passed'));
  });

  it('fails a duration assertion of 1 ms, by label and message, after publishing everything', async () => {
    const { message } = await run({ properties: 'maxms=1\nthreads=1\nloops=3' });
    assert.match(
      message,
      /^The load test did not pass: 3 of 6 samples failed: 50 %, allowed are 0 % .*\n {2}- GET \/, "home": 3 of 3 failed \(3 failed assertions\): The operation lasted too long/,
    );
    assert.deepEqual(
      [fake.outputs['gatePassed'], fake.outputs['errorPercent'], fake.outputs['samples']],
      ['false', '50', '6'],
    );
    assert.match(fake.summaries[0]?.markdown ?? '', /^\*\*Failed\*\*/);
    assert.equal(fake.kept.length, 3);
    assert.deepEqual(tests(), [
      ['At least 1 sample', 'passed'],
      ['At most 0 % errors', 'failed'],
      ['Whole results', 'passed'],
      ['GET /, "home"', 'failed'],
      ['GET /data', 'passed'],
    ]);
  });

  it('holds criteria and the run before, and shows both in log, summary and Tests tab before it fails', async () => {
    const properties = 'threads=2\nloops=5';
    const first = await run({
      properties,
      criteria: 'p95(response_time) <= baseline + 400%\nsamples == 20',
      baseline: 'file',
      baselineFile: 'baseline.json',
    });
    assert.match(first.sentence, /^20 samples/);
    assert.ok(fake.log.some(line => /^There is no baseline yet in .*baseline\.json/.test(line)));
    copyFileSync(fake.outputs['summaryFile'] ?? '', join(directory, 'baseline.json'));
    await fake.close();

    const { message } = await run({
      properties,
      criteria: [
        'p95(response_time) <= baseline + 400%',
        'throughput of each /^GET/ > 0.1/s',
        'max(response_time) of "GET /data" < 1ms',
        'max(response_time) of /nowhere/ < 1s',
      ].join('\n'),
      baseline: 'file',
      baselineFile: 'baseline.json',
    });
    assert.match(
      message,
      /^The load test did not pass: max\(response_time\) of "GET \/data" < 1ms: it was [\d.]+ ms\.\nmax\(response_time\) of \/nowhere\/ < 1000ms: no label of this test is meant by it; there are "GET \/, "home"", "GET \/data"/,
    );
    assert.equal(fake.outputs['gatePassed'], 'false');
    assert.equal(fake.kept.length, 3);
    assert.ok(fake.log.some(line => /^FAILED {2}max\(response_time\) of "GET \/data" < 1ms/.test(line)));
    assert.ok(fake.log.some(line => /^Compared with the run of 20/.test(line)));
    assert.match(fake.summaries[0]?.markdown ?? '', /\| \*\*failed\*\* \| it was [\d.]+ ms \|/);
    assert.deepEqual(
      tests()
        .slice(3, 8)
        .map(([, outcome]) => outcome),
      ['passed', 'passed', 'passed', 'failed', 'failed'],
    );
  });

  it('lets failed assertions pass when told, but not error statuses', async () => {
    const rest = { properties: 'maxms=1\nthreads=1\nloops=2', failOnAssertionErrors: false };
    assert.match((await run(rest)).sentence, /^4 samples, 0 % errors/);
    await fake.close();
    const { message } = await run({ ...rest, siteUrl: `${siteUrl}/broken`, publishResults: false });
    assert.match(message, /4 of 4 samples failed: 100 %/);
    assert.match(message, /error statuses/);
    assert.deepEqual(fake.published, []);
  });

  it('counts a parent sample once', async () => {
    assert.match((await run({ properties: 'parent=true\nthreads=2\nloops=3' })).sentence, /^6 samples/);
  });

  it('tells a dead host from failed assertions', async () => {
    const gone = createServer();
    await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise(resolve => gone.close(resolve));
    const { message } = await run({
      siteUrl: `http://127.0.0.1:${port}`,
      properties: 'threads=1\nloops=1',
      failOnAssertionErrors: false,
    });
    assert.match(message, /2 of 2 samples failed: 100 %/);
    assert.match(message, /1 without an answer\): (Test failed|Non HTTP response code: )/);
  });

  it('fails a run without a sample, and one with nothing but warm-up', async () => {
    assert.match(
      (await run({ properties: 'threads=0' })).message,
      /JMeter took no sample\. Look at the plan's thread groups/,
    );
    assert.deepEqual([fake.outputs['samples'], fake.outputs['p95'], fake.published.length], ['0', '', 1]);
    await fake.close();
    const warm = await run({ properties: 'threads=1\nloops=1', warmUpSeconds: 600 });
    assert.match(warm.message, /JMeter took no sample after 2 samples of warm-up/);
  });

  it('shows why a plan did not run at all', async () => {
    writeFileSync(join(directory, 'cut.jmx'), '<?xml version="1.0"?><jmeterTestPlan><hashTree>');
    const { message } = await run({ testPlan: 'cut.jmx', siteUrl: undefined });
    assert.match(
      message,
      /^JMeter ended with exit code \d+ without any results\. The plan .*cut\.jmx did not run\.\nIts last lines were:\n/,
    );
    assert.match(message, /StreamException|XmlPullParserException|Error in NonGUIDriver/);
    assert.equal(fake.outputs['gatePassed'], 'false');
  });

  it('runs a plan with hard-coded hosts on a copy, with property files and JVM arguments, whatever its listeners say', async () => {
    copyFileSync(join(import.meta.dirname, 'fixtures', 'hardCoded.jmx'), join(directory, 'hardCoded.jmx'));
    writeFileSync(join(directory, 'load.properties'), 'page=from the file\nother=1\n');
    writeFileSync(join(directory, 'pages.csv'), '7\n');
    const { sentence } = await run({
      testPlan: 'hardCoded.jmx',
      siteUrl: `${siteUrl}/app/`,
      propertyFiles: '# ours\nload.properties',
      jvmArguments: '-Dfrom.jvm=jvm',
    });
    assert.match(sentence, /^6 samples, 0 % errors/);
    assert.deepEqual([...new Set(paths)].sort(), ['/app', '/app/item/7?from+the+file&jvm']);
    assert.ok(
      fake.log.some(line =>
        /hardCoded\.jmx names 192\.0\.2\.63 itself\. JMeter runs a copy of it whose requests go to http:\/\/127\.0\.0\.1:\d+\/app\/ instead/.test(
          line,
        ),
      ),
    );
    assert.deepEqual(
      readFileSync(join(directory, 'hardCoded.jmx')),
      readFileSync(join(import.meta.dirname, 'fixtures', 'hardCoded.jmx')),
      'the plan is as it was',
    );
    assert.deepEqual(fake.warnings, []);
    await fake.close();
    assert.deepEqual(
      readdirSync(directory).filter(name => name.startsWith('.')),
      [],
      'the copy is gone',
    );
  });

  it('does not run a plan that it cannot give its site or its load', async () => {
    const plan = readFileSync(join(directory, 'site.jmx'), 'utf8');
    const hosts = ['a.example.com', 'b.example.com'];
    writeFileSync(
      join(directory, 'two.jmx'),
      plan.replaceAll('${__P(host)}', () => hosts.pop() ?? ''),
    );
    const two = await run({ testPlan: 'two.jmx' });
    assert.match(
      two.message,
      /its requests go to b\.example\.com and a\.example\.com\. Say which of them .* in 'replaceHosts'/,
    );
    await fake.close();
    const other = await run({ testPlan: 'two.jmx', replaceHosts: 'c.example.com' });
    assert.match(other.message, /'replaceHosts' names c\.example\.com, where no request of /);
    await fake.close();
    const unread = await run({ threads: 3, durationSeconds: 60 });
    assert.match(
      unread.message,
      /'durationSeconds' is 60, but the plan reads no property for it \(duration, .*it reads loops, threads, /,
    );
  });

  it('warns of a plan without any host, and says all that is wrong with the inputs', async () => {
    writeFileSync(
      join(directory, 'hostless.jmx'),
      readFileSync(join(directory, 'site.jmx'), 'utf8').replaceAll('${__P(host)}', ''),
    );
    await run({ testPlan: 'hostless.jmx', threads: 1 });
    assert.match(
      fake.warnings[0] ?? '',
      /hostless\.jmx does not read the property 'host', and no HTTP request in it names a host/,
    );
    await fake.close();
    const { message } = await run({
      testPlan: 'nope.jmx',
      siteUrl: 'example.com',
      allowedErrorPercent: 'some',
      properties: 'x',
      propertyFiles: 'no.properties',
    });
    assert.match(
      message,
      /nope\.jmx, which is not a file\.\n(.|\n)*'allowedErrorPercent' must be(.|\n)*'siteUrl' must be(.|\n)*'properties'(.|\n)*no\.properties, which is not a file/,
    );
  });

  it('keeps secret properties out of arguments, log and files', async () => {
    const secret = 'k3y with = and é';
    let seen: string[] = [];
    const watch = setInterval(() => {
      seen = [...seen, ...commandLinesWith(fake.agent.tempDirectory)];
    }, 50);
    const { message } = await run({ properties: `apiKey=${secret}\ntext=${secret}\nthreads=1\nloops=1` });
    clearInterval(watch);
    assert.ok(seen.length > 0, 'JMeter was seen');
    assert.ok(seen.every(line => !line.includes('k3y')));
    assert.match(fake.agent.mask(message), /text expected to contain \/\*\*\*\//);
    const files = readdirSync(fake.agent.resultsDirectory).map(name =>
      readFileSync(join(fake.agent.resultsDirectory, name), 'utf8'),
    );
    assert.ok(files.length >= 4);
    assert.ok([...files, ...fake.log].every(text => !text.includes('k3y')));
  });

  it('keeps and publishes what there was when it is cancelled', async () => {
    const abort = new AbortController();
    const watch = setInterval(() => {
      if (paths.length > 10) abort.abort(new CancelledError('cancelled'));
    }, 50);
    const { error } = await run({ properties: 'threads=2\nloops=1000000' }, { signal: abort.signal });
    clearInterval(watch);
    assert.ok(error instanceof CancelledError);
    assert.equal(fake.outputs['gatePassed'], 'false');
    const whole = await analyse(fake.outputs['resultsFile'] ?? '');
    assert.ok(whole.overall.times.count > 0);
    assert.equal(fake.outputs['samples'], String(whole.overall.times.count), 'every sample was seen');
    assert.deepEqual(fake.kept.map(path => path.slice(path.lastIndexOf('/') + 1)).sort(), [
      'jmeter.log',
      'load-summary.json',
      'results.jtl.gz',
    ]);
  });

  it('asks a run that is lost to end, and says by what', async () => {
    const { message } = await run({
      siteUrl: `${siteUrl}/broken`,
      properties: 'threads=2\nloops=1000000',
      abortWhen: 'samples > 1000000000\nerror_rate > 50%',
    });
    assert.match(
      message,
      /^The load test did not pass: the run was ended early: error_rate > 50% \(input 'abortWhen'\): it was 100 ?%/,
    );
    assert.match(message, /samples failed: 100 %/);
    assert.ok(
      fake.log.some(line =>
        /^So far \d+ samples?, 100 % errors, p50 \d+ ms, .*; in the last \d+ s [\d.]+ a second, /.test(line),
      ),
    );
    assert.ok(Number(fake.outputs['samples']) > 0);
    assert.ok(!message.includes('the results end in the middle'), 'JMeter ended by itself');
    assert.ok(fake.progress.length > 0);
    assert.ok(fake.progress.every(({ what }) => what.startsWith('So far ')));
  });

  it('tells of a JVM that was killed, with what there was', async () => {
    const watch = setInterval(() => {
      if (paths.length > 20)
        for (const pid of processesWith(fake.agent.tempDirectory)) process.kill(pid, 'SIGKILL');
    }, 50);
    const { message } = await run({ properties: 'threads=2\nloops=1000000' });
    clearInterval(watch);
    assert.match(message, /^The load test did not pass: (.|\n)*JMeter was ended by SIGKILL\./);
    assert.ok(Number(fake.outputs['samples']) > 0);
    assert.equal(fake.kept.length, 3);
  });

  it('judges the results of several jobs as one test, and runs nothing', async () => {
    const line = (start: number, elapsed: number) => `${start},${elapsed},Home,200,OK,T 1-1,text,true,,10`;
    const header =
      'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes';
    const times = Array.from({ length: 100 }, (_, index) => index + 1);
    for (const job of [0, 1]) {
      const own = times.filter(time => time % 2 === job).map(time => line(1795412600000 + time, time));
      writeFileSync(join(directory, `share-${job}.jtl`), [header, ...own, ''].join('\n'));
    }
    const { sentence } = await run({ mergeResults: 'share-*.jtl', jmeterHome: '/nowhere' });
    assert.match(sentence, /^100 samples, 0 % errors, p95 95 ms/);
    assert.deepEqual(
      [fake.outputs['p50'], fake.outputs['p99'], fake.outputs['gatePassed']],
      ['50', '99', 'true'],
    );
    assert.deepEqual(paths, []);
    await fake.close();
    const none = await run({ mergeResults: 'nothing-*.jtl' });
    assert.match(none.message, /'mergeResults' \(nothing-\*\.jtl\) finds no file below /);
    await fake.close();
    const both = await run({ mergeResults: 'share-*.jtl', divideThreads: true });
    assert.match(both.message, /'threads' is not given\.\n(.|\n)*'mergeResults' runs nothing/);
  });

  it('tells of results that JMeter could not write, which JMeter does not', async () => {
    const home = join(directory, 'narrow');
    mkdirSync(join(home, 'bin'), { recursive: true });
    // Files of more than 64 KiB cannot be written: what a full disk is to JMeter, on any machine.
    const lines = ['#!/bin/bash', 'ulimit -f 64', `exec ${jmeterHome()}/bin/jmeter "$@"`, ''];
    writeFileSync(join(home, 'bin', 'jmeter'), lines.join('\n'), { mode: 0o755 });
    const { message } = await run({ jmeterHome: home, properties: 'threads=2\nloops=250' });
    assert.match(
      message,
      /^The load test did not pass: JMeter took 1000 samples, and \d+ are in the results: the others could not be written\. Is the disk of the agent's temporary folder full/,
    );
    const samples = Number(fake.outputs['samples']);
    assert.ok(samples > 0 && samples < 1000);
    assert.equal(fake.kept.length, 3, 'what was written is kept');
  });

  it('publishes all that it can when something cannot be kept', async () => {
    const { message } = await run(
      { properties: 'threads=1\nloops=2\nmaxms=1' },
      { resultsDirectory: join(directory, 'nowhere') },
    );
    assert.match(message, /^The load test did not pass: 2 of 4 samples failed/);
    assert.deepEqual(
      [fake.outputs['gatePassed'], fake.outputs['samples'], fake.outputs['errorPercent']],
      ['false', '4', '50'],
    );
    assert.deepEqual(
      fake.warnings.map(text => text.replace(/ could not be kept\..*/s, '')),
      ["JMeter's log", 'The summary file', 'The results for the Tests tab', 'The results'],
    );
    assert.equal(fake.summaries.length, 1);
  });

  describe('with a launcher that misbehaves', () => {
    const header =
      'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes';
    const sample = '1795412599783,25,Home,200,OK,T 1-1,text,true,,10';

    function launcher(script: string): string {
      mkdirSync(join(directory, 'home', 'bin'), { recursive: true });
      // The results are the argument behind -l.
      const lines = ['#!/bin/sh', 'while [ "$1" != -l ]; do shift; done', 'jtl=$2', script, ''];
      writeFileSync(join(directory, 'home', 'bin', 'jmeter'), lines.join('\n'), { mode: 0o755 });
      return join(directory, 'home');
    }

    it('ends a JMeter that hangs', async () => {
      const home = launcher(`printf '%s\\n' '${header}' '${sample}' > "$jtl"; exec sleep 1000`);
      const { message } = await run({ jmeterHome: home, silenceSeconds: 2 });
      assert.match(
        message,
        /^The load test did not pass: the run was ended early: nothing came from JMeter for 2 s, neither a sample nor a line \(input 'silenceSeconds'\)/,
      );
      assert.equal(fake.outputs['samples'], '1');
    });

    it('does not read or compress large results when there is no time for it', async () => {
      const home = launcher(
        `{ echo '${header}'; yes '${sample}' | head -n 1500000; } > "$jtl"; echo written; exec sleep 1000`,
      );
      const abort = new AbortController();
      const watch = setInterval(() => {
        if (fake.log.includes('written')) abort.abort(new CancelledError('cancelled'));
      }, 50);
      const { error } = await run({ jmeterHome: home }, { signal: abort.signal });
      clearInterval(watch);
      assert.ok(error instanceof CancelledError);
      assert.equal(fake.outputs['samples'], '1500000');
      assert.deepEqual(
        fake.kept.map(path => basename(path)),
        ['load-summary.json'],
      );
      assert.ok(existsSync(fake.outputs['resultsFile'] ?? ''));
      assert.match(fake.log.at(-1) ?? '', /until the job ends; there is no time to compress them\.$/);
    });

    it('tells of results that are cut, and counts what is whole', async () => {
      const home = launcher(
        `printf '%s\\n' '${header}' '${sample}' > "$jtl"; printf '17954125' >> "$jtl"; echo 'No space left on device' >&2; exit 1`,
      );
      const { message } = await run({ jmeterHome: home });
      assert.match(
        message,
        /the results end in the middle of a record: JMeter was ended, or the disk is full\.\nJMeter ended with exit code 1\./,
      );
      assert.match(message, /No space left on device/);
      assert.equal(fake.outputs['samples'], '1');
    });
  });
});
