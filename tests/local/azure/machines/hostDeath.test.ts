/** When the process that runs machines dies without a word, its machines die with it. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createAddressPool } from '../../../../local/azure/machines/addressPool.js';
import { baseImageDirectory } from '../../../../scripts/setup/cache.mjs';

const run = promisify(execFile);
const module = join(import.meta.dirname, '../../../../local/azure/machines/machineHost.ts');

/** A host with a build VM and an instance that runs a command which ignores every polite signal. */
const program = (stateDirectory: string, addresses: readonly string[]) => `
import { createMachineHost } from ${JSON.stringify(module)};
const host = createMachineHost({ baseImage: ${JSON.stringify(baseImageDirectory())}, stateDirectory: ${JSON.stringify(stateDirectory)} });
const [vm, instance] = await Promise.all([
  host.start({ name: 'vm', address: '${addresses[0] ?? ''}', disk: host.base, boot: 'ssh' }),
  host.start({ name: 'web000000', address: '${addresses[1] ?? ''}', disk: host.base, boot: 'services' }),
]);
const namespaces = [];
for (const machine of [vm, instance]) namespaces.push((await machine.run(['readlink', '/proc/1/ns/pid'])).output.trim());
void instance.run(['sh', '-c', "trap '' TERM HUP INT PIPE; setsid sleep 1000 & while :; do sleep 1; done"]);
// The test looks only when the command is there.
while (!(await instance.run(['ps', '-e', '-o', 'args='])).output.includes('sleep 1000')) await new Promise(resolve => setTimeout(resolve, 20));
console.log(JSON.stringify(namespaces));
`;

/** Numbers of the processes in one of the pid namespaces. */
async function processesIn(namespaces: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ps', ['-e', '-o', 'pid=,pidns=,args=']);
  return stdout
    .split('\n')
    .filter(line => namespaces.some(name => line.includes(` ${/\d+/.exec(name)?.[0] ?? '?'} `)));
}

describe('death of the machines’ host', function () {
  this.timeout(600_000);
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    it(`leaves no process behind after ${signal}`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'host-death-'));
      const addresses = createAddressPool();
      const source = program(directory, [addresses.allocate(), addresses.allocate()]);
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
        const namespaces = JSON.parse(line) as string[];
        const before = await processesIn(namespaces);
        assert.ok(
          before.some(process => process.includes('sshd')) &&
            before.some(process => process.includes('sleep 1000')),
        );
        child.kill(signal);
        await once(child, 'exit');
        const deadline = Date.now() + 60_000;
        let left = await processesIn(namespaces);
        while (left.length > 0 && Date.now() < deadline) {
          await delay(50);
          left = await processesIn(namespaces);
        }
        assert.deepEqual(left, []);
        const outside = await run('ps', ['-e', '-o', 'args=']);
        assert.ok(
          !outside.stdout.includes(addresses.allocate().replace(/\d+$/, '')),
          'nothing names the addresses any more',
        );
      } finally {
        child.kill('SIGKILL');
        addresses.close();
        await rm(directory, { recursive: true });
      }
    });
  }
});
