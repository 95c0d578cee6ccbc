import assert from 'node:assert/strict';
import { probeIn } from '../../../shared/azure/healthProbes.js';
import { healthAdvice } from '../../../tasks/DeployVmssImage/src/healthAdvice.js';

const id = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/lb/probes/web';

describe('probeIn', () => {
  it('finds a probe by its id whatever its case', () => {
    const properties = { protocol: 'Http', port: 80, requestPath: '/health' };
    const balancer = { properties: { probes: [{ id: `${id}2` }, { id: id.toUpperCase(), properties }] } };
    assert.deepEqual(probeIn(balancer, id), { protocol: 'http', port: 80, path: '/health' });
  });

  it('takes no balancer and no probe for none', () => {
    assert.equal(probeIn(undefined, id), undefined);
    assert.equal(probeIn({ properties: {} }, id), undefined);
  });
});

describe('healthAdvice', () => {
  it('says what a TCP probe does, and to look at the network too', () => {
    const advice = healthAdvice({
      kind: 'probe',
      name: 'web',
      endpoint: { protocol: 'tcp', port: 8080, path: undefined },
    }).join('\n');
    assert.match(advice, /probe 'web': TCP on port 8080; .*accepts a connection/);
    assert.match(advice, /AzureLoadBalancer/);
  });

  it('asks the health extension from inside, without the network', () => {
    const advice = healthAdvice({
      kind: 'extension',
      name: 'AppHealth',
      endpoint: { protocol: 'https', port: undefined, path: '/ready' },
    }).join('\n');
    assert.match(advice, /extension 'AppHealth': HTTPS on its default port, path \/ready;/);
    assert.match(advice, /curl -i https:\/\/localhost\/ready$/);
  });
});
