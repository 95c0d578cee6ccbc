/** Runs that do not come to a good end: cancelled, given up, killed, cut, hung, without room on the disk. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { CancelledError } from '../../../shared/core/errors.js';
import { analyse } from '../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { processesWith } from './commandLines.js';
import { setUpLoad } from './loadRig.js';

describe('runLoad with a JMeter that is ended, or ends badly', function () {
  this.timeout(120_000);
  const rig = setUpLoad();

  it('keeps and publishes what there was when it is cancelled', async () => {
    const abort = new AbortController();
    const watch = setInterval(() => {
      if (rig.paths.length > 10) abort.abort(new CancelledError('cancelled'));
    }, 50);
    const { error } = await rig.run({ properties: 'threads=2\nloops=1000000' }, { signal: abort.signal });
    clearInterval(watch);
    assert.ok(error instanceof CancelledError);
    assert.equal(rig.fake.outputs['gatePassed'], 'false');
    assert.match(rig.fake.summaries[0]?.markdown ?? '', /^\*\*Failed\*\*(.|\n)*> cancelled/);
    const whole = await analyse(rig.fake.outputs['resultsFile'] ?? '');
    assert.ok(whole.overall.times.count > 0);
    assert.equal(rig.fake.outputs['samples'], String(whole.overall.times.count), 'every sample was seen');
    assert.deepEqual(rig.fake.kept.map(path => path.slice(path.lastIndexOf('/') + 1)).sort(), [
      'jmeter.log',
      'load-summary.json',
      'results.jtl.gz',
    ]);
  });

  it('asks a run that is lost to end, and says by what', async () => {
    const { message } = await rig.run({
      siteUrl: `${rig.siteUrl}/broken`,
      properties: 'threads=2\nloops=1000000',
      abortWhen: 'samples > 1000000000\nerror_rate > 50%',
    });
    assert.match(
      message,
      /^The load test did not pass: the run was ended early: error_rate > 50% \(input 'abortWhen'\): it was 100 ?%/,
    );
    assert.match(message, /samples failed: 100 %/);
    assert.ok(
      rig.fake.log.some(line =>
        /^So far \d+ samples?, 100 % errors, p50 \d+ ms, .*; in the last \d+ s [\d.]+ a second, /.test(line),
      ),
    );
    assert.ok(Number(rig.fake.outputs['samples']) > 0);
    assert.ok(!message.includes('the results end in the middle'), 'JMeter ended by itself');
    assert.ok(rig.fake.progress.length > 0);
    assert.ok(rig.fake.progress.every(({ what }) => what.startsWith('So far ')));
  });

  it('tells of a JVM that was killed, with what there was', async () => {
    const watch = setInterval(() => {
      if (rig.paths.length > 20)
        for (const pid of processesWith(rig.fake.agent.tempDirectory)) process.kill(pid, 'SIGKILL');
    }, 50);
    const { message } = await rig.run({ properties: 'threads=2\nloops=1000000' });
    clearInterval(watch);
    assert.match(message, /^The load test did not pass: JMeter was ended by SIGKILL\./);
    assert.deepEqual(rig.tests()[0], ['Whole results', 'failed']);
    assert.match(
      rig.fake.summaries[0]?.markdown ?? '',
      /^\*\*Failed\*\*(.|\n)*> JMeter was ended by SIGKILL\./,
    );
    assert.ok(Number(rig.fake.outputs['samples']) > 0);
    assert.equal(rig.fake.kept.length, 3);
  });

  it('tells of results that JMeter could not write, which JMeter does not', async () => {
    const home = join(rig.directory, 'narrow');
    mkdirSync(join(home, 'bin'), { recursive: true });
    // Files of more than 64 KiB cannot be written: what a full disk is to JMeter, on any machine.
    const lines = ['#!/bin/bash', 'ulimit -f 64', `exec ${jmeterHome()}/bin/jmeter "$@"`, ''];
    writeFileSync(join(home, 'bin', 'jmeter'), lines.join('\n'), { mode: 0o755 });
    const { message } = await rig.run({ jmeterHome: home, properties: 'threads=2\nloops=250' });
    assert.match(
      message,
      /^The load test did not pass: JMeter took 1000 samples, and \d+ are in the results: the others could not be written\. Is the disk of the agent's temporary folder full/,
    );
    const samples = Number(rig.fake.outputs['samples']);
    assert.ok(samples > 0 && samples < 1000);
    assert.equal(rig.fake.kept.length, 3, 'what was written is kept');
  });

  it('publishes all that it can when something cannot be kept', async () => {
    const { message } = await rig.run(
      { properties: 'threads=1\nloops=2\nmaxms=1' },
      { resultsDirectory: join(rig.directory, 'nowhere') },
    );
    assert.match(message, /^The load test did not pass: 2 of 4 samples failed/);
    assert.deepEqual(
      [rig.fake.outputs['gatePassed'], rig.fake.outputs['samples'], rig.fake.outputs['errorPercent']],
      ['false', '4', '50'],
    );
    assert.deepEqual(
      rig.fake.warnings.map(text => text.replace(/ could not be kept\..*/s, '')),
      ["JMeter's log", 'The summary file', 'The results for the Tests tab', 'The results'],
    );
    assert.equal(rig.fake.summaries.length, 1);
  });

  it('does not pass when threads broke off, though the others went on and JMeter ended well', async () => {
    const plan = readFileSync(join(rig.directory, 'site.jmx'), 'utf8');
    const [start, end] = [plan.indexOf('<ThreadGroup '), plan.lastIndexOf('</hashTree>\n  </hashTree>')];
    const group = plan.slice(start, end);
    const users =
      '<CSVDataSet guiclass="TestBeanGUI" testclass="CSVDataSet" testname="Users"><stringProp name="filename">users.csv</stringProp><stringProp name="delimiter">,</stringProp></CSVDataSet><hashTree/>';
    const broken = group.replace('<hashTree>', `<hashTree>${users}`);
    writeFileSync(join(rig.directory, 'two.jmx'), plan.slice(0, start) + group + broken + plan.slice(end));
    const { message } = await rig.run({ testPlan: 'two.jmx', properties: 'threads=2\nloops=1' });
    assert.match(
      message,
      /^The load test did not pass: 2 threads broke off, the first by IllegalArgumentException: .*users\.csv/,
    );
    assert.equal(rig.fake.outputs['samples'], '4');
  });

  it('names the plug-in class that a plan needs and JMeter lacks', async () => {
    const plan = readFileSync(join(rig.directory, 'site.jmx'), 'utf8');
    writeFileSync(
      join(rig.directory, 'plugin.jmx'),
      plan.replaceAll(/(<\/?)ThreadGroup\b/g, '$1kg.apc.OtherThreadGroup'),
    );
    const { message } = await rig.run({ testPlan: 'plugin.jmx' });
    assert.match(
      message,
      /^JMeter ended with exit code \d+ without any results\. The plan .*plugin\.jmx did not run\. This JMeter has no kg\.apc\.OtherThreadGroup: /,
    );
  });

  describe('with a launcher that misbehaves', () => {
    const header =
      'timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes';
    const sample = '1795412599783,25,Home,200,OK,T 1-1,text,true,,10';

    function launcher(script: string): string {
      mkdirSync(join(rig.directory, 'home', 'bin'), { recursive: true });
      // The results are the argument behind -l.
      const lines = ['#!/bin/sh', 'while [ "$1" != -l ]; do shift; done', 'jtl=$2', script, ''];
      writeFileSync(join(rig.directory, 'home', 'bin', 'jmeter'), lines.join('\n'), { mode: 0o755 });
      return join(rig.directory, 'home');
    }

    it('ends a JMeter that hangs', async () => {
      const home = launcher(`printf '%s\\n' '${header}' '${sample}' > "$jtl"; exec sleep 1000`);
      const { message } = await rig.run({ jmeterHome: home, silenceSeconds: 2 });
      assert.match(
        message,
        /^The load test did not pass: the run was ended early: nothing came from JMeter for 2 s, neither a sample nor a line \(input 'silenceSeconds'\)/,
      );
      assert.equal(rig.fake.outputs['samples'], '1');
    });

    it('does not read or compress large results when there is no time for it', async () => {
      const home = launcher(
        `{ echo '${header}'; yes '${sample}' | head -n 1500000; } > "$jtl"; echo written; exec sleep 1000`,
      );
      const abort = new AbortController();
      const watch = setInterval(() => {
        if (rig.fake.log.includes('written')) abort.abort(new CancelledError('cancelled'));
      }, 50);
      const { error } = await rig.run({ jmeterHome: home }, { signal: abort.signal });
      clearInterval(watch);
      assert.ok(error instanceof CancelledError);
      assert.equal(rig.fake.outputs['samples'], '1500000');
      assert.deepEqual(
        rig.fake.kept.map(path => basename(path)),
        ['load-summary.json'],
      );
      assert.ok(existsSync(rig.fake.outputs['resultsFile'] ?? ''));
      assert.match(rig.fake.log.at(-1) ?? '', /until the job ends; there is no time to compress them\.$/);
    });

    it('publishes and keeps what there is of results that cannot be read, with how JMeter ended', async () => {
      const home = launcher(`printf 'No sample\\n' > "$jtl"; echo 'No space left on device' >&2; exit 1`);
      const { message } = await rig.run({ jmeterHome: home, criteria: 'errors == 0' });
      assert.match(
        message,
        /^The load test did not pass: JMeter ended with exit code 1\.\nThe results file does not begin with .*\nJMeter took no sample\..*\nerrors == 0: there is no sample\.\n(.|\n)*No space left on device/,
      );
      assert.deepEqual([rig.fake.outputs['gatePassed'], rig.fake.outputs['samples']], ['false', '0']);
      assert.match(rig.fake.summaries[0]?.markdown ?? '', /^\*\*Failed\*\*/);
      assert.deepEqual(
        rig.fake.kept.map(path => basename(path)),
        ['load-summary.json', 'results.jtl.gz'],
      );
    });

    it('tells of results that are cut, and counts what is whole', async () => {
      const home = launcher(
        `printf '%s\\n' '${header}' '${sample}' > "$jtl"; printf '17954125' >> "$jtl"; echo 'No space left on device' >&2; exit 1`,
      );
      const { message } = await rig.run({ jmeterHome: home });
      assert.match(
        message,
        /^The load test did not pass: JMeter ended with exit code 1\.\nthe results end in the middle of a record: JMeter was ended, or the disk is full\./,
      );
      assert.match(message, /No space left on device/);
      assert.equal(rig.fake.outputs['samples'], '1');
    });
  });
});
