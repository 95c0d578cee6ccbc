/** JMeter's own engines on this machine, real ones, for test files of runs on them. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { jmeterHome } from '../../../scripts/setup/cache.mjs';
import { freePort } from '../../fakes/freePort.js';

export interface Engine {
  readonly host: string;
  readonly registry: number;
  readonly child: ChildProcess;
  readonly log: string;
}

/**
 * Starts an engine.
 * @param properties a file that says how it is reached
 */
export async function startJmeterServer(
  directory: string,
  properties: string,
  name: string,
): Promise<Engine> {
  const [registry, objects] = [await freePort(), await freePort()];
  const log = join(directory, `${name}.log`);
  const args = [
    '-s',
    '-q',
    properties,
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

export function isGone({ child }: Pick<Engine, 'child'>): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** How many tests an engine has brought to their end. */
export function testsEnded({ log }: Engine): number {
  return readFileSync(log, 'utf8').split('Test has ended on host').length - 1;
}

/** Whether an engine has threads at work. One whose JMeter ends before it begins has none, and does not say that its test has ended. */
export function isAtWork(engine: Engine): boolean {
  if (isGone(engine)) return false;
  const log = readFileSync(engine.log, 'utf8');
  const latest = log.slice(log.lastIndexOf('Running the test!'));
  return latest.includes('Starting ThreadGroup') && !latest.includes('Test has ended on host');
}

export async function end(child: ChildProcess): Promise<void> {
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
export function certificateAt(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
