import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { jmeterHome, jmeterHomeFrom } from '../../../scripts/setup/cache.mjs';
import { CancelledError, describe as describeError } from '../../../shared/core/errors.js';
import type { LoadInput } from '../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { propertiesFile } from '../../../tasks/RunJmeterLoad/src/jmeter.js';
import {
  engineProperties,
  enginesFinished,
  haveFinished,
  lookAfter,
  parseEngines,
  remoteArguments,
} from '../../../tasks/RunJmeterLoad/src/remoteEngines.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';
import { freePort } from '../../fakes/freePort.js';
import { eventually } from '../../fakes/processes.js';
import { commandLinesWith } from './commandLines.js';
import { loadInput } from './loadInput.js';

describe('remote engines', () => {
  it('are read from a list', () => {
    const problems: string[] = [];
    assert.deepEqual(parseEngines(' a, b:1100,\n10.0.0.5 ', problems), ['a', 'b:1100', '10.0.0.5']);
    assert.deepEqual(parseEngines(undefined, problems), []);
    assert.deepEqual(problems, []);
    parseEngines('a,a,b:port', problems);
    assert.equal(problems.length, 2);
  });

  it('get the properties of the plan, but not how they are reached', () => {
    const properties = new Map([
      ['threads', '5'],
      ['server.rmi.ssl.keystore.password', 'x'],
    ]);
    assert.deepEqual([...engineProperties(properties)], [['threads', '5']]);
    const remote = { hosts: ['a', 'b:1'], tls: true, exit: true };
    assert.deepEqual(remoteArguments(remote, ['f']), ['-R', 'a,b:1', '-G', 'f', '-X']);
    assert.deepEqual(remoteArguments({ ...remote, exit: false }, []), ['-R', 'a,b:1']);
  });

  it('are known to have finished by the log', () => {
    const directory = mkdtempSync(join(tmpdir(), 'engines-'));
    const log = join(directory, 'jmeter.log');
    const line =
      '2026-11-23 05:43:57,727 INFO o.a.j.JMeter: Finished remote host: 127.0.0.1:21100 (1795412637727)';
    assert.deepEqual([...enginesFinished(log)], []);
    writeFileSync(log, `Started remote host: x (1)\n${line}\n`);
    assert.deepEqual([...enginesFinished(log)], ['127.0.0.1:21100']);
    const remote = { tls: true, exit: false };
    assert.equal(haveFinished({ ...remote, hosts: ['127.0.0.1:21100'] }, log), true);
    assert.equal(haveFinished({ ...remote, hosts: ['127.0.0.1:21100', 'x'] }, log), false);
    rmSync(directory, { recursive: true });
  });
});

describe('lookAfter', () => {
  it('tells of an engine that was there and is not any more, unless it has finished', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'engines-'));
    const log = join(directory, 'jmeter.log');
    const port = await freePort();
    const remote = { hosts: [`127.0.0.1:${port}`], tls: false, exit: false };
    const look = lookAfter(remote, log);
    for (let left = 8; left > 0; left--) assert.equal(await look(), undefined, 'it is not there yet');
    const engine = createTcpServer().listen(port, '127.0.0.1');
    await once(engine, 'listening');
    assert.equal(await look(), undefined);
    engine.close();
    await once(engine, 'close');
    for (let left = 4; left > 0; left--) assert.equal(await look(), undefined, 'a moment is no loss');
    assert.match((await look()) ?? '', /^1 of 1 engine had not finished and cannot be reached any more: 127/);
    writeFileSync(log, `x INFO o.a.j.JMeter: Finished remote host: 127.0.0.1:${port} (1795412637727)\n`);
    assert.equal(await look(), undefined);
    rmSync(directory, { recursive: true });
  });
});

interface Engine {
  readonly host: string;
  readonly registry: number;
  readonly child: ChildProcess;
  readonly log: string;
}

const password = 'pass word = 1';

describe('runLoad on engines of this machine', function () {
  this.timeout(240_000);
  let site: Server;
  let requests = 0;
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

  async function startEngine(way: string, index: number): Promise<Engine> {
    const [registry, objects] = [await freePort(), await freePort()];
    const log = join(directory, `${index}.log`);
    const args = [
      '-s',
      '-q',
      join(directory, `${way}.properties`),
      `-Jserver_port=${registry}`,
      `-Jserver.rmi.localport=${objects}`,
      '-Djava.rmi.server.hostname=127.0.0.1',
      '-j',
      log,
    ];
    const child = spawn(join(jmeterHome(), 'bin', 'jmeter'), args, {
      cwd: directory,
      stdio: 'ignore',
      env: { ...process.env, HEAP: '-Xms32m -Xmx256m' },
    });
    // The registry is there before the engine is bound to it.
    while (!(await listens(registry)) || !(await listens(objects))) {
      assert.equal(child.exitCode, null, 'the engine did not start');
      await pause(200);
    }
    return { host: `127.0.0.1:${registry}`, registry, child, log };
  }

  async function run(used: readonly Engine[], rest: Partial<LoadInput>, options: FakeAgentOptions = {}) {
    const fake = fakeAgent({
      workingDirectory: join(import.meta.dirname, 'fixtures'),
      environment: { JMETER_HOME: jmeterHome(), JVM_ARGS: '-Djava.rmi.server.hostname=127.0.0.1' },
      tools: { java: '/usr/bin/java' },
      ...options,
    });
    const before = used.map(testsEnded);
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
    const results = readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8');
    const kept = fake.kept.map(path => readFileSync(path, 'latin1'));
    assert.ok([...fake.log, ...kept].every(text => !text.includes(password)));
    // Without its test a living engine is ready for the next; one that went on with it would load the site for ever.
    const isReady = (engine: Engine, index: number) =>
      isGone(engine) || testsEnded(engine) > (before[index] ?? 0);
    // JMeter does not always reach the others where one was lost.
    if (!used.some(isGone))
      assert.ok(await eventually(() => used.every(isReady)), 'no engine goes on with its test');
    const told = [outcome.message, ...fake.log].join('\n');
    await fake.close();
    return { ...outcome, told, results, samples: Number(fake.outputs['samples']) };
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

  it('ends a run that has lost an engine, names it and keeps the samples', async () => {
    const [one, lost] = engines as [Engine, Engine];
    const before = requests;
    const watch = setInterval(() => {
      if (requests > before + 50) lost.child.kill('SIGKILL');
    }, 50);
    const { message, samples, told } = await run([one, lost], { properties: '1000000' });
    clearInterval(watch);
    assert.ok(
      message.startsWith(
        `The load test did not pass: the run was ended early: 1 of 2 engines had not finished and cannot be reached any more: ${lost.host}. Look at`,
      ),
      told,
    );
    assert.ok(samples > 0);
  });

  it('ends the process of an engine when told, here one without TLS', async () => {
    const plain = engines[2]!;
    const { message } = await run([plain], { remoteTls: false, remoteExit: true });
    assert.match(message, /^20 samples, 0 % errors/);
    assert.ok(await eventually(() => plain.child.exitCode !== null));
  });
});

function isGone({ child }: Pick<Engine, 'child'>): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** How many tests an engine has brought to their end. */
function testsEnded({ log }: Engine): number {
  return readFileSync(log, 'utf8').split('Test has ended on host').length - 1;
}

async function end(child: ChildProcess): Promise<void> {
  if (isGone({ child })) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function listens(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** Whose certificate is shown at a port of this machine. */
function certificateAt(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
