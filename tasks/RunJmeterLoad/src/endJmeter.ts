/** Ends a JMeter that runs without a window: it is asked first. */
import { createSocket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningTool } from '../../../shared/agent/agent.js';

/** Milliseconds that each way of asking may take before the next. */
const usualPatience = 10_000;
/** How long engines may take to stop when the step is cancelled: the agent ends the step itself ten seconds after it has said so. */
const enginePatience = 4000;
/** After that an engine that has not finished is told by a way of its own. */
const enginesAlone = 500;
/** JMeter's listeners get the last samples when its engines have finished. */
const lastSamples = 2000;
const lookEvery = 100;
const repeatEvery = 500;

/** The engines of a run that is to end. */
export interface EnginesToStop {
  /** Whether there is none to wait for. */
  areThrough(): boolean;
  /** Tells them to stop, each by itself; resolves when they have been told as far as can be. */
  tell(): Promise<void>;
}

/**
 * Ends JMeter: its threads finish their samples, then they are interrupted, then the process is ended.
 * @param port where it listens for the word, undefined when it does not
 * @param engines that run its test
 */
export async function endJmeter(
  tool: RunningTool,
  port: number | undefined,
  engines?: EnginesToStop,
  patience = usualPatience,
): Promise<void> {
  const end = new AbortController();
  const close = () => {
    end.abort();
  };
  void tool.ended.then(close, close);
  const hasEnded = () => end.signal.aborted;
  const isOver = () => hasEnded() || engines?.areThrough() === true;
  for (const word of port === undefined ? [] : ['Shutdown', 'StopTestNow']) {
    await send(word, port ?? 0);
    if (await happens(isOver, patience)) break;
  }
  if (!isOver()) {
    await engines?.tell();
    await happens(isOver, engines === undefined ? 0 : patience);
  }
  // JMeter waits for ever for an engine that is gone.
  if (engines !== undefined) await happens(hasEnded, lastSamples);
  if (!hasEnded()) await tool.stop();
}

async function happens(isSo: () => boolean, patience: number): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (!isSo() && Date.now() < deadline) await pause(lookEvery);
  return isSo();
}

/**
 * Has JMeter stop the test on its engines, which would go on with it when JMeter is gone.
 * @param port where JMeter listens for the word, undefined while it does not yet
 */
export async function stopEngines(port: () => number | undefined, engines: EnginesToStop): Promise<void> {
  const started = Date.now();
  let asked = 0;
  let told: Promise<void> | undefined;
  while (Date.now() - started < enginePatience && !engines.areThrough()) {
    const known = port();
    // More than once: JMeter goes through the engines that run, and passes one over when another ends meanwhile.
    if (known !== undefined && Date.now() - asked >= repeatEvery) {
      await send('StopTestNow', known);
      asked = Date.now();
    }
    // It tells them one after another, and waits for one that hangs.
    if (Date.now() - started >= enginesAlone) told ??= engines.tell();
    await pause(lookEvery);
  }
}

/** JMeter takes one word a datagram, on the loopback interface only (its manual, "Controlling a non-GUI test"). */
async function send(word: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  await new Promise<void>(resolve => {
    socket.send(word, port, '127.0.0.1', () => {
      resolve();
    });
  });
  socket.close();
}

/** The port in `Waiting for possible Shutdown/StopTestNow/HeapDump/ThreadDump message on port 4445`. */
export function shutdownPort(line: string): number | undefined {
  const match = /^Waiting for possible .*message on port (\d+)$/.exec(line);
  return match === null ? undefined : Number(match[1]);
}
