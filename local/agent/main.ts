/** `npm run pipeline`: reads the command line, runs the file, and ends with what came of it. */

import { describe } from '../../shared/core/errors.js';
import { ProblemsError, UserError } from '../../shared/core/errors.js';
import { machineEnvironment, cacheDirectory } from '../../scripts/setup/cache.mjs';
import { readOptions, usage } from './options.js';
import { createScreen } from './record/log.js';
import { runFile } from './runFile.js';
import { join } from 'node:path';

async function main(): Promise<number> {
  const cancel = new AbortController();
  const kill = new AbortController();
  const onSignal = () => {
    if (cancel.signal.aborted) kill.abort(new Error('The run is ended.'));
    else {
      process.stderr.write('Canceling the run; once more to end it at once.\n');
      cancel.abort(new Error('The run is cancelled.'));
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options === undefined) {
      process.stdout.write(usage);
      return 0;
    }
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
    return error instanceof ProblemsError || error instanceof UserError ? 2 : 1;
  }
}

process.exitCode = await main();
