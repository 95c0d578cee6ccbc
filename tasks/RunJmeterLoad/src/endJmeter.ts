/** Ends a JMeter that runs without a window: it is asked first. */
import { createSocket } from 'node:dgram';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunningTool } from '../../../shared/agent/agent.js';

/** Milliseconds that each way of asking may take before the next. */
const usualPatience = 10_000;
/** How long engines may take to stop when the step is cancelled: the agent ends the step itself ten seconds after it has said so. */
const enginePatience = 4000;
const lookEvery = 100;
const repeatEvery = 500;

/**
 * Ends JMeter: its threads finish their samples, then they are interrupted, then the process is ended.
 * @param port where it listens for the word, undefined when it does not
 */
export async function endJmeter(
  tool: RunningTool,
  port: number | undefined,
  patience = usualPatience,
): Promise<void> {
  const ended = tool.ended.then(
    () => true,
    () => true,
  );
  for (const word of port === undefined ? [] : ['Shutdown', 'StopTestNow']) {
    await send(word, port ?? 0);
    if (await Promise.race([ended, pause(patience, false, { ref: false })])) return;
  }
  await tool.stop();
}

/**
 * Has JMeter stop the test on its engines, which would go on with it when JMeter is gone.
 * @param port where JMeter listens for the word, undefined while it does not yet
 * @param haveFinished whether all engines have
 */
export async function stopEngines(
  port: () => number | undefined,
  haveFinished: () => boolean,
): Promise<void> {
  const deadline = Date.now() + enginePatience;
  let told = 0;
  while (Date.now() < deadline && !haveFinished()) {
    const known = port();
    // More than once: JMeter goes through the engines that run, and passes one over when another ends meanwhile.
    if (known !== undefined && Date.now() - told >= repeatEvery) {
      await send('StopTestNow', known);
      told = Date.now();
    }
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
