/** The WebDriver endpoint that tests get: it adds to their capabilities, and collects evidence that ends up at the tests that failed. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Attempt } from './attempts.js';
import { addCapabilities, isJson, type Json } from './browserCapabilities.js';
import { collectEvidence, type EvidenceCollector } from './evidence.js';
import { attachEvidence } from './evidenceFiles.js';
import { followTests, noLiveTests } from './liveTests.js';
import { openWebDriverEndpoint, type WebDriverTarget } from './webDriverEndpoint.js';

/** What is done with the sessions that pass. */
export interface WatchOptions {
  /** Merged into the capabilities of every new session. */
  readonly capabilities: Json;
  /** Whether evidence is collected. */
  readonly evidence: boolean;
  /** The W3C name of the browser that sessions are to have. */
  readonly browserName: string;
}

/** An endpoint that is watched. */
export interface WatchedWebDriver {
  readonly url: string;
  /** What the driver said when it made no session, the last one. */
  readonly refusal: () => string | undefined;
  /** One run of the tests; its results are given back with the evidence of the tests that failed. */
  readonly attempt: (how: AttemptOptions, run: () => Promise<Attempt>) => Promise<Attempt>;
  /** Ends the sessions that tests left open, and the endpoint. */
  readonly close: () => Promise<void>;
}

/** How one run of the tests is looked on. */
export interface AttemptOptions {
  /** Where its evidence is kept. */
  readonly folder: string;
  /** The runner's own log of TeamCity messages, where it writes one. */
  readonly liveLog: string | undefined;
}

/** The browser's console and failed requests, by the drivers of the Chromium family; others take no notice or say so. */
const loggingNames = ['goog:loggingPrefs', 'ms:loggingPrefs', 'loggingPrefs'];

function loggingOf(browserName: string): Json {
  return { [/edge/i.test(browserName) ? 'ms:loggingPrefs' : 'goog:loggingPrefs']: { browser: 'ALL' } };
}

/** Starts watching. */
export async function watchWebDriver(
  target: WebDriverTarget,
  { capabilities, evidence, browserName }: WatchOptions,
  agent: Agent,
): Promise<WatchedWebDriver> {
  let collector: EvidenceCollector | undefined;
  let refusal: string | undefined;
  const told = new Set<string>();
  const endpoint = await openWebDriverEndpoint(target, {
    newSession: body => {
      if (!isFor(browserName, body)) return body;
      const listens = evidence && isOfChromium(body) && !hasLogging(body);
      return addCapabilities(body, capabilities, listens ? loggingOf(browserName) : {});
    },
    opened: (session, asked, made) => {
      collector?.opened(session, isOfChromium(asked) && !hasLogging(asked));
      for (const notice of noticesOf(made, browserName).filter(one => !told.has(one))) {
        told.add(notice);
        agent.warning(notice);
      }
    },
    refused: message => {
      refusal = message;
    },
    before: command => collector?.before(command),
    failed: (command, message) => collector?.failed(command, message),
  });

  return {
    url: endpoint.url,
    refusal: () => refusal,
    async attempt({ folder, liveLog }, run) {
      if (!evidence) return run();
      const current = collectEvidence({
        ask: endpoint.ask,
        tests: liveLog === undefined ? noLiveTests : followTests(liveLog),
        now: Date.now,
        folder: mkdtempSync(join(agent.tempDirectory, 'evidence-')),
        mask: text => agent.mask(text),
      });
      collector = current;
      const from = Date.now();
      const done = await run();
      const to = Date.now();
      await Promise.all(endpoint.openSessions().map(session => current.last(session)));
      const tests = done.results.suites.flatMap(suite => suite.cases);
      const timed = { from, to, tests, snapshots: current.snapshots(), sessions: current.spans() };
      const suites = attachEvidence(done.results.suites, timed, folder, agent);
      return { ...done, results: { ...done.results, suites } };
    },
    async close() {
      await endpoint.settled();
      const left = endpoint.openSessions();
      await Promise.allSettled(left.map(session => endpoint.ask('DELETE', `/session/${session}`)));
      await endpoint.close();
      if (left.length > 0)
        agent.info(
          `The tests left ${plural(left.length, 'browser session')} open; the task closed what was left.`,
        );
    },
  };
}

/** All capabilities that a "new session" command holds, of either dialect. */
function setsOf({ capabilities, desiredCapabilities }: Json): Json[] {
  const { alwaysMatch, firstMatch } = isJson(capabilities) ? capabilities : {};
  const first = Array.isArray(firstMatch) ? (firstMatch as unknown[]) : [];
  return [alwaysMatch, ...first, desiredCapabilities].filter(isJson);
}

function isOfChromium(body: Json): boolean {
  return setsOf(body).some(set => /chrom|edge/i.test(JSON.stringify(set['browserName'] ?? '')));
}

/** Whoever sets this up himself reads the log himself. */
function hasLogging(body: Json): boolean {
  return setsOf(body).some(set => loggingNames.some(name => name in set));
}

/** Whether a "new session" command asks for this browser, or leaves it open. */
function isFor(browserName: string, body: Json): boolean {
  const names = setsOf(body).flatMap(set => set['browserName'] ?? []);
  return names.length === 0 || names.some(name => isSame(name, browserName));
}

function isSame(one: unknown, other: unknown): boolean {
  const plain = (name: unknown) =>
    typeof name === 'string' ? name.toLowerCase().replace(/^chromium$/, 'chrome') : '';
  return plain(one) === plain(other);
}

/** What is worth a warning in the capabilities of a session: another browser than the run's, a driver of another version. */
export function noticesOf(made: Json, browserName: string): string[] {
  const notices: string[] = [];
  const name = made['browserName'];
  if (typeof name === 'string' && !/^chrome-headless-shell$/.test(name) && !isSame(name, browserName))
    notices.push(
      `The tests run in ${singleLine(name)} though they are to run in ${browserName}: they must take the browser's name from the variable BROWSER.`,
    );
  const version = made['browserVersion'] ?? made['version'];
  const driver = Object.values(made)
    .filter(isJson)
    .flatMap(
      ({ chromedriverVersion, msedgedriverVersion }) => chromedriverVersion ?? msedgedriverVersion ?? [],
    )[0];
  if (typeof version === 'string' && typeof driver === 'string' && major(version) !== major(driver))
    notices.push(
      `The browser has version ${singleLine(version)}, its driver ${singleLine(driver.split(' ')[0] ?? '')}: install both from one source, in the same version.`,
    );
  return notices;
}

function major(version: string): string {
  return version.split('.')[0] ?? '';
}
