import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browserNamed } from '../../../tasks/RunSeleniumSmoke/src/browsers.js';
import { explainRefusal } from '../../../tasks/RunSeleniumSmoke/src/conclusion.js';
import {
  versionFault,
  versionIn,
  warnOfOtherVersion,
} from '../../../tasks/RunSeleniumSmoke/src/driverVersions.js';
import { findDriver } from '../../../tasks/RunSeleniumSmoke/src/webDriver.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

const settings = { headless: true, windowSize: undefined, mobileDevice: undefined, capabilities: {} };

describe('driver and browser', function () {
  this.timeout(60_000);
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'smoke-versions-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  for (const [name, program, variable] of [
    ['chrome', 'chromedriver', 'CHROMEWEBDRIVER'],
    ['chromium', 'chromedriver', 'CHROMEWEBDRIVER'],
    ['edge', 'msedgedriver', 'EDGEWEBDRIVER'],
    ['firefox', 'geckodriver', 'GECKOWEBDRIVER'],
  ] as const) {
    it(`finds ${program} for ${name}: given, named by a hosted agent, on PATH, or nowhere`, async () => {
      const { driver } = browserNamed(name)!;
      const hosted = fakeAgent({ environment: { [variable]: directory }, tools: { [program]: '/bin/path' } });
      const bare = fakeAgent();
      try {
        assert.equal(findDriver(driver, '/given', hosted.agent), '/given');
        assert.equal(findDriver(driver, undefined, hosted.agent), '/bin/path');
        writeFileSync(join(directory, program), '');
        assert.equal(findDriver(driver, undefined, hosted.agent), join(directory, program));
        assert.throws(
          () => findDriver(driver, undefined, bare.agent),
          new RegExp(
            `was not found: ${variable} is not set, and there is no ${program} on PATH\\. Install .*gridUrl`,
          ),
        );
      } finally {
        await hosted.close();
        await bare.close();
      }
    });
  }

  it('warns when a real driver stands beside another version of the browser', async () => {
    const wrapper = join(directory, 'chromium');
    writeFileSync(
      wrapper,
      '#!/bin/sh\nif [ "$1" = --version ]; then echo "Chromium 100.0.4896.60 built on Debian"; else exec /usr/bin/chromium "$@"; fi\n',
      { mode: 0o755 },
    );
    const chromedriver = '/usr/bin/chromedriver';
    const fake = fakeAgent({ tools: { chromedriver, chromium: '/usr/bin/chromium' } });
    try {
      const chrome = browserNamed('chrome')!;
      await warnOfOtherVersion(chrome, undefined, settings, fake.agent);
      assert.equal(fake.warnings.length, 0, 'both are of one package');
      const capabilities = { 'goog:chromeOptions': { binary: wrapper } };
      await warnOfOtherVersion(chrome, undefined, { ...settings, capabilities }, fake.agent);
      assert.equal(fake.warnings.length, 1);
      assert.match(
        fake.warnings[0] ?? '',
        /^ChromeDriver \d+\.[\d.]+ \(\/usr\/bin\/chromedriver\) is not the driver of chrome 100\.0\.4896\.60 \(.*\/chromium\): install both from one source/,
      );
      const missing = { 'goog:chromeOptions': { binary: join(directory, 'nothing') } };
      await warnOfOtherVersion(chrome, undefined, { ...settings, capabilities: missing }, fake.agent);
      await warnOfOtherVersion(browserNamed('firefox')!, undefined, settings, fake.agent);
      assert.equal(fake.warnings.length, 1, 'nothing is said of what cannot be told');
    } finally {
      await fake.close();
    }
  });

  it('reads versions as programs print them', () => {
    assert.equal(
      versionIn('ChromeDriver 150.0.7871.124 (9261fd0a595a-refs/branch-heads/7871@{#3359})'),
      '150.0.7871.124',
    );
    assert.equal(
      versionIn('Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)'),
      '156.0.8078.79',
    );
    assert.equal(versionIn('Microsoft Edge WebDriver 130.0.2849.46'), '130.0.2849.46');
    assert.equal(versionIn('Opening in existing browser session.'), undefined);
  });

  it('minds the major version only', () => {
    const program = (version: string) => ({ name: 'p', path: '/p', version });
    assert.equal(versionFault(program('156.0.1'), program('156.9')), undefined);
    assert.match(
      versionFault(program('15.0'), program('156.0')) ?? '',
      /^p 15\.0 \(\/p\) is not the driver of/,
    );
  });
});

describe('explainRefusal', () => {
  // What ChromeDriver 150 said of Chromium 156, geckodriver 0.37 and Selenium Grid 4.48 of a browser that is not there.
  for (const [said, driver, remedy] of [
    [
      'session not created: This version of ChromeDriver only supports Chrome version 150; Current browser version is 156.0.8078.79 with binary path /usr/bin/chromium',
      'ChromeDriver (/opt/chromedriver)',
      /: ChromeDriver \(\/opt\/chromedriver\) and the browser are of different versions: install both from one source in the same version, or name the driver that fits in 'driverPath'\.$/,
    ],
    [
      'session not created: This version of ChromeDriver only supports Chrome version 150',
      undefined,
      /on the grid, browser and driver are of different versions/,
    ],
    [
      'session not created: cannot find Chrome binary',
      'ChromeDriver (/d)',
      /the browser is not installed on this/,
    ],
    [
      'session not created: Expected browser binary location, but unable to find binary in default location, no moz:firefoxOptions.binary capability provided',
      'geckodriver (/d)',
      /the browser is not installed on this/,
    ],
    [
      'session not created: Chrome instance exited. Examine ChromeDriver verbose log',
      'ChromeDriver (/d)',
      /does not start on this machine: without a display/,
    ],
    [
      'session not created: Could not start a new session. No nodes support the capabilities in the request',
      undefined,
      /the grid has no node for such a session/,
    ],
    [
      'session not created: Session is already started',
      'geckodriver (/d)',
      /geckodriver has one session at a time, and a test before left its own open/,
    ],
    ['invalid argument: unknown x', 'ChromeDriver (/d)', /look at what the tests ask for/],
  ] as const) {
    it(`says what to do about: ${said.slice(0, 60)}`, () => {
      const sentence = explainRefusal(said, driver);
      assert.ok(sentence.startsWith(`The driver made no browser session (${said}): `));
      assert.match(sentence, remedy);
    });
  }
});
