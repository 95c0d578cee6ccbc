import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jmeterHome, jmeterHomeFrom } from '../../../scripts/setup/cache.mjs';
import { CancelledError, UserError, describe as describeError } from '../../../shared/core/errors.js';
import type { LoadInput } from '../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { propertiesFile } from '../../../tasks/RunJmeterLoad/src/jmeter.js';
import { engineFaults } from '../../../tasks/RunJmeterLoad/src/careForEngines.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';
import { eventually } from '../../fakes/processes.js';
import { commandLinesWith } from './commandLines.js';
import { certificateAt, end, isAtWork, startJmeterServer, testsEnded, type Engine } from './engineRig.js';
import { loadInput } from './loadInput.js';

describe('engineFaults', () => {
  const left = {
    hosts: ['a', 'b', 'c'],
    unfinished: ['a', 'b'],
    leftOut: ['c'],
    unreached: [],
    untold: ['b'],
  };

  it('says who did not take the test, who had not finished it and who may go on with it', () => {
    assert.deepEqual(
      engineFaults(left, false).map(fault => fault.split('. ')[0]),
      [
        '1 of 3 engines did not take the test: c',
        'JMeter ended before 2 of 3 engines had finished: a and b',
        'b could not be told to stop and may go on with the test',
      ],
    );
    assert.deepEqual(engineFaults({ ...left, unfinished: [], leftOut: [], untold: [] }, false), []);
  });

  it('says whom JMeter could not reach at the start', () => {
    const none = { hosts: ['a', 'b'], unfinished: [], leftOut: [], untold: [] };
    const [fault = '', ...more] = engineFaults({ ...none, unreached: ['b'] }, false);
    assert.match(fault, /^JMeter could not reach 1 of 2 engines: b\. Is jmeter-server up there/);
    assert.deepEqual(more, []);
  });

  it('does not tell what a run that was ended early cannot have', () => {
    assert.equal(engineFaults(left, true).length, 1);
  });
});

const password = 'pass word = 1';

describe('runLoad on engines of this machine', function () {
  this.timeout(240_000);
  let site: Server;
  let requests = 0;
  let started = 0;
  let directory: string;
  const engines: Engine[] = [];
  let tls: ReadonlyMap<string, string>;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'engines-'));
    site = createServer((_request, response) => {
      requests += 1;
      setTimeout(() => response.end('<h1>A small site</h1>'), 5);
    });
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve));
    const keystore = join(directory, 'engines.jks');
    writeFileSync(join(directory, 'password'), password);
    const make = [
      '-genkeypair',
      '-keyalg',
      'RSA',
      '-keysize',
      '2048',
      '-alias',
      'rmi',
      '-dname',
      'CN=engines',
    ];
    const files = ['-keystore', keystore, '-storepass:file', join(directory, 'password')];
    execFileSync('keytool', [...make, ...files], { stdio: 'ignore' });
    tls = new Map(
      ['keystore', 'truststore'].flatMap(store => [
        [`server.rmi.ssl.${store}.file`, keystore] as const,
        [`server.rmi.ssl.${store}.password`, password] as const,
      ]),
    );
    writeFileSync(join(directory, 'tls.properties'), propertiesFile(tls), { mode: 0o600 });
    writeFileSync(join(directory, 'plain.properties'), 'server.rmi.ssl.disable=true\n');
    engines.push(...(await Promise.all(['tls', 'tls', 'plain'].map(startEngine))));
  });

  after(async () => {
    for (const { child } of engines) await end(child);
    site.closeAllConnections();
    site.close();
    rmSync(directory, { recursive: true });
  });

  const startEngine = (way: string) =>
    startJmeterServer(directory, join(directory, `${way}.properties`), `${(started += 1)}`);

  /** @param meant the engines that must be without a test when the task has ended, if they live */
  async function run(
    used: readonly Engine[],
    rest: Partial<LoadInput>,
    options: FakeAgentOptions = {},
    meant = used,
  ) {
    const fake = fakeAgent({
      workingDirectory: join(import.meta.dirname, 'fixtures'),
      environment: { JMETER_HOME: jmeterHome(), JVM_ARGS: '-Djava.rmi.server.hostname=127.0.0.1' },
      tools: { java: '/usr/bin/java' },
      ...options,
    });
    let seen: string[] = [];
    const watch = setInterval(() => {
      seen = [...seen, ...commandLinesWith(fake.agent.tempDirectory)];
    }, 200);
    const outcome = await runLoad(
      loadInput({
        siteUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
        threads: 2,
        remoteHosts: used.map(({ host }) => host).join(','),
        ...rest,
        properties: [...tls, ['loops', rest.properties ?? '5']].map(each => each.join('=')).join('\n'),
      }),
      fake.agent,
    ).then(
      message => ({ message, error: undefined }),
      (error: unknown) => ({ message: describeError(error), error }),
    );
    clearInterval(watch);
    assert.ok(seen.length > 0, 'JMeter was seen');
    assert.ok(seen.every(line => !line.includes('pass word')));
    const resultsFile = fake.outputs['resultsFile'];
    const results = resultsFile === undefined ? '' : readFileSync(resultsFile, 'utf8');
    const kept = fake.kept.map(path => readFileSync(path, 'latin1'));
    assert.ok([...fake.log, ...kept].every(text => !text.includes(password)));
    const told = [outcome.message, ...fake.log].join('\n');
    const isDone = await eventually(() => !meant.some(isAtWork));
    assert.ok(isDone, `an engine goes on with its test: ${told}`);
    const { warnings } = fake;
    await fake.close();
    return { ...outcome, told, warnings, results, samples: Number(fake.outputs['samples']) };
  }

  it('judges the samples of both, over TLS with a keystore of their own, and leaves them running', async () => {
    const [one, two] = engines as [Engine, Engine];
    const { message, results } = await run([one, two], {});
    assert.match(message, /^40 samples, 0 % errors/);
    for (const { host, child, registry } of [one, two]) {
      assert.ok(results.includes(`,${host}-Visitors 1-2,`), host);
      assert.equal(child.exitCode, null);
      // JMeter 2.13, which the set-up falls back to, knows no TLS.
      if (jmeterHome() === jmeterHomeFrom('maven')) assert.equal(await certificateAt(registry), 'engines');
    }
  });

  it('stops the engines when it is cancelled, and keeps the samples', async () => {
    const [one, two] = engines as [Engine, Engine];
    const before = requests;
    const abort = new AbortController();
    const watch = setInterval(() => {
      if (requests > before + 50) abort.abort(new CancelledError('cancelled'));
    }, 50);
    const { error, samples } = await run([one, two], { properties: '1000000' }, { signal: abort.signal });
    clearInterval(watch);
    assert.ok(error instanceof CancelledError);
    assert.ok(samples > 0);
    for (const { child } of [one, two]) assert.equal(child.exitCode, null);
  });

  it('does not pass when an engine is busy, stops the other and leaves that test alone', async () => {
    // Of its own: an engine whose JMeter ends while it begins may stay busy.
    const [one, busy] = [await startEngine('tls'), await startEngine('tls')];
    engines.push(one, busy);
    const { port } = site.address() as AddressInfo;
    const before = [requests, testsEnded(busy)] as const;
    const theirs = ['loops=1000000', 'host=127.0.0.1', `port=${port}`].map(each => `-G${each}`);
    const somebody = spawn(
      join(jmeterHome(), 'bin', 'jmeter'),
      [
        ...['-n', '-t', join(import.meta.dirname, 'fixtures', 'site.jmx'), '-R', busy.host, ...theirs],
        ...['-q', join(directory, 'tls.properties'), '-Djava.rmi.server.hostname=127.0.0.1'],
        ...['-j', join(directory, 'somebody.log')],
      ],
      { stdio: 'ignore' },
    );
    try {
      while (requests < before[0] + 50) {
        assert.equal(somebody.exitCode, null, 'somebody else could not begin');
        await pause(100);
      }
      const { message } = await run([one, busy], { properties: '1000000' }, {}, [one]);
      assert.ok(message.includes(`1 of 2 engines did not take the test: ${busy.host}. jmeter.log says why.`));
      assert.ok(message.includes(`JMeter ended before 1 of 2 engines had finished: ${one.host}.`), message);
      assert.ok(!message.includes('could not be told'), message);
      assert.equal(testsEnded(busy), before[1]);
    } finally {
      for (const child of [somebody, one.child, busy.child]) await end(child);
    }
  });

  it('stops the others when an engine hangs and the task is late, and names it', async () => {
    const [one] = engines as [Engine];
    const hung = await startEngine('tls');
    engines.push(hung);
    const before = requests;
    const abort = new AbortController();
    const watch = setInterval(() => {
      // Not while JMeter still gives it the test.
      if (requests <= before + 50 || !isAtWork(hung)) return;
      clearInterval(watch);
      hung.child.kill('SIGSTOP');
      abort.abort(new UserError('late'));
    }, 50);
    const { message, warnings } = await run(
      [hung, one],
      { properties: '1000000' },
      { signal: abort.signal },
      [one],
    );
    assert.equal(message, 'late');
    assert.ok(
      warnings.includes(
        `${hung.host} could not be told to stop and may go on with the test. Look at jmeter-server and its log there, and end it if it still runs.`,
      ),
      warnings.join('\n'),
    );
    await end(hung.child);
  });

  it('ends a run that has lost an engine, names it, stops the other one and keeps the samples', async () => {
    const [one] = engines as [Engine];
    const lost = await startEngine('tls');
    engines.push(lost);
    const before = requests;
    const watch = setInterval(() => {
      // Not while JMeter still gives it the test.
      if (requests > before + 50 && isAtWork(lost)) lost.child.kill('SIGKILL');
    }, 50);
    const { message, samples, told } = await run([one, lost], { properties: '1000000' });
    clearInterval(watch);
    // It may be lost before JMeter is through with starting it, and then JMeter itself gives up.
    assert.match(message, /engines? (had not finished and cannot be reached any more|had finished)/, told);
    assert.ok(message.includes(`${lost.host} could not be told to stop and may go on`), told);
    assert.ok(samples > 0);
  });

  it('ends the process of an engine when told, here one without TLS', async () => {
    const plain = engines[2]!;
    const { message } = await run([plain], { remoteTls: false, remoteExit: true });
    assert.match(message, /^20 samples, 0 % errors/);
    assert.ok(await eventually(() => plain.child.exitCode !== null));
  });
});
