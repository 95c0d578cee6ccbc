import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { LoadSummary } from '../../../tasks/RunJmeterLoad/src/loadSummary.js';
import { commandLinesWith } from './commandLines.js';
import { setUpLoad } from './loadRig.js';

describe('runLoad with a real JMeter', function () {
  this.timeout(120_000);
  const rig = setUpLoad();

  it('passes a good run: outputs, table, summary, Tests tab, files', async () => {
    const { sentence } = await rig.run({ siteUrl: `${rig.siteUrl}/app/`, properties: 'threads=2\nloops=5' });
    assert.match(sentence, /^20 samples, 0 % errors, p95 \d+ ms, [\d.]+ a second\.$/);
    assert.deepEqual([...new Set(rig.paths)].sort(), ['/app/', '/app/data']);
    const {
      resultsFile = '',
      summaryFile = '',
      p50 = '',
      p95 = '',
      p99 = '',
      throughput = '',
      ...outputs
    } = rig.fake.outputs;
    assert.deepEqual(outputs, { gatePassed: 'true', samples: '20', errorPercent: '0', errorRate: '0' });
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
      rig.fake.kept.map(path => path.slice(path.lastIndexOf('/') + 1)),
      ['jmeter.log', 'load-summary.json', 'results.jtl.gz'],
    );
    assert.match(rig.fake.summaries[0]?.markdown ?? '', /^\*\*Passed\*\*: 20 samples/);
    assert.ok(
      rig.fake.log.some(line => /^All samples = +20 in /.test(line)),
      'the summariser is in the log',
    );
    assert.ok(
      rig.fake.log.some(line => /^All samples +20 +0 % /.test(line)),
      'the table is in the log',
    );
    assert.ok(rig.fake.log.every(line => !line.startsWith('WARN StatusConsoleListener')));
    assert.deepEqual(rig.fake.warnings, []);
    assert.ok(rig.tests().every(([, outcome]) => outcome === 'passed'));
  });

  it('fails a duration assertion of 1 ms, by label and message, after publishing everything', async () => {
    const { message } = await rig.run({ properties: 'maxms=1\nthreads=1\nloops=3' });
    assert.match(
      message,
      /^The load test did not pass: 3 of 6 samples failed: 50 %, allowed are 0 % .*\n {2}- GET \/, "home": 3 of 3 failed \(3 failed assertions\): The operation lasted too long/,
    );
    assert.deepEqual(
      [rig.fake.outputs['gatePassed'], rig.fake.outputs['errorPercent'], rig.fake.outputs['samples']],
      ['false', '50', '6'],
    );
    assert.match(rig.fake.summaries[0]?.markdown ?? '', /^\*\*Failed\*\*/);
    assert.equal(rig.fake.kept.length, 3);
    assert.deepEqual(rig.tests(), [
      ['Whole results', 'passed'],
      ['At least 1 sample', 'passed'],
      ['At most 0 % errors', 'failed'],
      ['GET /, "home"', 'failed'],
      ['GET /data', 'passed'],
    ]);
  });

  it('holds criteria and the run before, and shows both in log, summary and Tests tab before it fails', async () => {
    const properties = 'threads=2\nloops=5';
    const first = await rig.run({
      properties,
      criteria: 'p95(response_time) <= baseline + 400%\nsamples == 20',
      baseline: 'file',
      baselineFile: 'baseline.json',
    });
    assert.match(first.sentence, /^20 samples/);
    assert.match(rig.fake.warnings.join(), /^There is no baseline yet in .*baseline\.json/);
    copyFileSync(rig.fake.outputs['summaryFile'] ?? '', join(rig.directory, 'baseline.json'));
    await rig.fake.close();

    const { message } = await rig.run({
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
      /^The load test did not pass: max\(response_time\) of "GET \/data" < 1ms: it was [\d.]+ ms\.\nmax\(response_time\) of \/nowhere\/ < 1s: no label of this test is meant by it; there are "GET \/, \\"home\\"", "GET \/data"/,
    );
    assert.equal(rig.fake.outputs['gatePassed'], 'false');
    assert.equal(rig.fake.kept.length, 3);
    assert.ok(rig.fake.log.some(line => /^FAILED {2}max\(response_time\) of "GET \/data" < 1ms/.test(line)));
    assert.ok(rig.fake.log.some(line => /^Compared with the run of 20/.test(line)));
    assert.match(rig.fake.summaries[0]?.markdown ?? '', /\| \*\*failed\*\* \| it was [\d.]+ ms \|/);
    assert.deepEqual(
      rig
        .tests()
        .slice(3, 8)
        .map(([, outcome]) => outcome),
      ['passed', 'passed', 'passed', 'failed', 'failed'],
    );
  });

  it('lets failed assertions pass when told, but not error statuses', async () => {
    const rest = { properties: 'maxms=1\nthreads=1\nloops=2', failOnAssertionErrors: false };
    assert.match((await rig.run(rest)).sentence, /^4 samples, 0 % errors/);
    await rig.fake.close();
    const { message } = await rig.run({ ...rest, siteUrl: `${rig.siteUrl}/broken`, publishResults: false });
    assert.match(message, /4 of 4 samples failed: 100 %/);
    assert.match(message, /error statuses/);
    assert.deepEqual(rig.fake.published, []);
  });

  it('counts a parent sample once', async () => {
    assert.match((await rig.run({ properties: 'parent=true\nthreads=2\nloops=3' })).sentence, /^6 samples/);
  });

  it('tells a dead host from failed assertions', async () => {
    const gone = createServer();
    await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise(resolve => gone.close(resolve));
    const { message } = await rig.run({
      siteUrl: `http://127.0.0.1:${port}`,
      properties: 'threads=1\nloops=1',
      failOnAssertionErrors: false,
    });
    assert.match(message, /2 of 2 samples failed: 100 %/);
    assert.match(message, /1 without an answer\): Non HTTP response code: .*Connection refused/);
  });

  it('fails a run without a sample, and one with nothing but warm-up', async () => {
    assert.match(
      (await rig.run({ properties: 'threads=0' })).message,
      /JMeter took no sample\. Look at the plan's thread groups/,
    );
    assert.deepEqual(
      [rig.fake.outputs['samples'], rig.fake.outputs['p95'], rig.fake.published.length],
      ['0', '', 1],
    );
    await rig.fake.close();
    const warm = await rig.run({ properties: 'threads=1\nloops=1', warmUpSeconds: 600 });
    assert.match(warm.message, /JMeter took no sample after 2 samples of warm-up/);
  });

  it('shows why a plan did not run at all', async () => {
    writeFileSync(join(rig.directory, 'cut.jmx'), '<?xml version="1.0"?><jmeterTestPlan><hashTree>');
    const { message } = await rig.run({ testPlan: 'cut.jmx', siteUrl: undefined });
    assert.match(
      message,
      /^JMeter ended with exit code \d+ without any results\. The plan .*cut\.jmx did not run\..*\nIts last lines were:\n/,
    );
    assert.match(message, /StreamException|XmlPullParserException|Error in NonGUIDriver/);
    assert.equal(rig.fake.outputs['gatePassed'], 'false');
  });

  it('runs a plan with hard-coded hosts on a copy, with property files and JVM arguments, whatever its listeners say', async () => {
    copyFileSync(
      join(import.meta.dirname, 'fixtures', 'hardCoded.jmx'),
      join(rig.directory, 'hardCoded.jmx'),
    );
    writeFileSync(join(rig.directory, 'load.properties'), 'page=from the file\nother=1\n');
    writeFileSync(join(rig.directory, 'pages.csv'), '7\n');
    const { sentence } = await rig.run({
      testPlan: 'hardCoded.jmx',
      siteUrl: `${rig.siteUrl}/app/`,
      propertyFiles: '# ours\nload.properties',
      jvmArguments: '-Dfrom.jvm=jvm',
    });
    assert.match(sentence, /^6 samples, 0 % errors/);
    assert.deepEqual([...new Set(rig.paths)].sort(), ['/app', '/app/item/7?from+the+file&jvm']);
    assert.ok(
      rig.fake.log.some(line =>
        /hardCoded\.jmx names 192\.0\.2\.63 itself\. JMeter runs a copy of it whose requests go to http:\/\/127\.0\.0\.1:\d+\/app\/ instead/.test(
          line,
        ),
      ),
    );
    assert.deepEqual(
      readFileSync(join(rig.directory, 'hardCoded.jmx')),
      readFileSync(join(import.meta.dirname, 'fixtures', 'hardCoded.jmx')),
      'the plan is as it was',
    );
    assert.deepEqual(rig.fake.warnings, []);
    await rig.fake.close();
    assert.deepEqual(
      readdirSync(rig.directory).filter(name => name.startsWith('.')),
      [],
      'the copy is gone',
    );
  });

  it('does not run a plan that it cannot give its site or its load', async () => {
    const plan = readFileSync(join(rig.directory, 'site.jmx'), 'utf8');
    const hosts = ['a.example.com', 'b.example.com'];
    writeFileSync(
      join(rig.directory, 'two.jmx'),
      plan.replaceAll('${__P(host)}', () => hosts.pop() ?? ''),
    );
    const two = await rig.run({ testPlan: 'two.jmx' });
    assert.match(
      two.message,
      /its requests go to b\.example\.com and a\.example\.com\. Say which of them .* in 'replaceHosts'/,
    );
    await rig.fake.close();
    const other = await rig.run({ testPlan: 'two.jmx', replaceHosts: 'c.example.com' });
    assert.match(other.message, /'replaceHosts' names c\.example\.com, where no request of /);
    await rig.fake.close();
    const unread = await rig.run({ threads: 3, durationSeconds: 60 });
    assert.match(
      unread.message,
      /'durationSeconds' is 60, but the plan reads no property for it \(duration, .*it reads loops, threads, /,
    );
  });

  it('warns of a plan without any host, and says all that is wrong with the inputs', async () => {
    writeFileSync(
      join(rig.directory, 'hostless.jmx'),
      readFileSync(join(rig.directory, 'site.jmx'), 'utf8').replaceAll('${__P(host)}', ''),
    );
    await rig.run({ testPlan: 'hostless.jmx', threads: 1 });
    assert.match(
      rig.fake.warnings[0] ?? '',
      /hostless\.jmx does not read the property 'host', and no HTTP request in it names a host/,
    );
    await rig.fake.close();
    const { message } = await rig.run({
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
    await rig.fake.close();
    const query = await rig.run({ siteUrl: `${rig.siteUrl}/app?user=1#top` });
    assert.match(query.message, /'siteUrl' ends with \?user=1#top, which no plan is given/);
  });

  it('keeps secret properties out of arguments, log and files', async () => {
    const secret = 'k3y with = and é';
    let seen: string[] = [];
    const watch = setInterval(() => {
      seen = [...seen, ...commandLinesWith(rig.fake.agent.tempDirectory)];
    }, 50);
    const { message } = await rig.run({ properties: `apiKey=${secret}\ntext=${secret}\nthreads=1\nloops=1` });
    clearInterval(watch);
    assert.ok(seen.length > 0, 'JMeter was seen');
    assert.ok(seen.every(line => !line.includes('k3y')));
    assert.match(rig.fake.agent.mask(message), /text expected to contain \/\*\*\*\//);
    const files = readdirSync(rig.fake.agent.resultsDirectory).map(name =>
      readFileSync(join(rig.fake.agent.resultsDirectory, name), 'utf8'),
    );
    assert.ok(files.length >= 4);
    assert.ok([...files, ...rig.fake.log].every(text => !text.includes('k3y')));
  });

  it('judges the results of several jobs as one test, and runs nothing', async () => {
    const line = (start: number, elapsed: number) => `${start},${elapsed},Home,200,OK,T 1-1,text,true,,10`;
    const header =
      'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes';
    const times = Array.from({ length: 100 }, (_, index) => index + 1);
    for (const job of [0, 1]) {
      const own = times.filter(time => time % 2 === job).map(time => line(1795412600000 + time, time));
      writeFileSync(join(rig.directory, `share-${job}.jtl`), [header, ...own, ''].join('\n'));
    }
    const { sentence } = await rig.run({ mergeResults: 'share-*.jtl', jmeterHome: '/nowhere' });
    assert.match(sentence, /^100 samples, 0 % errors, p95 95 ms/);
    assert.deepEqual(
      [rig.fake.outputs['p50'], rig.fake.outputs['p99'], rig.fake.outputs['gatePassed']],
      ['50', '99', 'true'],
    );
    assert.deepEqual(rig.paths, []);
    await rig.fake.close();
    const none = await rig.run({ mergeResults: 'nothing-*.jtl' });
    assert.match(none.message, /'mergeResults' \(nothing-\*\.jtl\) finds no file below /);
    await rig.fake.close();
    const both = await rig.run({ mergeResults: 'share-*.jtl', divideThreads: true });
    assert.match(both.message, /'threads' is not given\.\n(.|\n)*'mergeResults' runs nothing/);
  });
});
