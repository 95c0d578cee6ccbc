import assert from 'node:assert/strict';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { removeFolders } from '../../../local/agent/support.js';
import { startLocalBakes, type LocalBakes } from '../localBakes.js';

/** Processes of the run whose command line has this text: those whose directory lies in a folder of these tests. */
function processesOf(text: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return (
          command.includes(text) &&
          readlinkSync(`/proc/${pid}/cwd`).startsWith(join(tmpdir(), 'local-agent-test-'))
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

function killAll(...texts: readonly string[]): void {
  for (const pid of texts.flatMap(processesOf)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with the one before.
    }
  }
}

const task = `PackerBakeVmss${sep}index.cjs`;
const packer = 'packer -machine-readable';

/** What a bake leaves on the local Azure, with real machines, Debian's Packer and the agent's post-job step. */
describe('a bake that is broken off leaves nothing on Azure', function () {
  this.timeout(240_000);
  let azure: LocalBakes;
  const managed = (name: string) => ({
    managed_image_resource_group_name: 'images',
    managed_image_name: name,
    location: 'westeurope',
    vm_size: 'Standard_B1s',
  });
  const commands = ['echo now sleeping', 'sleep 300'];
  /** Acts once, when the provisioner is at work on the build machine. */
  const whenAsleep = (action: () => void) => {
    let acted = false;
    return (line: string) => {
      if (acted || !line.includes('azure-arm: now sleeping')) return;
      acted = true;
      action();
    };
  };
  const resourcesOf = async (group: string) => {
    const names: string[] = [];
    for await (const { name = '' } of azure.resources.resources.listByResourceGroup(group)) names.push(name);
    return names.sort();
  };

  before(async () => {
    azure = await startLocalBakes();
  });
  after(async () => {
    await azure.close();
    removeFolders();
  });

  it('when the run is cancelled', async () => {
    const before = Object.keys(await azure.groups());
    const cancel = new AbortController();
    let during: Promise<Record<string, Readonly<Record<string, string>>>> | undefined;
    const run = await azure.bake({
      options: managed('web-1'),
      commands,
      cancel: cancel.signal,
      onLine: whenAsleep(() => {
        during = azure.groups();
        cancel.abort();
      }),
    });
    assert.equal(run.record.result, 'canceled', run.text);
    assert.match(run.text, /Packer was asked to stop[^]*Resource group has been deleted/);
    const [tags] = Object.entries((await during) ?? {}).flatMap(([name, of]) =>
      name.startsWith('pkr-Resource-Group-') ? [of] : [],
    );
    assert.match(tags?.['bake-and-roll.run'] ?? '', /_build\/results\?buildId=\d+$/);
    assert.match(tags?.['bake-and-roll.job'] ?? '', /^[0-9a-f-]{36}$/);
    assert.ok(!Number.isNaN(Date.parse(tags?.['bake-and-roll.started'] ?? '')));
    assert.equal(run.step('bake_postjob').result, 'succeeded');
    assert.deepEqual(Object.keys(await azure.groups()), before);
  });

  it('when the task is killed: the post-job step ends Packer and sweeps', async () => {
    const before = Object.keys(await azure.groups());
    const run = await azure.bake({
      options: managed('web-2'),
      commands,
      onLine: whenAsleep(() => {
        killAll(task);
      }),
    });
    assert.equal(run.record.result, 'failed', run.text);
    assert.equal(run.step('bake_postjob').result, 'succeeded');
    assert.match(run.text, /Packer was still running \(process \d+\) and was ended\./);
    assert.deepEqual(Object.keys(await azure.groups()), before);
    assert.deepEqual(processesOf(packer), []);
  });

  it('when Packer is killed: the task sweeps and says what has happened', async () => {
    const before = Object.keys(await azure.groups());
    const run = await azure.bake({
      options: managed('web-3'),
      commands,
      onLine: whenAsleep(() => {
        killAll(packer);
      }),
    });
    assert.equal(run.record.result, 'failed', run.text);
    assert.match(run.text, /Deleting resource group 'pkr-Resource-Group-\w+', which Packer left behind\./);
    assert.match(run.text, /There is nothing to clear away on Azure\./);
    assert.deepEqual(Object.keys(await azure.groups()), before);
  });

  it('when both are killed in a group that was there: only what is of the build goes', async () => {
    await azure.resources.resourceGroups.createOrUpdate('shared', { location: 'westeurope' });
    await azure.resources.resources.beginCreateOrUpdateByIdAndWait(
      `subscriptions/${azure.connection.subscriptionId}/resourceGroups/shared/providers/Microsoft.Network/publicIPAddresses/pkrkeep`,
      '2023-09-01',
      { location: 'westeurope' },
    );
    const before = await resourcesOf('shared');
    assert.deepEqual(before, ['pkrkeep']);
    const { location: _location, ...options } = managed('web-4');
    let during: Promise<string[]> | undefined;
    const run = await azure.bake({
      options: { ...options, build_resource_group_name: 'shared' },
      commands,
      onLine: whenAsleep(() => {
        during = resourcesOf('shared');
        killAll(task, packer);
      }),
    });
    assert.equal(run.record.result, 'failed', run.text);
    assert.ok(((await during) ?? []).some(name => /^pkrvm\w+$/.test(name)));
    assert.match(run.text, /Deleting \d+ resources that Packer left in 'shared': /);
    assert.deepEqual(await resourcesOf('shared'), before);
    assert.deepEqual(Object.keys(await azure.groups()).sort(), ['images', 'shared']);
  });
});
