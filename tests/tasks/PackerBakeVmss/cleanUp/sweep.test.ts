import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupResource, ResourceGroup } from '../../../../shared/azure/resourceGroups.js';
import {
  isOfBuild,
  isOfJob,
  runMark,
  staleGroups,
  tagsOf,
} from '../../../../tasks/PackerBakeVmss/src/cleanUp/buildGroups.js';
import { handOver } from '../../../../tasks/PackerBakeVmss/src/cleanUp/handOver.js';
import { sweep } from '../../../../tasks/PackerBakeVmss/src/cleanUp/sweep.js';
import { sweepUp } from '../../../../tasks/PackerBakeVmss/src/cleanUp/sweepUp.js';
import { fakeAgent } from '../../../fakes/fakeAgent.js';

const mark = { run: 'https://dev.azure.com/o/p/_build/results?buildId=7', job: 'job-1' };
const other = { run: 'https://dev.azure.com/o/p/_build/results?buildId=8', job: 'job-2' };
const now = new Date('2026-11-23T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const group = (name: string, tags: Record<string, string>, state = 'Succeeded'): ResourceGroup => ({
  name,
  location: 'westeurope',
  tags,
  state,
});

/** Groups and resources in memory; time passes when somebody sleeps. */
function cloud(groups: ResourceGroup[], resources: GroupResource[] = []) {
  const removed: string[] = [];
  let time = 0;
  const said: string[] = [];
  return {
    removed,
    said,
    sweeper: {
      groups: {
        find: (name: string) => Promise.resolve(groups.find(each => each.name === name)),
        remove: (name: string) => {
          removed.push(name);
          groups.splice(0, groups.length, ...groups.filter(each => each.name !== name));
          return Promise.resolve();
        },
        resources: () => Promise.resolve(resources),
        removeResource: ({ name }: GroupResource) => {
          removed.push(name);
          return Promise.resolve();
        },
      },
      clock: {
        now: () => time,
        sleep: (milliseconds: number) => {
          time += milliseconds;
          return Promise.resolve();
        },
      },
      signal: new AbortController().signal,
      info: (line: string) => void said.push(line),
      warning: (line: string) => void said.push(`warning: ${line}`),
    },
  };
}

describe('clearing away what a build left', () => {
  const own = (name: string) => ({ name, isOwn: true, suffixes: [] });

  it('removes a group that Packer made, whether it could be tagged or not', async () => {
    const { sweeper, removed } = cloud([group('a', tagsOf(mark, now)), group('b', {})]);
    assert.equal(await sweep([own('a'), own('b'), own('gone')], mark, sweeper), 2);
    assert.deepEqual(removed, ['a', 'b']);
  });

  it("never removes a group that is another run's by its tags, nor one that was there", async () => {
    const { sweeper, removed } = cloud([group('a', tagsOf(other, now)), group('shared', {})]);
    assert.equal(await sweep([own('a'), { name: 'shared', isOwn: false, suffixes: [] }], mark, sweeper), 0);
    assert.deepEqual(removed, []);
  });

  it("removes only the build's resources of a group that was there, the machine first", async () => {
    const resources = ['pkrip8f3k2', 'pkrvm8f3k2', 'pkrni8f3k2', 'pkrvmother', 'web'].map(name => ({
      id: `/x/${name}`,
      name,
      type: name.startsWith('pkrvm')
        ? 'Microsoft.Compute/virtualMachines'
        : name.startsWith('pkrni')
          ? 'Microsoft.Network/networkInterfaces'
          : 'Microsoft.Network/publicIPAddresses',
    }));
    const { sweeper, removed } = cloud([group('shared', {})], resources);
    await sweep([{ name: 'shared', isOwn: false, suffixes: ['8f3k2'] }], mark, sweeper);
    assert.deepEqual(removed, ['pkrvm8f3k2', 'pkrni8f3k2', 'pkrip8f3k2']);
  });

  it('says what stays and goes on with the next where Azure refuses', async () => {
    const { sweeper, removed, said } = cloud([group('a', {}), group('b', {})]);
    const { remove } = sweeper.groups;
    sweeper.groups.remove = name =>
      name === 'a' ? Promise.reject(new Error('a lock is on it')) : remove(name);
    assert.equal(await sweep([own('a'), own('b')], mark, sweeper), 2);
    assert.deepEqual(removed, ['b']);
    assert.match(
      said.join('\n'),
      /warning: What Packer left in resource group 'a' could not be deleted.*a lock is on it/,
    );
  });

  it('knows the groups of its job, and stale ones by their tags alone', () => {
    assert.ok(isOfJob({}, mark) && isOfJob(tagsOf(mark, now), mark));
    assert.ok(!isOfJob(tagsOf({ ...mark, job: 'job-9' }, now), mark));
    const groups = [
      group('old', tagsOf(other, hoursAgo(30))),
      group('young', tagsOf(other, hoursAgo(3))),
      group('going', tagsOf(other, hoursAgo(30)), 'Deleting'),
      group('undated', { 'bake-and-roll.run': 'x', 'bake-and-roll.started': 'yesterday' }),
      group('pkr-Resource-Group-of-somebody', {}),
    ];
    assert.deepEqual(
      staleGroups(groups, now, 24).map(({ name }) => name),
      ['old'],
    );
    const build = { name: 'shared', isOwn: false, suffixes: ['8f3k2'] };
    assert.ok(isOfBuild('pkrvm8f3k2', build) && !isOfBuild('web8f3k2', build));
    assert.ok(!isOfBuild('pkrvm', { ...build, suffixes: [''] }));
  });

  it("names a run by its page, within Azure's limit for tags", () => {
    const variables: Record<string, string> = {
      'System.CollectionUri': 'https://dev.azure.com/o/',
      'System.TeamProject': 'My Project',
      'Build.BuildId': '7',
      'System.JobId': 'job-1',
    };
    const { run, job } = runMark(name => variables[name]);
    assert.deepEqual([run, job], ['https://dev.azure.com/o/My%20Project/_build/results?buildId=7', 'job-1']);
    assert.equal(runMark(() => 'x'.repeat(300)).run.length, 256);
  });
});

describe('the post-job part of a bake', function () {
  this.timeout(120_000);

  it('has nothing to do where no build was begun', async () => {
    const fake = fakeAgent();
    assert.match(await sweepUp(fake.agent), /nothing to clear away: no build was begun/);
    await fake.close();
  });

  it("removes the killed task's private files and nothing else, and ends its Packer with all that belongs to it", async () => {
    const fake = fakeAgent();
    const temporaryDirectory = join(fake.agent.tempDirectory, 'bake-and-roll-x1');
    const precious = join(fake.agent.tempDirectory, 'sources');
    for (const directory of [temporaryDirectory, precious]) {
      mkdirSync(directory);
      writeFileSync(join(directory, 'certificate.pfx'), 'private');
    }
    const packer = spawn('/bin/sh', ['-c', 'sleep 300 & echo ready; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(packer.stdout, 'data');
    const ended = once(packer, 'exit');
    const program = { pid: packer.pid ?? 0, path: '/bin/sh' };
    handOver(fake.agent, { connectionId: 'azure', temporaryDirectory, program, groups: [] });
    assert.match(await sweepUp(fake.agent), /There is nothing to clear away on Azure/);
    await ended;
    assert.ok(!existsSync(temporaryDirectory) && existsSync(precious));
    assert.match(fake.log.join(), /Packer was still running \(process \d+\) and was ended/);
    handOver(fake.agent, { connectionId: 'azure', temporaryDirectory: precious, program, groups: [] });
    await sweepUp(fake.agent);
    assert.ok(existsSync(precious), 'only directories that a task makes for itself');
    await fake.close();
  });
});
