import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { describe as describeError } from '../../../shared/core/errors.js';
import {
  engineProperties,
  enginesFinished,
  parseEngines,
  remoteArguments,
} from '../../../tasks/RunJmeterLoad/src/remoteEngines.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { freePort } from '../../fakes/freePort.js';
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
    const line =
      '2026-11-23 05:43:57,727 INFO o.a.j.JMeter: Finished remote host: 127.0.0.1:21100 (1795412637727)';
    assert.deepEqual([...enginesFinished(`Started remote host: x (1)\n${line}\n`)], ['127.0.0.1:21100']);
  });
});

describe('runLoad on two engines of this machine', function () {
  this.timeout(240_000);
  let site: Server;
  let requests = 0;
  let directory: string;
  let engines: { host: string; child: ChildProcess }[];

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'engines-'));
    site = createServer((_request, response) => {
      requests += 1;
      setTimeout(() => response.end('<h1>A small site</h1>'), 5);
    });
    await new Promise<void>(resolve => site.listen(0, '127.0.0.1', resolve));
    engines = await Promise.all(['one', 'two'].map(startEngine));
  });

  after(async () => {
    for (const { child } of engines) await end(child);
    site.closeAllConnections();
    site.close();
    rmSync(directory, { recursive: true });
  });

  async function startEngine(name: string): Promise<{ host: string; child: ChildProcess }> {
    const [registry, objects] = [await freePort(), await freePort()];
    const args = [
      '-s',
      `-Jserver_port=${registry}`,
      `-Jserver.rmi.localport=${objects}`,
      '-Jserver.rmi.ssl.disable=true',
      '-Djava.rmi.server.hostname=127.0.0.1',
      '-j',
      join(directory, `${name}.log`),
    ];
    const child = spawn(join(jmeterHome(), 'bin', 'jmeter'), args, {
      cwd: directory,
      stdio: 'ignore',
      env: { ...process.env, HEAP: '-Xms32m -Xmx256m' },
    });
    // The registry is there before the engine is bound to it.
    while (!(await listens(registry)) || !(await listens(objects))) await pause(200);
    return { host: `127.0.0.1:${registry}`, child };
  }

  async function run(properties: string) {
    const fake = fakeAgent({
      workingDirectory: join(import.meta.dirname, 'fixtures'),
      environment: { JMETER_HOME: jmeterHome(), JVM_ARGS: '-Djava.rmi.server.hostname=127.0.0.1' },
      tools: { java: '/usr/bin/java' },
    });
    const message = await runLoad(
      loadInput({
        siteUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}`,
        threads: 2,
        properties,
        remoteHosts: engines.map(({ host }) => host).join(','),
        remoteTls: false,
      }),
      fake.agent,
    ).catch(describeError);
    const results = readFileSync(fake.outputs['resultsFile'] ?? '', 'utf8');
    await fake.close();
    return { message, results, samples: fake.outputs['samples'] };
  }

  it('judges the samples of both, and leaves them running', async () => {
    const { message, results } = await run('loops=5');
    assert.match(message, /^40 samples, 0 % errors/);
    for (const { host, child } of engines) {
      assert.ok(results.includes(`,${host}-Visitors 1-2,`), host);
      assert.equal(child.exitCode, null);
    }
  });

  it('ends a run that has lost an engine, names it and keeps the samples', async () => {
    const before = requests;
    const lost = engines[1];
    const watch = setInterval(() => {
      if (requests > before + 50) lost?.child.kill('SIGKILL');
    }, 50);
    const { message, samples } = await run('loops=1000000');
    clearInterval(watch);
    assert.ok(
      message.startsWith(
        `The load test did not pass: the run was ended early: 1 of 2 engines had not finished and cannot be reached any more: ${lost?.host ?? ''}. Look at`,
      ),
      message,
    );
    assert.ok(Number(samples) > 0);
  });
});

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
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
