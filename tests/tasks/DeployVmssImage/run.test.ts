import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AzureError, CancelledError } from '../../../shared/core/errors.js';
import type { SiteAnswer } from '../../../shared/agent/siteProbe.js';
import { deployVmssImage } from '../../../tasks/DeployVmssImage/src/run.js';
import type { DeployInputs } from '../../../tasks/DeployVmssImage/src/settings.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import {
  imageId,
  simulateAzure,
  simulatedClock,
  type SimulatedAzure,
  type SimulatedClock,
  type SimulationOptions,
} from './simulatedAzure.js';

const defaults: DeployInputs = {
  azureSubscription: 'connection',
  resourceGroupName: 'rg',
  action: 'updateImage',
  scaleSetName: 'web',
  imageReference: imageId('new'),
  templateFile: undefined,
  parametersFile: undefined,
  overrideParameters: undefined,
  location: undefined,
  deploymentName: undefined,
  deploymentMode: 'Incremental',
  whatIf: 'off',
  strategy: 'rolling',
  batchSize: '1',
  canarySize: '0',
  canarySoakSeconds: 0,
  pauseSeconds: 0,
  maxSurge: false,
  onFailure: 'rollback',
  healthCheck: 'platform',
  healthUrl: undefined,
  healthText: undefined,
  healthCommand: undefined,
  maxUnhealthy: '0',
  instanceTimeoutInMinutes: 10,
  dryRun: false,
  timeoutInMinutes: 0,
};

interface Scene extends FakeAgent {
  readonly sim: SimulatedAzure;
  readonly clock: SimulatedClock;
  readonly run: () => Promise<string>;
}

describe('DeployVmssImage', () => {
  const scenes: FakeAgent[] = [];
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'deploy-'));
  });
  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const one of scenes.splice(0)) await one.close();
  });

  function scene(
    input: Partial<DeployInputs> = {},
    options: SimulationOptions = {},
    host: { site?: (url: string) => SiteAnswer; signal?: AbortSignal } = {},
  ): Scene {
    const clock = simulatedClock();
    const sim = simulateAzure(clock, options);
    const fake = fakeAgent({
      workingDirectory: directory,
      variables: { 'Build.BuildNumber': '20260101.1' },
      ...(host.signal === undefined ? {} : { signal: host.signal }),
    });
    scenes.push(fake);
    const probe = (url: string): Promise<SiteAnswer> =>
      Promise.resolve(host.site?.(url) ?? { status: 200, body: '' });
    return {
      ...fake,
      sim,
      clock,
      run: () =>
        deployVmssImage({ ...defaults, ...input }, fake.agent, { openAzure: () => sim.azure, probe, clock }),
    };
  }

  function templateFiles(parameters: unknown = { imageId: { value: imageId('new') } }) {
    writeFileSync(
      join(directory, 'web.json'),
      '{ // the site\n  "parameters": { "imageId": {"type": "string"}, "count": {"type": "int", "defaultValue": 2} },\n  "resources": []\n}',
    );
    writeFileSync(join(directory, 'web.parameters.json'), JSON.stringify({ parameters }));
    return {
      action: 'deployTemplate',
      templateFile: 'web.json',
      parametersFile: 'web.parameters.json',
      scaleSetName: undefined,
      imageReference: undefined,
    } as const;
  }

  it('moves every instance to the image, one at a time, and tells what it did', async () => {
    const { run, sim, outputs, log, summaries, warnings } = scene();
    const sentence = await run();
    assert.deepEqual(sim.images(), Array(4).fill(imageId('new')));
    assert.equal(sim.peak(), 1);
    assert.match(sentence, /^Moved 4 of 4 instances of 'web' to .*\/images\/new in 4 min/);
    assert.deepEqual(outputs, {
      scaleSetName: 'web',
      imageReference: imageId('new'),
      previousImageReference: imageId('old'),
      siteUrl: 'http://203.0.113.9',
      instanceCount: '4',
      instancesUpdated: '4',
      rolledBack: 'false',
    });
    assert.ok(log.some(line => line.startsWith('In service on the new model: 3 (4 of 4 [####]), 4 min ')));
    assert.match(
      summaries[0]!.markdown,
      /\| 3 \| web\\_3 \| new \| Succeeded, running \| healthy \| 1 min 00 s \| moved \|/,
    );
    assert.deepEqual(warnings, []);
  });

  it('has nothing to do the second time, and changes nothing', async () => {
    const { run, sim, outputs } = scene({ imageReference: imageId('old') });
    assert.match(await run(), /^Nothing to do: 4 instances of 'web' run .*old already/);
    assert.deepEqual(sim.writes, []);
    assert.equal(outputs['instancesUpdated'], '0');
  });

  it('goes on where an earlier run stopped: by the instances, not by the model', async () => {
    const { run, sim } = scene({ imageReference: imageId('old') }, { oldIds: ['2', '3'] });
    assert.match(await run(), /^Moved 2 of 4 instances/);
    assert.deepEqual(sim.upgradeCalls, [['2'], ['3']]);
  });

  it('groups those that may go together into one call', async () => {
    const { run, sim } = scene({ batchSize: '50%' }, { count: 10 });
    await run();
    assert.equal(sim.peak(), 5);
    assert.equal(sim.upgradeCalls.length, 2);
  });

  it('keeps within the documented allowances with a thousand instances', async () => {
    const durations = (id: string) => ({ takes: 90_000 + ((Number(id) * 7919) % 61) * 1000 });
    const { run, sim, clock } = scene({ batchSize: '10%' }, { count: 1000, behaviour: durations });
    const start = clock.now();
    await run();
    const elapsed = clock.now() - start;
    const work = Array.from({ length: 1000 }, (_, id) => durations(String(id)).takes).reduce((a, b) => a + b);
    assert.ok(sim.peak() <= 100);
    assert.ok(elapsed <= (1.2 * work) / 100, `${elapsed} against ${work / 100}`);
    const minutes = elapsed / 60_000;
    assert.ok(sim.upgradeCalls.length <= 12 + 4 * minutes + 1);
    assert.ok(sim.reads <= 31 + 10 * minutes + 1);
  });

  it('rolls the model and the moved instances back when one is never healthy, and still fails', async () => {
    const sick = (id: string, on: string) => ({ sick: id === '1' && on === imageId('new') });
    const { run, sim, outputs, summaries } = scene({}, { behaviour: sick });
    await assert.rejects(run(), (error: Error) => {
      assert.match(
        error.message,
        /^The rollout of 'web' failed: 1 instance failed, and 'maxUnhealthy' allows 0\./,
      );
      assert.match(
        error.message,
        /instance 1: not in service on the new model after 10 min \d\d s \[new model, Succeeded, running, unhealthy: probe: HTTP 500\]/,
      );
      assert.match(
        error.message,
        /the load balancer probe 'http': HTTP on port 8080, path \/health; .*\n.*curl -i http:\/\/localhost:8080\/health\n/,
      );
      assert.match(
        error.message,
        /Rolled back to .*old: 4 instances in service on it, 2 of them moved back\.$/,
      );
      return true;
    });
    assert.deepEqual(sim.images(), Array(4).fill(imageId('old')));
    assert.equal(sim.model(), imageId('old'));
    assert.equal(sim.peak(), 1);
    assert.equal(outputs['rolledBack'], 'true');
    assert.equal(outputs['imageReference'], imageId('old'));
    assert.equal(outputs['previousImageReference'], imageId('old'));
    assert.match(summaries[0]!.markdown, /\| 1 \| .*not in service on the new model/);
  });

  it('waits while Azure is busy with the scale set, for the model and for instances', async () => {
    const { run, sim, log } = scene();
    const free = { ...sim.azure.scaleSets };
    const detail = { code: 'OperationNotAllowed', message: 'another operation is going on', details: [] };
    let refusals = 0;
    const busyTwice = async <T>(send: () => Promise<T>): Promise<T> => {
      if (++refusals % 3 !== 0) throw new AzureError('changing', detail, 409);
      return send();
    };
    sim.azure.scaleSets.setImage = (...args) => busyTwice(() => free.setImage(...args));
    sim.azure.scaleSets.upgrade = (...args) => busyTwice(() => free.upgrade(...args));
    assert.match(await run(), /^Moved 4 of 4 instances/);
    assert.equal(sim.upgradeCalls.length, 4);
    assert.ok(log.some(line => line.includes('Trying again until it is free')));
    assert.ok(
      log.some(line => line.startsWith('Azure is busy with this scale set (another operation is going on)')),
    );
  });

  it('leaves everything as it is with onFailure: stop', async () => {
    const { run, sim, outputs } = scene(
      { onFailure: 'stop' },
      { behaviour: (_id, on) => ({ refused: on === imageId('new') }) },
    );
    await assert.rejects(run(), /VMExtensionProvisioningError[\s\S]*Nothing was rolled back/);
    assert.equal(sim.model(), imageId('new'));
    assert.deepEqual(sim.upgradeCalls, [['0']]);
    assert.equal(outputs['rolledBack'], 'false');
  });

  it('names the probe, and rolls back, also where the load balancer cannot be read', async () => {
    const { run } = scene(
      {},
      { behaviour: (_id, on) => ({ sick: on === imageId('new') }), balancerIsHidden: true },
    );
    await assert.rejects(run(), /probe 'http', which this connection cannot read[\s\S]*Rolled back to/);
  });

  it('says nothing of health where Azure refused the upgrade', async () => {
    const { run } = scene({}, { behaviour: (_id, on) => ({ refused: on === imageId('new') }) });
    await assert.rejects(run(), (error: Error) => !error.message.includes('Health is told by'));
  });

  it('says when the way back did not work either', async () => {
    const { run, outputs } = scene({}, { behaviour: id => ({ sick: id === '0' }), oldIds: [] });
    await assert.rejects(run(), /The model is on .*old again, but not every instance is in service/);
    assert.equal(outputs['rolledBack'], 'false');
  });

  it('allows what maxUnhealthy allows, with a warning', async () => {
    const { run, warnings, outputs } = scene(
      { maxUnhealthy: '1', batchSize: '2' },
      { behaviour: (id, on) => ({ sick: id === '3' && on === imageId('new') }) },
    );
    assert.match(await run(), /^Moved 3 of 4 instances .* but 1\.$/);
    assert.match(warnings[0] ?? '', /Within 'maxUnhealthy'[\s\S]*instance 3/);
    assert.equal(outputs['instancesUpdated'], '3');
  });

  it('leaves protected instances alone and says so', async () => {
    const { run, sim, warnings } = scene({}, { protectedIds: ['1'] });
    assert.match(await run(), /^Moved 3 of 3 instances/);
    assert.equal(sim.images()[1], imageId('old'));
    assert.match(warnings[0] ?? '', /^1 instance of 'web' protected from scale set actions/);
  });

  it('warns once where nothing tells health, and takes running for healthy', async () => {
    const { run, warnings } = scene({}, { scaleSet: { healthSignal: undefined } });
    await run();
    assert.equal(warnings.filter(warning => warning.includes('reports no health')).length, 1);
  });

  it('watches where Azure moves the instances itself', async () => {
    const { run, sim, log } = scene({}, { scaleSet: { upgradeMode: 'Automatic' } });
    assert.match(await run(), /^Moved 4 of 4 instances/);
    assert.deepEqual(sim.upgradeCalls, []);
    assert.ok(log.some(line => line.startsWith('Azure moves the instances by that policy')));
  });

  it('moves all at once when told to, and none with modelOnly', async () => {
    const all = scene({ strategy: 'allAtOnce' });
    await all.run();
    assert.deepEqual(all.sim.upgradeCalls, [['0', '1', '2', '3']]);
    const none = scene({ strategy: 'modelOnly' });
    assert.match(await none.run(), /4 instances stay as they are/);
    assert.equal(none.sim.model(), imageId('new'));
    assert.deepEqual(none.sim.upgradeCalls, []);
  });

  it('waits for the site between instances and for its text at the end', async () => {
    let asked = 0;
    const { run, sim } = scene(
      { healthCheck: 'http', healthText: 'v2' },
      {},
      {
        site: url => {
          assert.equal(url, 'http://203.0.113.9');
          return { status: 200, body: ++asked > 8 ? 'now v2' : 'still v1' };
        },
      },
    );
    await run();
    assert.equal(sim.upgradeCalls.length, 4);
    assert.ok(asked > 8);
  });

  it('fails, and goes back, when the site does not answer', async () => {
    const { run, sim, outputs } = scene(
      { healthCheck: 'http' },
      {},
      {
        site: () => ({ status: 500, body: 'oops' }),
      },
    );
    await assert.rejects(run(), /did not answer as it should for .*HTTP 500 instead of 200/);
    assert.deepEqual(sim.images(), Array(4).fill(imageId('old')));
    assert.equal(outputs['rolledBack'], 'true');
    assert.deepEqual(sim.upgradeCalls, [['0'], ['0']]);
  });

  it('tells exactly what a cancelled step leaves', async () => {
    const abort = new AbortController();
    const { run, clock, warnings, sim } = scene({}, {}, { signal: abort.signal });
    clock.at(90_000, () => {
      abort.abort(new CancelledError('cancelled'));
    });
    await assert.rejects(run(), CancelledError);
    assert.match(
      warnings.at(-1) ?? '',
      /^Stopped with 1 of 4 instances of 'web' in service on the new model\. On the way, and Azure goes on with them: 1\. Still on the old model: 2, 3\./,
    );
    assert.equal(sim.upgradeCalls.length, 2);
  });

  it('changes nothing in a dry run, and prints the plan', async () => {
    const { run, sim, log } = scene({ dryRun: true, canarySize: '1', canarySoakSeconds: 60 });
    assert.match(await run(), /^Dry run: scale set 'web' can take/);
    assert.deepEqual(sim.writes, []);
    assert.ok(log.some(line => line.includes('has 4 instances; 4 of them on an older model')));
    assert.ok(log.some(line => line.includes('1 canary first (watched for 1 min 00 s)')));
  });

  it('refuses before anything changes: wrong region, end of life, marketplace image, automatic upgrades', async () => {
    const { run, sim } = scene(
      {},
      {
        image: { kind: 'platform', publisher: 'Debian', offer: 'debian-12', sku: '12', version: 'latest' },
        scaleSet: { automaticOsUpgrade: true },
        imageFacts: {
          locations: ['North Europe'],
          provisioningState: 'Succeeded',
          endOfLife: new Date(0),
        },
      },
    );
    await assert.rejects(run(), (error: Error) => {
      for (const part of [
        /in North Europe, the scale set in westeurope/,
        /ended on 1970-01-01/,
        /marketplace image \(Debian:debian-12:12:latest\)/,
        /automatic OS image upgrades/,
      ])
        assert.match(error.message, part);
      return true;
    });
    assert.deepEqual(sim.writes, []);
  });

  it('moves the machines of a scale set in Flexible orchestration by their names', async () => {
    const flexible = { scaleSet: { orchestrationMode: 'Flexible' } } as const;
    const { run, sim } = scene({}, flexible);
    assert.match(await run(), /^Moved 4 of 4 instances/);
    assert.deepEqual(sim.upgradeCalls, [['web_0'], ['web_1'], ['web_2'], ['web_3']]);
    const model = scene({ strategy: 'modelOnly' }, flexible);
    await model.run();
    assert.deepEqual(model.sim.writes, [`image ${imageId('new')}`]);
  });

  it('deploys a template, rolls its scale set and hands on its outputs, but no secure one', async () => {
    const { run, sim, outputs, log } = scene(templateFiles());
    assert.match(await run(), /^Moved 4 of 4 instances/);
    assert.equal(sim.writes[0], 'deployment web-20260101.1');
    assert.deepEqual(
      { ...outputs },
      {
        deploymentName: 'web-20260101.1',
        deployment_siteUrl: 'http://site.example',
        deployment_ports: '[80,443]',
        scaleSetName: 'web',
        imageReference: imageId('new'),
        previousImageReference: imageId('old'),
        siteUrl: 'http://site.example',
        instanceCount: '4',
        instancesUpdated: '4',
        rolledBack: 'false',
      },
    );
    assert.ok(
      log.some(line =>
        /^Succeeded +Microsoft.Compute\/virtualMachineScaleSets web \(1 min 04 s\)/.test(line),
      ),
    );
  });

  it('goes back after a template too', async () => {
    const { run, sim } = scene(templateFiles(), {
      behaviour: (_id, on) => ({ sick: on === imageId('new') }),
    });
    await assert.rejects(run(), /Rolled back/);
    assert.deepEqual(sim.images(), Array(4).fill(imageId('old')));
  });

  it('says that a first deployment has nothing to go back to', async () => {
    const { run, outputs, sim } = scene(templateFiles(), {
      behaviour: (_id, on) => ({ sick: on === imageId('new') }),
      image: { kind: 'managed', id: imageId('new') },
    });
    sim.azure.scaleSets.list = () => Promise.resolve([]);
    await assert.rejects(run(), /There is no previous image to go back to: this is the first deployment/);
    assert.equal(outputs['previousImageReference'], '');
    assert.equal(outputs['rolledBack'], 'false');
  });

  it('names every problem of the files before it asks Azure anything', async () => {
    const { run, sim } = scene({
      ...templateFiles({ imageID: { value: 'x' }, nope: { value: 1 }, count: {} }),
      overrideParameters: 'count=two\nother=1',
    });
    await assert.rejects(run(), (error: Error) => {
      assert.match(error.message, /web\.parameters\.json:1:\d+: the template declares no parameter 'nope'/);
      assert.match(error.message, /parameter 'count' has neither a "value" nor a "reference"/);
      assert.match(error.message, /'count' is an int in the template, not 'two'/);
      assert.match(error.message, /'overrideParameters': the template declares no parameter 'other'/);
      return true;
    });
    assert.equal(sim.reads, 0);
  });

  it('names every problem of the inputs at once', async () => {
    const { run } = scene({
      imageReference: 'https://account.blob.core.windows.net/vhds/x.vhd',
      scaleSetName: undefined,
      batchSize: '0%',
      maxUnhealthy: 'some',
      instanceTimeoutInMinutes: 0,
    });
    await assert.rejects(run(), (error: Error) => {
      for (const part of [
        /takes none, and Azure has retired/,
        /needs 'scaleSetName'/,
        /'batchSize' must be more/,
        /'maxUnhealthy' must be a number/,
        /'instanceTimeoutInMinutes'/,
      ])
        assert.match(error.message, part);
      return true;
    });
  });
});
