import assert from 'node:assert/strict';
import { planSmoke } from '../../../tasks/RunSeleniumSmoke/src/smokePlan.js';
import { smokeDefaults } from './smokeDefaults.js';

const plan = (rest: Partial<typeof smokeDefaults>) =>
  planSmoke({ ...smokeDefaults, siteUrl: 'http://site.example.com', ...rest }, '/src');

describe('planSmoke', () => {
  for (const [proxy, capability] of [
    ['proxy.example.com:3128', { httpProxy: 'proxy.example.com:3128', sslProxy: 'proxy.example.com:3128' }],
    ['http://proxy.example.com:80/', { httpProxy: 'proxy.example.com:80', sslProxy: 'proxy.example.com:80' }],
    ['https://[::1]:8443', { httpProxy: '[::1]:8443', sslProxy: '[::1]:8443' }],
    ['socks5://proxy.example.com', { socksProxy: 'proxy.example.com:1080', socksVersion: 5 }],
  ] as const) {
    it(`makes a capability of the proxy ${proxy}`, () => {
      assert.deepEqual(plan({ proxy }).settings.capabilities, {
        proxy: { proxyType: 'manual', ...capability },
      });
    });
  }

  it('knows the proxies without an address', () => {
    const capabilities = '{"acceptInsecureCerts": true}';
    assert.deepEqual(plan({ proxy: 'system', capabilities }).settings.capabilities, {
      acceptInsecureCerts: true,
      proxy: { proxyType: 'system' },
    });
  });

  for (const [what, rest, message] of [
    ['a proxy that is none', { proxy: 'ftp://x' }, /'proxy' must be the address of a proxy/],
    ['a proxy with a path', { proxy: 'http://x/proxy.pac' }, /'proxy' must be the address of a proxy/],
    ['credentials of a proxy', { proxy: 'http://me:pass@x:1' }, /'proxy' holds credentials/],
    [
      'two proxies',
      { proxy: 'x:1', capabilities: '{"proxy":{}}' },
      /'proxy' and the proxy in 'capabilities' cannot both/,
    ],
    ['a display for headless browsers', { xvfb: true }, /'xvfb' starts a display, which browsers do not use/],
    [
      'a display for a grid',
      { xvfb: true, headless: false, gridUrl: 'http://g:4444' },
      /'xvfb' and 'gridUrl' cannot both be given/,
    ],
    ['less than no shard', { shards: -1 }, /'shards' must be from 0 to 100, not -1/],
    ['too many shards', { shards: 101 }, /'shards' must be from 0 to 100, not 101/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => plan(rest), { message });
    });
  }

  it('never shows the password of a proxy or a grid', () => {
    const rest = { proxy: 'http://me:s3cret@x:1', gridUrl: 'ftp://me:s3cret@grid' };
    assert.throws(
      () => plan(rest),
      (error: Error) => !error.message.includes('s3cret'),
    );
  });
});
