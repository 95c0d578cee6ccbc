/** What the finished runs are worth: everything is published first, then the verdict is told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { describe, ToolError, UserError } from '../../../shared/core/errors.js';
import { countTests, mapTexts, type TestSuite } from '../../../shared/core/junit.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { lastLines, listOf, plural } from '../../../shared/core/text.js';
import { withoutForeignAttachments } from './attachments.js';
import { sameVersionRemedy } from './driverVersions.js';
import { reportSmoke } from './reportSmoke.js';
import { findScreenshots } from './results.js';
import type { Input } from './smokePlan.js';
import { describeShard } from './shards.js';
import { screenshotFolder, type BrowserRun, type Suite, type SuiteRun } from './suiteRun.js';
import { summarize } from './summary.js';
import { describeFlaky, judge, type Verdict } from './verdict.js';

/** What was run, and how it ended; what was thrown counts against the verdict. */
export interface SettledRun {
  readonly job: BrowserRun;
  readonly result: PromiseSettledResult<SuiteRun>;
}

/**
 * Publishes all runs and judges those with each browser as one.
 * @param settled in the order of the plan
 * @returns how many tests were good
 * @throws UserError, ToolError when the results are not good
 */
export async function concludeRuns(
  settled: readonly SettledRun[],
  suite: Suite & { readonly browsers: readonly string[] },
  input: Input,
  agent: Agent,
): Promise<string> {
  const { site, runner, browsers } = suite;
  const [only] = settled;
  if (settled.length === 1 && only?.result.status === 'rejected') throw only.result.reason;
  const done = settled.flatMap(({ result }) => (result.status === 'fulfilled' ? result.value : []));
  const judged = browsers.flatMap(browser => {
    const runs = done.filter(({ job }) => job.browser === browser);
    return runs.length === 0 ? [] : judgeBrowser(browser, runs, suite, input, agent);
  });
  const told = judged.map(({ browser, runs, suites, flaky, verdict: { counts } }) => ({
    browser,
    milliseconds: Math.max(...runs.map(({ milliseconds }) => milliseconds)),
    suites,
    flaky,
    counts,
  }));
  reportSmoke(site, told, agent);
  const suites = judged.flatMap(one => one.suites);
  const flaky = judged.flatMap(one => one.flaky);
  const counts = countTests(suites);

  const title = input.testRunTitle ?? 'Smoke tests';
  const resultsFile = join(agent.resultsDirectory, 'smoke.xml');
  writeFileSync(resultsFile, writeJunit(suites));
  const screenshots = findScreenshots(screenshotFolder(agent));
  for (const file of screenshots.files) agent.keepFile(file);
  if (screenshots.note !== undefined) agent.info(screenshots.note);
  if (input.publishResults && counts.total > 0) agent.publishTests({ files: [resultsFile], title });
  agent.output('testsTotal', String(counts.total));
  agent.output('testsFailed', String(counts.failed));
  agent.output('testsFlaky', String(flaky.length));
  agent.output('resultsFile', resultsFile);
  if (flaky.length > 0 && !input.failOnFlaky)
    agent.warning(`${describeFlaky(flaky)}\nThe step goes on; input 'failOnFlaky' would fail it.`);
  for (const { job, ended, results } of done) {
    const { total, passed, failed, skipped } = countTests(results.suites);
    agent.info(
      `${prefix(job.label)}${plural(total, 'test')}: ${passed} passed, ${failed} failed, ${skipped} skipped. ${runner.name} ${describeEnd(ended)}.`,
    );
  }

  const faults = [
    ...judged.flatMap(({ browser, verdict }) =>
      verdict.faults.map(fault => prefix(browsers.length > 1 ? browser : '') + fault),
    ),
    ...settled.flatMap(({ job, result }) =>
      result.status === 'rejected' ? prefix(job.label) + describe(result.reason) : [],
    ),
  ];
  const summary = summarize(
    site,
    judged.map(({ verdict, ...one }) => ({ ...one, counts: verdict.counts })),
    faults,
  );
  await agent.summary(title, agent.mask(summary));
  if (faults.length === 0) return goodSentence(counts.passed, site, browsers);
  const message = `The smoke tests did not pass: ${faults.join('\n')}`;
  const ended = judged.flatMap(({ untold }) => untold ?? [])[0];
  if (ended === undefined) throw new UserError(message);
  throw new ToolError(
    message,
    runner.name,
    ended.exitCode,
    lastLines(ended.tail.map(line => agent.mask(line))),
  );
}

interface Judged {
  readonly browser: string;
  readonly runs: readonly SuiteRun[];
  readonly suites: readonly TestSuite[];
  readonly flaky: SuiteRun['flaky'];
  readonly verdict: Verdict;
  /** How the run ended whose last lines tell more than its results. */
  readonly untold: ToolResult | undefined;
}

function judgeBrowser(
  browser: string,
  runs: readonly SuiteRun[],
  { site, runner, browsers }: Suite & { readonly browsers: readonly string[] },
  input: Input,
  agent: Agent,
): Judged {
  const mark = (name: string) => (browsers.length > 1 ? `${name} (${browser})` : name);
  const folders = [agent.resultsDirectory, agent.tempDirectory];
  const parts = runs.map(({ job: { shard }, ended, results }) => ({
    label: shard.of === 1 ? '' : describeShard(shard),
    exitCode: ended.exitCode,
    signal: ended.signal,
    unreadable: results.unreadable,
    suites: mapTexts(results.suites, text => withoutForeignAttachments(agent.mask(text), folders)).map(
      suite => ({
        ...suite,
        name: mark(suite.name),
        cases: suite.cases.map(test => ({ ...test, className: mark(test.className) })),
      }),
    ),
  }));
  const flaky = runs
    .flatMap(run => run.flaky)
    .map(test => ({
      ...test,
      className: mark(agent.mask(test.className)),
      name: agent.mask(test.name),
      message: agent.mask(test.message),
    }));
  const verdict = judge({
    site,
    runner: runner.name,
    parts,
    minimumTests: input.minimumTests,
    flaky,
    failOnFlaky: input.failOnFlaky,
  });
  for (const run of runs) keepBroken(run, agent);
  const refusals =
    verdict.faults.length === 0
      ? []
      : runs.flatMap(({ refusal, driver }) => (refusal === undefined ? [] : { refusal, driver }));
  const faults = [
    ...verdict.faults,
    ...new Set(refusals.map(({ refusal, driver }) => explainRefusal(agent.mask(refusal), driver))),
  ];
  return {
    browser,
    runs,
    suites: parts.flatMap(part => part.suites),
    flaky,
    verdict: { ...verdict, faults },
    untold: runs.find((_run, index) => verdict.untold !== undefined && parts[index] === verdict.untold)
      ?.ended,
  };
}

/** The files that could not be judged, for whoever wants to know why. */
function keepBroken({ job, results }: SuiteRun, agent: Agent): void {
  for (const file of results.broken) {
    const own = job.label === '' ? '' : `${job.label.replace(/\W+/g, '-')}-`;
    const copy = join(agent.resultsDirectory, `broken-${own}${basename(file)}.txt`);
    writeFileSync(copy, agent.mask(readFileSync(file, 'utf8')));
    agent.keepFile(copy);
  }
}

/**
 * What to do when a driver makes no session.
 * @param driver its name and where it is; undefined for a grid's
 */
export function explainRefusal(said: string, driver?: string): string {
  const onGrid = driver === undefined;
  const remedies: readonly (readonly [RegExp, string])[] = [
    [
      /only supports|version (?:must|is)|requires .* version/i,
      onGrid
        ? 'on the grid, browser and driver are of different versions: its nodes need both from one source'
        : `${driver} and the browser are of different versions: ${sameVersionRemedy}`,
    ],
    [
      /cannot find .*binary|no .* binary at|unable to find binary|binary is not a/i,
      "the browser is not installed on this machine, or not where the driver looks: install it, or give its path as `binary` in 'capabilities'",
    ],
    [
      /instance exited|DevToolsActivePort|failed to start|crash|unexpectedly closed/i,
      "the browser does not start on this machine: without a display it needs 'headless' or 'xvfb', in a container it may need --disable-dev-shm-usage (input 'capabilities')",
    ],
    [
      /session is already started/i,
      'geckodriver has one session at a time, and a test before left its own open: it must quit it; side by side, sessions of Firefox need a Selenium Grid',
    ],
    [
      /no nodes support|could not start a new session.*timed out|unable to find .*provider/i,
      "the grid has no node for such a session, or none that was free in time: look at 'browsers', at what the tests ask for, and at the grid's nodes",
    ],
  ];
  const remedy =
    remedies.find(([pattern]) => pattern.test(said))?.[1] ??
    "look at what the tests ask for, and at 'browsers' and 'capabilities'";
  return `The driver made no browser session (${said}): ${remedy}.`;
}

function prefix(label: string): string {
  return label === '' ? '' : `[${label}] `;
}

function goodSentence(passed: number, site: string, browsers: readonly string[]): string {
  const where = browsers.length > 1 ? ` in ${listOf(browsers)}` : '';
  return `${plural(passed, 'test')} passed against ${site}${where}.`;
}
