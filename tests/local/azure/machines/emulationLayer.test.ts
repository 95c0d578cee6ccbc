/** The proxies that apt in a machine is told of. */
import assert from 'node:assert/strict';
import { aptProxies } from '../../../../local/azure/machines/emulationLayer.js';

describe('emulation layer', () => {
  it('hands on the proxies that apt itself would take from the environment', () => {
    assert.equal(aptProxies({}), '');
    assert.equal(aptProxies({ http_proxy: '', HTTP_PROXY: 'http://upper:1' }), '');
    assert.equal(
      aptProxies({ http_proxy: 'http://user:p%40ss@proxy:3128', https_proxy: 'http://[::1]:8080/' }),
      'Acquire::http::Proxy "http://user:p%40ss@proxy:3128";\nAcquire::https::Proxy "http://[::1]:8080/";\n',
    );
  });

  it('refuses what would be more than a value in the configuration', () => {
    assert.equal(aptProxies({ http_proxy: 'http://x";APT::Update::Pre-Invoke "id' }), '');
    assert.equal(aptProxies({ http_proxy: 'http://x\nDir "/"' }), '');
  });
});
