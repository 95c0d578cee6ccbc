import assert from 'node:assert/strict';
import type { DeploymentOperation, DeploymentState, Deployments } from '../../../shared/azure/deployments.js';
import { AzureError, CancelledError, describe as prose } from '../../../shared/core/errors.js';
import { watchDeployment } from '../../../tasks/DeployVmssImage/src/watchDeployment.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';
import { simulatedClock } from './simulatedAzure.js';

const operation = (name: string, state: string, more: Partial<DeploymentOperation> = {}) => ({
  id: name,
  kind: 'Create',
  state,
  resourceType: 'Microsoft.Network/loadBalancers',
  resourceName: name,
  resourceId: `/${name}`,
  duration: undefined,
  error: undefined,
  ...more,
});
const stateOf = (state: string, more: Partial<DeploymentState> = {}): DeploymentState => ({
  state,
  error: undefined,
  correlationId: 'correlation-1',
  outputs: [],
  resources: [],
  ...more,
});

/** Each look takes the next scene; the last one stays. */
function scripted(scenes: [DeploymentState, DeploymentOperation[]][], onCancel = () => Promise.resolve()) {
  let look = 0;
  const cancelled: string[] = [];
  const current = () => scenes[Math.min(look, scenes.length - 1)]!;
  const deployments: Pick<Deployments, 'state' | 'operations' | 'cancel'> = {
    state: () => Promise.resolve(current()[0]),
    operations: () => {
      const [, operations] = current();
      look++;
      return Promise.resolve(operations);
    },
    cancel: name => {
      cancelled.push(name);
      return onCancel();
    },
  };
  return { deployments: deployments as Deployments, cancelled };
}

describe('watchDeployment', () => {
  it('logs each operation once for each of its states, and its time', async () => {
    const fake = fakeAgent();
    const { deployments } = scripted([
      [stateOf('Accepted'), []],
      [stateOf('Running'), [operation('lb', 'Running')]],
      [stateOf('Running'), [operation('lb', 'Running')]],
      [
        stateOf('Running'),
        [operation('lb', 'Succeeded', { duration: 'PT1M4.5S' }), operation('ip', 'Running')],
      ],
      [
        stateOf('Succeeded'),
        [operation('lb', 'Succeeded'), operation('ip', 'Succeeded', { duration: 'PT2S' })],
      ],
    ]);
    const last = await watchDeployment('web', deployments, { agent: fake.agent, clock: simulatedClock() });
    assert.equal(last.state, 'Succeeded');
    assert.deepEqual(fake.log, [
      'Running    Microsoft.Network/loadBalancers lb',
      'Succeeded  Microsoft.Network/loadBalancers lb (1 min 05 s)',
      'Running    Microsoft.Network/loadBalancers ip',
      'Succeeded  Microsoft.Network/loadBalancers ip (2.0 s)',
    ]);
    await fake.close();
  });

  it('says once a minute what it waits for', async () => {
    const fake = fakeAgent();
    const clock = simulatedClock();
    const scenes: [DeploymentState, DeploymentOperation[]][] = [
      [stateOf('Running'), [operation('lb', 'Running')]],
    ];
    const { deployments } = scripted(scenes);
    clock.at(200_000, () => {
      scenes[0] = [stateOf('Succeeded'), [operation('lb', 'Succeeded')]];
    });
    await watchDeployment('web', deployments, { agent: fake.agent, clock });
    const beats = fake.log.filter(line =>
      line.endsWith("deployment 'web' is waiting for Microsoft.Network/loadBalancers lb"),
    );
    assert.equal(beats.length, 3);
    await fake.close();
  });

  it('fails with each failed operation beneath, named by its resource', async () => {
    const fake = fakeAgent();
    const error = { code: 'SubnetIsFull', message: 'no address left', details: [] };
    const { deployments } = scripted([
      [
        stateOf('Failed', {
          error: { code: 'DeploymentFailed', message: 'At least one failed.', details: [] },
        }),
        [operation('lb', 'Failed', { error }), operation('ip', 'Succeeded')],
      ],
    ]);
    await assert.rejects(
      watchDeployment('web', deployments, { agent: fake.agent, clock: simulatedClock() }),
      (thrown: unknown) => {
        assert.ok(thrown instanceof AzureError);
        assert.equal(
          prose(thrown),
          [
            "Azure refused deployment 'web'.",
            'SubnetIsFull (Microsoft.Network/loadBalancers lb): no address left',
            'Azure request id: correlation-1',
          ].join('\n'),
        );
        return true;
      },
    );
    await fake.close();
  });

  for (const [how, onCancel, expected] of [
    ['did', () => Promise.resolve(), /was cancelled at Azure/],
    [
      'did not',
      () => Promise.reject(new Error('409')),
      /may still be running at Azure \(cancelling it failed: 409\)/,
    ],
  ] as const) {
    it(`cancels the deployment with the step, and says that it ${how}`, async () => {
      const abort = new AbortController();
      const fake = fakeAgent({ signal: abort.signal });
      const clock = simulatedClock();
      clock.at(30_000, () => {
        abort.abort(new CancelledError('stop'));
      });
      const { deployments, cancelled } = scripted([[stateOf('Running'), []]], onCancel);
      await assert.rejects(watchDeployment('web', deployments, { agent: fake.agent, clock }), CancelledError);
      assert.deepEqual(cancelled, ['web']);
      assert.match(fake.warnings[0] ?? '', expected);
      await fake.close();
    });
  }
});
