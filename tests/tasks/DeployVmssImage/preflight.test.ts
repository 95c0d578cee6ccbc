import assert from 'node:assert/strict';
import type { ImageFacts } from '../../../shared/azure/images.js';
import type { ModelImage } from '../../../shared/azure/modelImage.js';
import type { RollingUpgrade, ScaleSet } from '../../../shared/azure/scaleSets.js';
import { imageFindings, rolloutFindings } from '../../../tasks/DeployVmssImage/src/preflight.js';
import type { RolloutSettings } from '../../../tasks/DeployVmssImage/src/settings.js';
import { shortages } from '../../../tasks/DeployVmssImage/src/surgeQuota.js';
import { image, simulateAzure, simulatedClock, type SimulationOptions } from './simulatedAzure.js';

const now = Date.UTC(2026, 10, 23);
const facts: ImageFacts = {
  locations: ['West Europe'],
  notReplicated: new Map(),
  provisioningState: 'Succeeded',
  endOfLife: undefined,
  excludedFromLatest: false,
  osType: 'Linux',
  osState: 'Generalized',
  generation: 'V2',
  securityType: undefined,
};
const rollout: RolloutSettings = {
  strategy: 'rolling',
  batchSize: { percent: 20 },
  canarySize: { count: 0 },
  canarySoak: 0,
  pause: 0,
  maxSurge: false,
  maxUnhealthy: { percent: 20 },
  instanceTimeout: 60_000,
  onFailure: 'rollback',
  healthCheck: 'platform',
  healthUrl: undefined,
  healthText: undefined,
  healthCommand: [],
};
const marketplace: ModelImage = {
  kind: 'platform',
  publisher: 'Debian',
  offer: 'debian-12',
  sku: '12',
  version: 'latest',
};

async function scene(options: SimulationOptions) {
  const { azure } = simulateAzure(simulatedClock(now), options);
  const scaleSet = await azure.scaleSets.find('web');
  assert.ok(scaleSet !== undefined);
  return { scaleSet, instances: await azure.scaleSets.instances(scaleSet) };
}

describe('before a rollout', () => {
  const images: readonly (readonly [
    what: string,
    expected: RegExp,
    facts: Partial<ImageFacts> | undefined,
    set?: Partial<ScaleSet>,
    current?: Partial<ImageFacts>,
  ])[] = [
    ['an image that is not there', /There is no such image, or this connection may not read it/, undefined],
    [
      'another region',
      /The image is in northeurope and eastus, the scale set in westeurope: bake it there/,
      { locations: ['northeurope', 'eastus'] },
    ],
    [
      'replication under way',
      /not been replicated to westeurope \(Replicating\): run this step again/,
      { notReplicated: new Map([['West Europe', 'Replicating']]) },
    ],
    [
      'replication that failed',
      /\(Failed\): look at the version in the gallery/,
      { notReplicated: new Map([['westeurope', 'Failed']]) },
    ],
    ['an image that is not ready', /provisioning state is Creating/, { provisioningState: 'Creating' }],
    ['the end of its life', /life ended on 2026-11-01/, { endOfLife: new Date('2026-11-01') }],
    ['a specialized image', /specialized/, { osState: 'Specialized' }],
    [
      'another operating system',
      /of Windows, the scale set runs Linux/,
      { osType: 'Windows' },
      {},
      { osType: 'Linux' },
    ],
    [
      'another generation',
      /of generation V2, the scale set runs generation V1/,
      {},
      {},
      { generation: 'V1' },
    ],
    [
      'no trusted launch',
      /security type TrustedLaunch, which the image does not have/,
      {},
      { securityType: 'TrustedLaunch' },
    ],
    ['nothing but trusted launch', /can run as TrustedLaunch only/, { securityType: 'TrustedLaunch' }],
    [
      'a marketplace scale set',
      /runs a marketplace image \(Debian:debian-12:12:latest\), and Azure cannot change/,
      {},
      { image: marketplace },
    ],
    [
      'unmanaged disks',
      /runs a VHD URI on unmanaged disks/,
      {},
      { image: { kind: 'vhd', uri: 'https://a/b.vhd' } },
    ],
    [
      'automatic upgrades of the OS image',
      /automatic OS image upgrades on/,
      {},
      { automaticOsUpgrade: true },
    ],
  ];
  for (const [what, expected, one, set = {}, current] of images) {
    it(`refuses ${what}`, async () => {
      const { scaleSet } = await scene({});
      const found = imageFindings(
        { ...scaleSet, ...set },
        { image: image('new'), facts: one === undefined ? undefined : { ...facts, ...one } },
        current === undefined ? undefined : { image: image('old'), facts: { ...facts, ...current } },
        { now, isWayBack: false },
      );
      assert.equal(found.problems.length, 1, found.problems.join('\n'));
      assert.match(found.problems[0]!, expected);
    });
  }

  it('finds nothing wrong with what fits, replicated elsewhere or not', async () => {
    const { scaleSet } = await scene({});
    const good = {
      ...facts,
      notReplicated: new Map([['eastus', 'Failed']]),
      securityType: 'TrustedLaunchSupported',
    };
    for (const securityType of [undefined, 'TrustedLaunch']) {
      assert.deepEqual(
        imageFindings(
          { ...scaleSet, securityType },
          { image: image('new'), facts: good },
          { image: image('old'), facts },
          { now, isWayBack: false },
        ),
        { problems: [], cautions: [] },
      );
    }
  });

  it('tells all at once; a way back takes an image past its life, and says so', async () => {
    const { scaleSet } = await scene({});
    const old = {
      ...facts,
      endOfLife: new Date('2026-01-01'),
      excludedFromLatest: true,
      locations: ['eastus'],
      osState: 'Specialized',
    };
    const forward = imageFindings(scaleSet, { image: image('new'), facts: old }, undefined, {
      now,
      isWayBack: false,
    });
    assert.deepEqual([forward.problems.length, forward.cautions.length], [3, 1]);
    const back = imageFindings(scaleSet, { image: image('new'), facts: old }, undefined, {
      now,
      isWayBack: true,
    });
    assert.deepEqual([back.problems.length, back.cautions.length], [2, 2]);
  });

  const running: RollingUpgrade = {
    state: 'RollingForward',
    startedAt: new Date(now),
    error: undefined,
    progress: { successful: 1, failed: 0, inProgress: 1, pending: 2 },
  };
  const rollouts: readonly (readonly [
    what: string,
    expected: RegExp | undefined,
    options: SimulationOptions,
    settings?: Partial<RolloutSettings>,
    upgrade?: RollingUpgrade,
  ])[] = [
    ['a rolling upgrade under way', /rolling upgrade of 'web' is going on since 2026-11-23/, {}, {}, running],
    [
      'nothing but protected instances',
      /All instances .* are protected .*\(0, 1, 2, 3\)/,
      { protectedIds: ['0', '1', '2', '3'] },
    ],
    [
      'Azure’s own rolling without a health signal',
      /reports no health, which Azure's own rolling upgrades need/,
      { scaleSet: { healthSignal: undefined } },
      { strategy: 'platformRolling' },
    ],
    [
      'a small scale set with the default policy of 20 %',
      /1 instance of 2 being moved are 50 % out of service, and 'maxUnhealthyInstancePercent' is 20/,
      {
        count: 2,
        scaleSet: {
          upgradeMode: 'Rolling',
          rollingPolicy: { batchPercent: 20, unhealthyPercent: 20, maxSurge: false },
        },
      },
    ],
    [
      'nothing: the same set with room',
      undefined,
      {
        count: 2,
        scaleSet: {
          upgradeMode: 'Rolling',
          rollingPolicy: { batchPercent: 20, unhealthyPercent: 50, maxSurge: false },
        },
      },
    ],
    [
      'nothing: five instances at 20 %',
      undefined,
      {
        count: 5,
        scaleSet: {
          upgradeMode: 'Rolling',
          rollingPolicy: { batchPercent: 20, unhealthyPercent: 20, maxSurge: false },
        },
      },
    ],
    ['nothing: two instances at 20 %, moved by this task', undefined, { count: 2 }],
  ];
  for (const [what, expected, options, settings = {}, upgrade] of rollouts) {
    it(`refuses ${what}`, async () => {
      const { scaleSet, instances } = await scene(options);
      const { problems } = rolloutFindings(scaleSet, instances, { ...rollout, ...settings }, upgrade, true);
      assert.equal(problems.length, expected === undefined ? 0 : 1, problems.join('\n'));
      if (expected !== undefined) assert.match(problems[0]!, expected);
    });
  }

  it('says when nothing will answer meanwhile', async () => {
    const { scaleSet, instances } = await scene({ count: 1 });
    assert.match(
      rolloutFindings(scaleSet, instances, rollout, undefined, true).cautions.join(),
      /has one instance: while it moves, nothing answers/,
    );
  });

  it('counts what a surge needs against each limit', () => {
    const quotas = [
      { name: 'cores', used: 8, limit: 10 },
      { name: 'standardBSFamily', used: 0, limit: 2 },
      { name: 'virtualMachines', used: 1, limit: 25_000 },
    ];
    const size = { family: 'standardBSFamily', cores: 2 };
    const place = { location: 'westeurope', vmSize: 'Standard_B2s' };
    assert.deepEqual(shortages(1, quotas, size, place), []);
    const found = shortages(2, quotas, size, place);
    assert.equal(found.length, 2);
    assert.match(
      found[0]!,
      /A surge of 2 \(Standard_B2s\) needs 4 more of 'cores' in westeurope, where 8 of 10 are used/,
    );
  });
});
