/** Checks one page in a browser; every check becomes a test of its own. */
import type { TestCase, TestSuite } from '../../../../shared/core/junit.js';
import { plural, singleLine } from '../../../../shared/core/text.js';
import type { Clock } from '../../../../shared/core/wait.js';
import { describeLook } from '../evidence.js';
import { WebDriverError, type BrowserSession, type LogEntry } from './browserSession.js';
import type { Expectations, PageChecks } from './checksFile.js';
import {
  brokenImagesScript,
  compare,
  consoleErrors,
  factsScript,
  failedRequests,
  statusFault,
  statusScript,
  type Expected,
  type PageFacts,
} from './expectations.js';

/** What checking a page needs. */
export interface PageRun {
  readonly session: BrowserSession;
  /** The site's URL, without a slash at its end. */
  readonly site: string;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Keeps a file that shows what failed on a page, by the end of its name; its path. Undefined where none is wanted. */
  readonly keep: ((suffix: string, content: string | Buffer) => string) | undefined;
}

type Add = (expected: Expected, outcome?: 'failed' | 'skipped') => void;

const pause = 100;
/** What a click may run into while a page is still building itself. */
const passing = [
  'no such element',
  'element not interactable',
  'element click intercepted',
  'stale element reference',
];
const shownAddresses = 5;
const longestSource = 2 * 1024 * 1024;

/** All checks of a page. Throws only when the run was cancelled: whatever a page or a browser does is a failed test. */
export async function checkPage(page: PageChecks, run: PageRun): Promise<TestSuite> {
  const cases: TestCase[] = [];
  const timestamp = new Date().toISOString();
  let began = run.clock.now();
  const add: Add = ({ what, fault }, outcome = 'failed') => {
    const now = run.clock.now();
    cases.push({
      name: singleLine(what),
      className: page.name,
      seconds: (now - began) / 1000,
      outcome: fault === undefined ? 'passed' : outcome,
      message: fault ?? '',
      detail: fault ?? '',
      output: '',
    });
    began = now;
  };
  let log: readonly LogEntry[] | undefined;
  try {
    log = await visit(page, run, add);
  } catch (error) {
    run.signal.throwIfAborted();
    add({ what: 'could be checked to its end', fault: describe(error) });
  }
  return { name: page.name, timestamp, cases: await withEvidence(cases, log, run) };
}

/** The browser's log of the page, where it tells. */
async function visit(page: PageChecks, run: PageRun, add: Add): Promise<readonly LogEntry[] | undefined> {
  const { session } = run;
  const address = `${run.site}${page.at}`;
  // What an earlier page left in the log is not this one's.
  await session.log();
  await session.open(address);
  add({
    what: page.status === undefined ? 'status below 400' : `status ${page.status}`,
    fault: statusFault(page.status, Number(await session.evaluate(statusScript, []))),
  });
  for (const expected of await settle(page, run)) add(expected);
  if (!page.allow.includes('brokenImages')) {
    const broken = (await session.evaluate(brokenImagesScript, [])) as string[];
    add({ what: 'no broken images', fault: several(broken, 'image') });
  }
  await clickThrough(page, run, add);
  const log = await session.log();
  if (!page.allow.includes('consoleErrors'))
    addOf('no console errors', log && several(consoleErrors(log), 'error'), log === undefined, add);
  if (!page.allow.includes('failedRequests'))
    addOf(
      'no failed requests',
      log && several(failedRequests(log, address), 'request'),
      log === undefined,
      add,
    );
  return log;
}

/** A check that some browsers cannot make is skipped there, not passed. */
function addOf(what: string, fault: string | undefined, unknown: boolean, add: Add): void {
  if (unknown) add({ what, fault: 'this browser does not give its log by WebDriver' }, 'skipped');
  else add({ what, fault });
}

/** The clicks one after the other; where one fails the rest is skipped, since nothing is where they expect it. */
async function clickThrough(page: PageChecks, run: PageRun, add: Add): Promise<void> {
  let failed: string | undefined;
  for (const [index, click] of page.clicks.entries()) {
    const number = `${index + 1}.`;
    const what = `${number} click ${click.click}`;
    if (failed !== undefined) {
      add({ what, fault: `not tried, because '${failed}' failed` }, 'skipped');
      continue;
    }
    const fault = await clickOn(click.click, run);
    add({ what, fault });
    const met = fault === undefined ? await settle(click, run) : [];
    for (const one of met) add({ ...one, what: `${number} ${one.what}` });
    if (fault !== undefined) failed = what;
    else failed = met.filter(one => one.fault !== undefined).map(one => `${number} ${one.what}`)[0];
  }
}

async function clickOn(css: string, run: PageRun): Promise<string | undefined> {
  const deadline = run.clock.now() + run.timeoutSeconds * 1000;
  for (;;) {
    try {
      await run.session.click(css);
      return undefined;
    } catch (error) {
      const again = error instanceof WebDriverError && passing.includes(error.code);
      if (!(error instanceof WebDriverError)) throw error;
      if (!again || run.clock.now() >= deadline)
        return `${error.message}${again ? ` (for ${run.timeoutSeconds} s)` : ''}`;
    }
    await run.clock.sleep(pause, run.signal);
  }
}

/** Looks at the page until all is as expected or time is over; pages fill themselves after they are loaded. */
async function settle(expected: Expectations, run: PageRun): Promise<Expected[]> {
  const deadline = run.clock.now() + run.timeoutSeconds * 1000;
  for (;;) {
    const facts = (await run.session.evaluate(factsScript, [expected.element])) as PageFacts;
    const seen = compare(expected, facts);
    if (seen.every(({ fault }) => fault === undefined)) return seen;
    if (run.clock.now() >= deadline)
      return seen.map(one =>
        one.fault === undefined ? one : { ...one, fault: `within ${run.timeoutSeconds} s: ${one.fault}` },
      );
    await run.clock.sleep(pause, run.signal);
  }
}

function several(found: readonly string[], noun: string): string | undefined {
  if (found.length === 0) return undefined;
  const shown = [...new Set(found)].slice(0, shownAddresses).map(one => singleLine(one));
  return `${plural(found.length, noun)}: ${shown.join('; ')}${found.length > shown.length ? '; …' : ''}`;
}

/** What the browser shows and says at the end goes with the first failed check. */
async function withEvidence(
  cases: TestCase[],
  log: readonly LogEntry[] | undefined,
  { session, keep, signal, clock }: PageRun,
): Promise<TestCase[]> {
  const first = cases.findIndex(({ outcome }) => outcome === 'failed');
  if (first < 0 || keep === undefined) return cases;
  const attachments: string[] = [];
  try {
    attachments.push(keep('.png', await session.screenshot()));
    const url = String(await session.evaluate('return location.href;', []));
    // As text: whoever opens it must not run its scripts.
    attachments.push(keep('.html.txt', (await session.source()).slice(0, longestSource)));
    const said = log ?? (await session.log()) ?? [];
    const faults = cases.flatMap(({ outcome, name, message }) =>
      outcome === 'failed' ? `${name}: ${message}` : [],
    );
    const look = { session: session.id, url, at: new Date(clock.now()), faults, said };
    attachments.push(keep('.txt', describeLook(look, 'Checks')));
  } catch {
    // The verdict does not hang on evidence; a crashed browser gives none.
    signal.throwIfAborted();
  }
  return cases.map((test, index) => (index === first ? { ...test, attachments } : test));
}

function describe(error: unknown): string {
  if (error instanceof WebDriverError) return error.message;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return `the browser does not answer: ${cause instanceof Error ? singleLine(cause.message) : String(cause)}`;
}
