import assert from 'node:assert/strict';
import fc from 'fast-check';
import { policiesOf } from '../../../../local/azure/throttling/policies.js';
import { createThrottling } from '../../../../local/azure/throttling/throttling.js';
import { look, startFixture } from '../fixture.js';

const compute = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute';
const web = `${compute}/virtualMachineScaleSets/web`;
const request = (method: string, path: string) => ({
  method,
  url: new URL(`https://management.azure.com${path}?api-version=2024-07-01`),
  headers: {},
  text: '',
});
const statusOf = (verdict: ReturnType<ReturnType<typeof createThrottling>['admit']>) =>
  'refusal' in verdict ? verdict.refusal.status : 200;

describe("Azure's request limits", () => {
  const cases: readonly (readonly [method: string, path: string, existed: boolean, names: string])[] = [
    ['GET', '/subscriptions/s/resourcegroups/g', true, 'reads'],
    ['DELETE', '/subscriptions/s/resourcegroups/g', true, 'deletes'],
    ['PUT', web, false, 'writes CreateVMScaleSetSubscriptionMaximum CreateVMScaleSetResource'],
    ['PUT', web, true, 'writes UpdateVMScaleSetSubscriptionMaximum UpdateVMScaleSetResource'],
    ['PATCH', web, true, 'writes UpdateVMScaleSetSubscriptionMaximum UpdateVMScaleSetResource'],
    [
      'POST',
      `${web}/manualupgrade`,
      true,
      'writes UpdateVMScaleSetSubscriptionMaximum UpdateVMScaleSetResource',
    ],
    ['POST', `${web}/reimage`, true, 'writes UpdateVMScaleSetSubscriptionMaximum'],
    [
      'POST',
      `${web}/deallocate`,
      true,
      'writes DeleteVMScaleSetSubscriptionMaximum DeleteVMScaleSetResource',
    ],
    ['POST', `${web}/poweroff`, true, 'writes DeleteVMScaleSetSubscriptionMaximum'],
    ['GET', web, true, 'reads GetVMScaleSetSubscriptionMaximum GetVMScaleSetResource'],
    [
      'GET',
      `${web}/rollingUpgrades/latest`,
      true,
      'reads GetVMScaleSetSubscriptionMaximum GetVMScaleSetResource',
    ],
    [
      'GET',
      `${web}/instanceView`,
      true,
      'reads HighCostGetVMScaleSetSubscriptionMaximum HighCostGetVMScaleSetResource',
    ],
    ['GET', `${compute}/virtualMachineScaleSets`, true, 'reads HighCostGetVMScaleSetSubscriptionMaximum'],
    [
      'GET',
      `${web}/virtualMachines/0`,
      true,
      'reads GetVMScaleSetVMSubscriptionMaximum GetVMScaleSetVMResource',
    ],
    [
      'DELETE',
      `${web}/virtualMachines/0`,
      true,
      'deletes DeleteVMScaleSetVMSubscriptionMaximum DeleteVMScaleSetVMResource',
    ],
    [
      'POST',
      `${web}/virtualMachines/0/restart`,
      true,
      'writes UpdateVMScaleSetVMSubscriptionMaximum UpdateVMScaleSetVMResource',
    ],
    ['PUT', `${compute}/virtualMachines/vm`, false, 'writes PutVMSubscriptionMaximum PutVMResource'],
    [
      'POST',
      `${compute}/virtualMachines/vm/deallocate`,
      true,
      'writes DeleteVMSubscriptionMaximum DeleteVMResource',
    ],
    [
      'GET',
      '/subscriptions/s/providers/Microsoft.Compute/locations/l/operations/o',
      true,
      'reads GetOperationSubscriptionMaximum GetOperationResource',
    ],
  ];
  for (const [method, path, existed, names] of cases) {
    it(`count ${method} ${path.replace(compute, '…')}${existed ? '' : ' of a new one'} as ${names}`, () => {
      assert.equal(
        policiesOf(method, path, existed)
          .map(one => one.name)
          .join(' '),
        names,
      );
    });
  }

  it('count an action against the bucket of its scale set, however it is spelled', () => {
    const scopes = [web, `${web}/manualupgrade`, web.toUpperCase()].map(
      path => policiesOf('PATCH', path, true).at(-1)?.scope,
    );
    assert.deepEqual(new Set(scopes), new Set([web.toLowerCase()]));
  });

  it('let twelve updates of one scale set through, then four in each minute, which the time scale shortens', () => {
    let time = 1_000_000;
    const throttling = createThrottling(
      0.1,
      () => new Date(time),
      () => ({}),
    );
    const update = () => statusOf(throttling.admit(request('PATCH', web)));
    const many = (count: number) =>
      Array.from({ length: count }, update).filter(status => status === 200).length;
    assert.equal(many(20), 12);
    const refused = throttling.admit(request('PATCH', web));
    assert.ok('refusal' in refused);
    assert.equal(refused.refusal.headers?.['retry-after'], '6');
    assert.equal(look(refused.refusal, 'body.error.details.0.target'), 'UpdateVMScaleSetResource');
    assert.equal(statusOf(throttling.admit(request('PATCH', `${web}2`))), 200);
    time += 6000;
    assert.equal(many(20), 4);
    time += 60_000;
    assert.equal(many(20), 12);
  });

  it('count the instances that a request to a scale set acts on, as many as were recorded', () => {
    let time = 1_000_000;
    const throttling = createThrottling(
      1,
      () => new Date(time),
      () => ({ sku: { capacity: 1000 } }),
    );
    const left = (method: string, path: string, body: unknown) => {
      const verdict = throttling.admit({ ...request(method, path), text: JSON.stringify(body) });
      if ('refusal' in verdict) return look(verdict.refusal, 'body.error.details.0.target');
      const headers = verdict.headers['x-ms-ratelimit-remaining-resource'] ?? '';
      return /VMScaleSetBatchedVMRequests5Min;(\d+)/.exec(headers)?.[1];
    };
    assert.equal(left('POST', `${web}/manualupgrade`, { instanceIds: ['0', '1', '7'] }), '1197');
    assert.equal(left('POST', `${web}/restart`, { instanceIds: ['*'] }), '197');
    assert.equal(left('PATCH', web, { sku: { capacity: 1002 } }), '195');
    assert.equal(left('PATCH', web, { tags: {} }), undefined);
    assert.equal(left('GET', `${web}/virtualMachines`, undefined), undefined);
    assert.equal(left('POST', `${web}/virtualMachines/3/restart`, {}), undefined);
    assert.equal(left('POST', `${web}/reimage`, undefined), 'VMScaleSetBatchedVMRequests5Min');
    time += 300_000;
    assert.equal(left('POST', `${web}/reimage`, undefined), '200');
  });

  it('never let more through than the bucket and its refills hold', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 90_000 }), { maxLength: 200 }), pauses => {
        let time = 0;
        const throttling = createThrottling(
          1,
          () => new Date(time),
          () => ({}),
        );
        const passed = pauses.filter(pause => {
          time += pause;
          return statusOf(throttling.admit(request('PATCH', web))) === 200;
        }).length;
        assert.ok(passed <= 12 + 4 * Math.floor(time / 60_000));
      }),
    );
  });

  it('are told in headers and kept when they are switched on, and neither when not', async () => {
    const frozen = new Date();
    const on = await startFixture({ offset: 0 }, { throttling: true, timeScale: 1, now: () => frozen });
    try {
      const first = await on.arm('GET', '/resourcegroups');
      assert.equal(first.headers['x-ms-ratelimit-remaining-subscription-reads'], '249');
      const path = '/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web';
      const tries: number[] = [];
      for (let i = 0; i < 38; i += 1) tries.push((await on.arm('GET', path)).status);
      assert.deepEqual([tries.filter(one => one === 404).length, tries.at(-1)], [36, 429]);
      const left = await on.arm('GET', `${path}2`);
      assert.match(
        String(left.headers['x-ms-ratelimit-remaining-resource']),
        /^Microsoft\.Compute\/GetVMScaleSetSubscriptionMaximum;\d+,Microsoft\.Compute\/GetVMScaleSetResource;35$/,
      );
    } finally {
      await on.close();
    }
    const off = await startFixture();
    try {
      const { headers } = await off.arm('GET', '/resourcegroups');
      assert.deepEqual(
        Object.keys(headers).filter(name => name.includes('ratelimit')),
        [],
      );
    } finally {
      await off.close();
    }
  });
});
