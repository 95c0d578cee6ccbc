import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { RunningTool } from '../../../shared/agent/agent.js';
import { endJmeter, shutdownPort, stopEngines } from '../../../tasks/RunJmeterLoad/src/endJmeter.js';

describe('endJmeter', () => {
  let listener: Socket;
  let port: number;
  let words: string[];

  beforeEach(async () => {
    words = [];
    listener = createSocket('udp4').on('message', word => words.push(word.toString()));
    listener.bind(0, '127.0.0.1');
    await once(listener, 'listening');
    ({ port } = listener.address());
  });
  afterEach(() => {
    listener.close();
  });

  /** A program that ends when it hears this word, or when it is stopped. */
  function program(word: string | undefined) {
    let stopped = false;
    let end: () => void = () => undefined;
    const ended = new Promise<Awaited<RunningTool['ended']>>(resolve => {
      end = () => {
        resolve({ exitCode: 0, signal: undefined, tail: [] });
      };
    });
    listener.on('message', heard => {
      if (heard.toString() === word) end();
    });
    const tool: RunningTool = {
      pid: 1,
      ended,
      stop: () => {
        stopped = true;
        end();
        return Promise.resolve();
      },
    };
    return { tool, isStopped: () => stopped };
  }

  it('asks to finish the samples first, and no more where that is enough', async () => {
    const { tool, isStopped } = program('Shutdown');
    await endJmeter(tool, port, undefined, 20_000);
    assert.deepEqual(words, ['Shutdown']);
    assert.equal(isStopped(), false);
  });

  it('asks to interrupt them next, and ends the process when nothing helps', async () => {
    const { tool, isStopped } = program(undefined);
    await endJmeter(tool, port, undefined, 100);
    assert.deepEqual(words, ['Shutdown', 'StopTestNow']);
    assert.equal(isStopped(), true);
  });

  it('ends at once a process that does not listen', async () => {
    const { tool, isStopped } = program(undefined);
    await endJmeter(tool, undefined);
    assert.equal(isStopped(), true);
  });

  it('waits for engines to finish, not for a JMeter that waits for one that is gone', async () => {
    const { tool, isStopped } = program(undefined);
    const engines = { areThrough: () => words.length > 0, tell: () => Promise.reject(new Error('told')) };
    await endJmeter(tool, port, engines, 20_000);
    assert.deepEqual(words, ['Shutdown']);
    assert.equal(isStopped(), true);
  });

  it('tells engines by a way of their own when JMeter does not reach them, before it is ended', async () => {
    const { tool, isStopped } = program(undefined);
    const seen: unknown[] = [];
    const engines = {
      areThrough: () => seen.length > 0,
      tell: () => Promise.resolve(void seen.push([...words, isStopped()])),
    };
    await endJmeter(tool, port, engines, 100);
    assert.deepEqual(seen, [['Shutdown', 'StopTestNow', false]]);
    assert.equal(isStopped(), true);
  });

  it('has engines stop as soon as it is known where to say so, and says it again until they have', async () => {
    let asked = 0;
    const known = () => (asked++ < 2 ? undefined : port);
    const engines = { areThrough: () => words.length > 1, tell: () => Promise.resolve() };
    await stopEngines(known, engines);
    assert.deepEqual(words, ['StopTestNow', 'StopTestNow']);
  });

  it('tells engines by a way of their own when they do not hear it so', async () => {
    let told = 0;
    const engines = { areThrough: () => told > 0, tell: () => Promise.resolve(void (told += 1)) };
    await stopEngines(() => undefined, engines);
    assert.equal(told, 1);
  });
});

describe('shutdownPort', () => {
  it('is read from the line of each version of JMeter', () => {
    assert.equal(
      shutdownPort('Waiting for possible Shutdown/StopTestNow/HeapDump/ThreadDump message on port 4446'),
      4446,
    );
    assert.equal(shutdownPort('Waiting for possible shutdown message on port 4445'), 4445);
    assert.equal(shutdownPort('Tidying up ...'), undefined);
  });
});
