/** What-if, its gate, the record on the scale set and the way back, on the local Azure. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { look } from '../../local/azure/fixture.js';
import { startRollWorld, type RollWorld } from './rollWorld.js';

/** On a busy machine an instance may take long in a time that runs so much faster than ours. */
const patient = { instanceTimeoutInMinutes: '600' };
const set = '/resourceGroups/web/providers/Microsoft.Compute/virtualMachineScaleSets/web';

describe('before, after and around a rollout on the local Azure', function () {
  this.timeout(180_000);
  let world: RollWorld;
  let directory = '';

  before(async () => {
    world = await startRollWorld({ capacity: 3, timeScale: 0.004, bootSeconds: [10] });
    directory = mkdtempSync(join(tmpdir(), 'deploy-around-'));
  });
  after(async () => {
    await world.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const tags = async () => look(await world.azure.arm('GET', set), 'body.tags') as Record<string, string>;
  const setTags = (all: Record<string, string>) => world.azure.armDone('PATCH', set, { tags: all });
  const update = (image: string, more: Readonly<Record<string, string>> = {}) =>
    world.run({ imageReference: world.imageId(image), batchSize: '1', ...patient, ...more });
  const rollBack = (more: Readonly<Record<string, string>> = {}) =>
    world.run({ action: 'rollback', imageReference: '', batchSize: '1', ...patient, ...more });
  const all = (image: string) => Array(3).fill(image) as string[];

  describe('the record and the way back', () => {
    it('refuses where nothing is recorded', async () => {
      const run = await rollBack();
      assert.match(run.outcome, /^Nothing is recorded on scale set 'web' to roll back to/);
    });

    it('records the image before, beside the tags of others, and goes back to it', async () => {
      await setTags({ owner: 'web team' });
      const forth = await update('two');
      assert.ok(!forth.failed, forth.outcome);
      const recorded = await tags();
      assert.equal(recorded['owner'], 'web team');
      assert.equal(recorded['bake-and-roll-previous-image'], world.imageId('one'));
      assert.match(recorded['bake-and-roll-rollout'] ?? '', /^done \d{4}-/);

      const dry = await rollBack({ dryRun: 'true' });
      assert.match(
        dry.outcome,
        /^Dry run: scale set 'web' can be rolled back to .*\/one; nothing was changed/,
      );
      assert.deepEqual(await world.running(), all('two'));

      const back = await rollBack();
      assert.match(back.outcome, /^Rolled back: Moved 3 of 3 instances of 'web' to .*\/one/);
      assert.equal(back.outputs['rolledBack'], 'true');
      assert.deepEqual(await world.running(), all('one'));
      assert.match((await tags())['bake-and-roll-rollout'] ?? '', /^rolledBack /);
    });

    it('does not go forth again', async () => {
      const run = await rollBack();
      assert.match(run.outcome, /has been rolled back already .* one step back/);
      assert.deepEqual(await world.running(), all('one'));
    });

    it('a run after one that was stopped goes on, and still goes back to what was good', async () => {
      const cancel = new AbortController();
      const stopped = await world.run(
        { imageReference: world.imageId('two'), batchSize: '1', ...patient },
        {
          signal: cancel.signal,
          onLine: line => {
            if (/^Batch 2/.test(line)) cancel.abort(new Error('stopped'));
          },
        },
      );
      assert.ok(stopped.failed);
      assert.match((await tags())['bake-and-roll-rollout'] ?? '', /^rolling /);
      const next = await update('two');
      assert.match(next.outcome, /^Moved [12] of 3 instances/);
      assert.equal(next.outputs['previousImageReference'], world.imageId('one'));
      assert.equal((await tags())['bake-and-roll-previous-image'], world.imageId('one'));
      const back = await rollBack();
      assert.ok(!back.failed, back.outcome);
      assert.deepEqual(await world.running(), all('one'));
    });

    it('refuses when the image is gone, and when something else has changed the model', async () => {
      await update('two');
      const before = await tags();
      await setTags({ ...before, 'bake-and-roll-previous-image': world.imageId('deleted') });
      const gone = await rollBack();
      assert.match(gone.outcome, /There is no such image.*it has been deleted since/);
      await setTags(before);
      await world.azure.armDone('PATCH', set, {
        properties: {
          virtualMachineProfile: { storageProfile: { imageReference: { id: world.imageId('three') } } },
        },
      });
      const foreign = await rollBack();
      assert.match(foreign.outcome, /was changed by something else since its last recorded rollout/);
      assert.deepEqual(await world.running(), all('two'));
      await update('two');
    });
  });

  describe('what-if', () => {
    const template = (resources: readonly unknown[], more: Readonly<Record<string, string>> = {}) => {
      const file = join(directory, 'web.json');
      const schema = 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#';
      const parameters = { secret: { type: 'securestring', defaultValue: 'unused-default' } };
      writeFileSync(
        file,
        JSON.stringify({ $schema: schema, contentVersion: '1.0.0.0', parameters, resources }),
      );
      return world.run({
        action: 'deployTemplate',
        imageReference: '',
        templateFile: file,
        overrideParameters: 'secret=Very-Secret-Value-1',
        deploymentName: 'web',
        strategy: 'modelOnly',
        scaleSetName: 'web',
        ...more,
      });
    };
    const address = (sku: string) => ({
      type: 'Microsoft.Network/publicIPAddresses',
      apiVersion: '2023-09-01',
      name: 'extra',
      location: 'westeurope',
      sku: { name: sku },
      tags: { note: "[parameters('secret')]" },
      properties: { publicIPAllocationMethod: 'Static' },
    });

    it('reports and deploys; the secret is in neither log, summary nor file', async () => {
      const run = await template([address('Standard')], { whatIf: 'report' });
      assert.ok(!run.failed, run.outcome);
      assert.ok(
        run.log.includes('  + create: Microsoft.Network/publicIPAddresses extra'),
        run.log.join('\n'),
      );
      assert.match(
        run.summaries[0]?.markdown ?? '',
        /\+ create \| Microsoft\.Network\/publicIPAddresses extra/,
      );
      const file = run.attachments.find(({ type }) => type === 'bake-and-roll.what-if');
      const text = readFileSync(file?.path ?? '', 'utf8');
      assert.equal(look(JSON.parse(text), 'changes.0.action'), 'create');
      for (const shown of [text, run.summaries[0]?.markdown ?? '', run.outcome])
        assert.ok(!shown.includes('Very-Secret-Value-1'));
    });

    it('the gate stops a replacement, and Complete mode from deleting what serves; nothing is changed', async () => {
      const replaced = await template([address('Basic')], { whatIf: 'gate' });
      assert.match(
        replaced.outcome,
        /^Blocked by 'whatIf: gate'[\s\S]*publicIPAddresses extra: 'sku\.name' of a public IP address cannot change in place/,
      );
      const deleted = await template([address('Standard')], { whatIf: 'gate', deploymentMode: 'Complete' });
      assert.match(deleted.outcome, /virtualMachineScaleSets web: The scale set would be deleted/);
      assert.match(deleted.summaries[0]?.markdown ?? '', /Blocked/);
      assert.equal((await world.azure.arm('GET', set)).status, 200);
      assert.deepEqual(await world.running(), all('two'));
    });

    it('a dry run of Complete mode warns of what it would delete', async () => {
      const run = await template([address('Standard')], { dryRun: 'true', deploymentMode: 'Complete' });
      assert.match(run.outcome, /^Dry run/);
      assert.match(
        run.warnings.join('\n'),
        /'deploymentMode: Complete' would delete \d+ resources: .*virtualMachineScaleSets web/,
      );
    });

    it('the gate lets pass what only grows', async () => {
      const run = await template([address('Standard')], { whatIf: 'gate' });
      assert.ok(!run.failed, run.outcome);
    });
  });
});
