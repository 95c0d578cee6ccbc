/** `npm run azure`: the local Azure as a process of its own. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, UserError } from '../../shared/core/errors.js';
import { greeting } from './greeting.js';
import { startLocalAzure, type LocalAzure } from './localAzure.js';
import { createAddressPool } from './machines/addressPool.js';
import { startLoadBalancer } from './machines/loadBalancer.js';
import { createMachineHost } from './machines/machineHost.js';
import { simulateInstances } from './machines/simulatedHost.js';
import { readOptions, usage } from './options.js';
import { addressesIn, openStateFile } from './state/savedState.js';
import { openWorkDirectory } from './workDirectory.js';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const { port, timeScale, baseImage, traffic, readyFile } = options;
  const directory = openWorkDirectory(options.state);
  process.on('exit', () => {
    directory.release();
  });
  const state = directory.kept ? openStateFile(join(directory.path, 'state.json')) : undefined;
  const host = createMachineHost({ baseImage, stateDirectory: directory.path, keep: directory.kept });
  const simulated = { bootSeconds: options.simulatedBoot, warmUpSeconds: 5, timeScale };
  const starting = startLocalAzure({
    port,
    stateDirectory: directory.path,
    host: options.instances === 'simulated' ? simulateInstances(host, simulated) : host,
    addresses: createAddressPool(undefined, addressesIn(state?.saved)),
    ...(state === undefined ? {} : { state }),
    startLoadBalancer: balancer => startLoadBalancer({ ...balancer, timeScale }),
    timeScale,
    faults: options.faults,
    throttling: options.throttling,
    roles: options.roles,
    unmanagedDisks: options.unmanagedDisks,
    resourceGroups: options.resourceGroups,
    ...(traffic === undefined ? {} : { traffic }),
  });
  endWhenTold(starting);
  const azure = await starting;
  const line = `${JSON.stringify(azure.connection)}\n`;
  if (readyFile !== undefined) {
    writeFileSync(`${readyFile}.part`, line, { mode: 0o600 });
    renameSync(`${readyFile}.part`, readyFile);
  }
  // Programs read the one line on standard output; people are told on standard error.
  process.stdout.write(line);
  if (process.stdout.isTTY && process.stderr.isTTY) {
    const { path, kept } = directory;
    process.stderr.write(`\n${greeting(azure.connection, { directory: path, kept, traffic, timeScale })}`);
  }
}

/** On a signal, and when the process that started this one is gone, everything ends; nothing stays behind. */
function endWhenTold(starting: Promise<LocalAzure>): void {
  const parent = process.ppid;
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    const closed = starting.then(azure => azure.close());
    closed.then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`The local Azure did not end cleanly: ${describe(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, 1000).unref();
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  if (error instanceof UserError) process.stderr.write(`Say 'npm run azure -- --help' for all options.\n`);
  process.exit(1);
});
