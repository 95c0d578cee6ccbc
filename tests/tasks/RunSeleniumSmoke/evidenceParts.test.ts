import assert from 'node:assert/strict';
import type { TestCase } from '../../../shared/core/junit.js';
import { addCapabilities } from '../../../tasks/RunSeleniumSmoke/src/browserCapabilities.js';
import { browserNamed, capabilitiesFor } from '../../../tasks/RunSeleniumSmoke/src/browsers.js';
import type { Snapshot } from '../../../tasks/RunSeleniumSmoke/src/evidence.js';
import { evidenceFor } from '../../../tasks/RunSeleniumSmoke/src/evidenceMatch.js';
import { afterMessage, type LogState } from '../../../tasks/RunSeleniumSmoke/src/liveTests.js';
import { noticesOf } from '../../../tasks/RunSeleniumSmoke/src/watchedWebDriver.js';

describe('addCapabilities', () => {
  const added = { 'goog:chromeOptions': { args: ['--headless=new'] }, acceptInsecureCerts: true };

  it('merges into alwaysMatch, joining lists', () => {
    const body = { capabilities: { alwaysMatch: { 'goog:chromeOptions': { args: ['--a'], binary: 'b' } } } };
    assert.deepEqual(addCapabilities(body, added), {
      capabilities: {
        alwaysMatch: {
          'goog:chromeOptions': { args: ['--a', '--headless=new'], binary: 'b' },
          acceptInsecureCerts: true,
        },
      },
    });
  });

  it('merges into firstMatch what stands there, since a name must not stand in both', () => {
    const body = { capabilities: { firstMatch: [{ 'goog:chromeOptions': { args: ['--a'] } }] } };
    assert.deepEqual(addCapabilities(body, added), {
      capabilities: {
        alwaysMatch: { acceptInsecureCerts: true },
        firstMatch: [{ 'goog:chromeOptions': { args: ['--a', '--headless=new'] } }],
      },
    });
  });

  it('serves the dialect before the standard, and suggests only what is not said', () => {
    const body = { desiredCapabilities: { browserName: 'chrome', x: 1 } };
    assert.deepEqual(addCapabilities(body, { y: 2 }, { x: 3, z: 4 }), {
      desiredCapabilities: { browserName: 'chrome', x: 1, y: 2, z: 4 },
    });
  });
});

describe('capabilitiesFor', () => {
  const settings = {
    headless: true,
    windowSize: '800x600',
    mobileDevice: undefined,
    capabilities: { proxy: { proxyType: 'direct' } },
  };

  it('speaks to each browser in its own words', () => {
    assert.deepEqual(capabilitiesFor(browserNamed('Firefox'), settings), {
      proxy: { proxyType: 'direct' },
      'moz:firefoxOptions': { args: ['-headless', '--width=800', '--height=600'] },
    });
    assert.deepEqual(capabilitiesFor(browserNamed('edge'), { ...settings, mobileDevice: 'Pixel 7' }), {
      proxy: { proxyType: 'direct' },
      'ms:edgeOptions': {
        args: ['--headless=new', '--window-size=800,600'],
        mobileEmulation: { deviceName: 'Pixel 7' },
      },
    });
    assert.deepEqual(capabilitiesFor(undefined, settings), settings.capabilities);
  });

  it("gives a browser's own capabilities to that browser only", () => {
    const own = { 'goog:x': 1, 'ms:x': 2, 'moz:x': 3, 'se:x': 4 };
    const given = (name: string) =>
      Object.keys(
        capabilitiesFor(browserNamed(name), {
          ...settings,
          windowSize: undefined,
          headless: false,
          capabilities: own,
        }),
      );
    assert.deepEqual(given('chrome'), ['goog:x', 'se:x']);
    assert.deepEqual(given('edge'), ['ms:x', 'se:x']);
    assert.deepEqual(given('firefox'), ['moz:x', 'se:x']);
  });
});

describe('noticesOf', () => {
  it('tells of another browser and of a driver of another version', () => {
    const made = {
      browserName: 'chrome',
      browserVersion: '156.0.1',
      chrome: { chromedriverVersion: '150.0.2 (abc)' },
    };
    const [browser, version, ...rest] = noticesOf(made, 'firefox');
    assert.match(browser ?? '', /run in chrome though they are to run in firefox.*BROWSER/);
    assert.match(version ?? '', /browser has version 156\.0\.1, its driver 150\.0\.2: install both/);
    assert.deepEqual(rest, []);
    assert.deepEqual(
      noticesOf({ ...made, chrome: { chromedriverVersion: '156.0.9 (abc)' } }, 'chromium'),
      [],
    );
  });
});

describe('afterMessage', () => {
  const nothing: LogState = { current: undefined, failed: new Set(), ended: new Set() };
  const started =
    "##teamcity[testStarted name='testB with data set \"|'it|' |[y|]\"' locationHint='php_qn:///t/T.php::\\App\\TTest::testB with' flowId='1']";

  it('follows a test from its start over its failure to its end', () => {
    const id = `App\\TTest::testB with data set "'it' [y]"`;
    const state = afterMessage(started, nothing);
    assert.equal(state.current, id);
    const failed = afterMessage(started.replace('testStarted', 'testFailed'), state);
    assert.ok(failed.failed.has(id));
    assert.ok(afterMessage(started.replace('testStarted', 'testFinished'), failed).ended.has(id));
  });

  it('passes over everything else', () => {
    for (const line of ['', 'text', "##teamcity[testCount count='3']", "##teamcity[testFailed name='other']"])
      assert.equal(afterMessage(line, nothing), nothing);
  });
});

describe('evidenceFor', () => {
  const test = (name: string, seconds: number): TestCase => ({
    ...{ name, className: 'C', seconds, outcome: 'failed', message: '', detail: '', output: '' },
  });
  const shot = (session: string, at: number, name?: string): Snapshot => ({
    ...{ test: name === undefined ? undefined : `C::${name}`, session, at, files: [] },
  });
  const tests = [test('a', 10), test('b', 10), test('c', 10)] as const;

  it('believes a runner that tells which test ran', () => {
    const snapshots = [shot('s', 1, 'a'), shot('s', 2, 'b')];
    const run = { from: 0, to: 30_000, tests, snapshots, sessions: [] };
    assert.deepEqual(evidenceFor(tests[1], run), { snapshots: [snapshots[1]], others: 0 });
    assert.deepEqual(evidenceFor(tests[2], run), { snapshots: [], others: 0 });
  });

  it('takes sessions that come one to one with tests, in turn', () => {
    const snapshots = [shot('x', 1), shot('y', 2), shot('z', 3)];
    const sessions = ['x', 'y', 'z'].map((session, index) => ({
      session,
      from: index * 10,
      to: index * 10 + 5,
    }));
    const run = { from: 0, to: 300_000, tests, snapshots, sessions };
    assert.deepEqual(evidenceFor(tests[2], run), { snapshots: [snapshots[2]], others: 0 });
  });

  it('goes by time, and says how many other tests ran about then', () => {
    const snapshots = [shot('s', 5000), shot('s', 15_000), shot('s', 25_000)];
    const tight = { from: 0, to: 30_000, tests, snapshots, sessions: [] };
    assert.deepEqual(evidenceFor(tests[1], tight), { snapshots: [snapshots[1]], others: 0 });
    const loose = { ...tight, to: 60_000 };
    assert.equal(evidenceFor(tests[1], loose).others, 2);
    const parallel = { ...tight, to: 12_000 };
    assert.equal(evidenceFor(tests[1], parallel).others, 2);
  });
});
