import assert from 'node:assert/strict';
import { loopbackWithoutProxy } from '../../../tasks/RunSeleniumSmoke/src/webDriver.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

describe('loopbackWithoutProxy', () => {
  it('adds this machine to what is there already', async () => {
    const fake = fakeAgent({ environment: { NO_PROXY: 'a.example.com, localhost' } });
    const hosts = 'a.example.com,localhost,127.0.0.1,::1';
    assert.deepEqual(loopbackWithoutProxy(fake.agent), { NO_PROXY: hosts, no_proxy: hosts });
    await fake.close();
  });
});
