/** `npm run pipeline`: reads the command line, runs the file, and ends with what came of it. */

import { join } from 'node:path';
import { cacheDirectory, machineEnvironment } from '../../scripts/setup/cache.mjs';
import { CancelledError, UserError, describe } from '../../shared/core/errors.js';
import { readOptions, usage } from './options.js';
import { createScreen } from './record/log.js';
import { runFile } from './runFile.js';

// Ctrl-C reaches this process from the terminal and again from what started it (npm, tsx): that is one wish, not two.
const oneWishMilliseconds = 500;

async function main(): Promise<number> {
  const cancel = new AbortController();
  const kill = new AbortController();
  let cancelledAt = 0;
  const onSignal = () => {
    if (cancel.signal.aborted) {
      if (Date.now() - cancelledAt > oneWishMilliseconds) kill.abort(new CancelledError('The run is ended.'));
      return;
    }
    cancelledAt = Date.now();
    process.stderr.write('Canceling the run; once more to end it at once.\n');
    cancel.abort(new CancelledError('The run is cancelled.'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Whoever read the output may have gone (as in `| head`); the run and its record go on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === undefined) {
      process.stdout.write(usage);
      return 0;
    }
    // From here on they are secret variables; in the environment every step and tool could read them.
    for (const name of options.secrets.keys()) Reflect.deleteProperty(process.env, name);
    const record = await runFile(options, {
      environment: { ...process.env, ...machineEnvironment() },
      tools: join(cacheDirectory(), 'tools'),
      screen: createScreen(text => process.stdout.write(text), process.stdout.isTTY),
      cancel: cancel.signal,
      kill: kill.signal,
    });
    return record.result === 'succeeded' || record.result === 'succeededWithIssues' ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    return error instanceof UserError ? 2 : 1;
  }
}

process.exitCode = await main();
