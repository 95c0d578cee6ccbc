/** `npm run azure`: the local Azure as a process of its own. */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseNameValues } from '../../shared/core/nameValues.js';
import { baseImageDirectory } from '../../scripts/setup/cache.mjs';
import { defaultTimeScale } from './arm/pace.js';
import { startLocalAzure, type LocalAzure } from './localAzure.js';
import { createAddressPool } from './machines/addressPool.js';
import { startLoadBalancer } from './machines/loadBalancer.js';
import { createMachineHost } from './machines/machineHost.js';
import { simulateInstances } from './machines/simulatedHost.js';

const usage = `Usage: npm run azure -- [--port N] [--traffic FILE.jsonl] [--ready-file FILE] [--resource-group NAME=LOCATION]…
       [--state DIR] [--base-image DIR] [--time-scale N] [--instances real|simulated] [--simulated-boot SECONDS]
       [--unmanaged-disks allow|retired]

  --port N              port of the proxy on 127.0.0.1; any free one when absent
  --traffic FILE.jsonl  log every exchange to this file, secrets masked
  --ready-file FILE     write the line that says how to connect to this file, too
  --resource-group NAME=LOCATION
                        have this resource group from the start; may be given several times
  --state DIR           keep disks and the CA certificate below this directory while it runs
  --base-image DIR      root file system of the platform image Debian:debian-12
  --time-scale N        factor on the time that everything takes on Azure; 1 is its own pace, 0.02 when absent
  --instances real|simulated
                        run the instances of scale sets, or only keep their states: for sets of hundreds; real when absent
  --simulated-boot SECONDS
                        how long simulated instances boot, in Azure's own time; 30 when absent
  --unmanaged-disks allow|retired
                        accept disks in storage accounts, or refuse them as Azure does now; allow when absent`;

async function main(): Promise<void> {
  const options = readOptions();
  const baseImage = resolve(options['base-image'] ?? baseImageDirectory());
  if (!existsSync(join(baseImage, 'usr'))) {
    throw new Error(
      `there is no root file system in ${baseImage}. Run 'node scripts/setup/setup.mjs --for pipeline' to make it.`,
    );
  }
  const stateDirectory = mkdtempSync(join(options.state ?? tmpdir(), 'local-azure-'));
  process.on('exit', () => {
    rmSync(stateDirectory, { recursive: true, force: true });
  });
  const host = createMachineHost({ baseImage, stateDirectory });
  const timeScale = Number(options['time-scale'] ?? defaultTimeScale);
  const bootSeconds = Number(options['simulated-boot'] ?? 30);
  const azure = await startLocalAzure({
    port: Number(options.port ?? 0),
    stateDirectory,
    host:
      options.instances === 'simulated'
        ? simulateInstances(host, { bootSeconds, warmUpSeconds: 5, timeScale })
        : host,
    addresses: createAddressPool(),
    startLoadBalancer: balancer => startLoadBalancer({ ...balancer, timeScale }),
    timeScale,
    unmanagedDisks: options['unmanaged-disks'] === 'retired' ? 'retired' : 'allow',
    resourceGroups: parseNameValues((options['resource-group'] ?? []).join('\n'), '--resource-group'),
    ...(options.traffic === undefined ? {} : { traffic: resolve(options.traffic) }),
  });
  endWhenTold(azure);
  const line = `${JSON.stringify(azure.connection)}\n`;
  if (options['ready-file'] !== undefined) {
    const file = resolve(options['ready-file']);
    writeFileSync(`${file}.part`, line, { mode: 0o600 });
    renameSync(`${file}.part`, file);
  }
  process.stdout.write(line);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      traffic: { type: 'string' },
      'ready-file': { type: 'string' },
      'resource-group': { type: 'string', multiple: true },
      state: { type: 'string' },
      'base-image': { type: 'string' },
      'time-scale': { type: 'string' },
      instances: { type: 'string' },
      'simulated-boot': { type: 'string' },
      'unmanaged-disks': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  if (values.port !== undefined && !(/^\d+$/.test(values.port) && Number(values.port) < 65_536)) {
    throw new Error(`--port must be a number from 0 to 65535, not '${values.port}'.`);
  }
  if (values['time-scale'] !== undefined && !(Number(values['time-scale']) > 0)) {
    throw new Error(`--time-scale must be a number above 0, not '${values['time-scale']}'.`);
  }
  if (values.instances !== undefined && !['real', 'simulated'].includes(values.instances)) {
    throw new Error(`--instances must be real or simulated, not '${values.instances}'.`);
  }
  if (values['simulated-boot'] !== undefined && !(Number(values['simulated-boot']) >= 0)) {
    throw new Error(`--simulated-boot must be a number of seconds, not '${values['simulated-boot']}'.`);
  }
  if (values['unmanaged-disks'] !== undefined && !['allow', 'retired'].includes(values['unmanaged-disks'])) {
    throw new Error(`--unmanaged-disks must be allow or retired, not '${values['unmanaged-disks']}'.`);
  }
  return values;
}

/** On a signal, and when the process that started this one is gone, everything ends; nothing stays behind. */
function endWhenTold(azure: LocalAzure): void {
  const parent = process.ppid;
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    azure.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`The local Azure did not end cleanly: ${String(error)}\n`);
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
  process.stderr.write(
    `The local Azure did not start: ${error instanceof Error ? error.message : String(error)}\n${usage}\n`,
  );
  process.exit(1);
});
