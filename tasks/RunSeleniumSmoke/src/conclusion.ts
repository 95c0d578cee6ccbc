/** What the finished runs are worth: everything is published first, then the verdict is told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { describe, ToolError, UserError } from '../../../shared/core/errors.js';
import { countTests, mapTexts, type TestSuite } from '../../../shared/core/junit.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { lastLines, listOf, plural } from '../../../shared/core/text.js';
import { withoutForeignAttachments } from './attachments.js';
import { reportSmoke } from './reportSmoke.js';
import { findScreenshots } from './results.js';
import type { Input } from './smokePlan.js';
import { screenshotFolder, type Suite, type SuiteRun } from './suiteRun.js';
import { summarize } from './summary.js';
import { describeFlaky, judge, type Verdict } from './verdict.js';

/**
 * Publishes the runs with all browsers and judges each.
 * @param settled in the order of the plan; what was thrown counts against the verdict
 * @returns how many tests were good
 * @throws UserError, ToolError when the results are not good
 */
export async function concludeRuns(
  settled: readonly PromiseSettledResult<SuiteRun>[],
  suite: Suite & { readonly browsers: readonly string[] },
  input: Input,
  agent: Agent,
): Promise<string> {
  const { site, runner, browsers } = suite;
  const [only] = settled;
  if (settled.length === 1 && only?.status === 'rejected') throw only.reason;
  const judged = settled.flatMap(result =>
    result.status === 'fulfilled' ? judgeRun(result.value, suite, input, agent) : [],
  );
  const told = judged.map(({ run: { browser, milliseconds }, suites, flaky, verdict: { counts } }) => ({
    browser,
    milliseconds,
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
  for (const { run, verdict } of judged)
    agent.info(
      `${prefix(run.browser, browsers)}${plural(verdict.counts.total, 'test')}: ${verdict.counts.passed} passed, ${verdict.counts.failed} failed, ${verdict.counts.skipped} skipped. ${runner.name} ${describeEnd(run.ended)}.`,
    );

  const faults = [
    ...judged.flatMap(({ run, verdict }) =>
      verdict.faults.map(fault => prefix(run.browser, browsers) + fault),
    ),
    ...settled.flatMap((result, index) =>
      result.status === 'rejected' ? prefix(browsers[index] ?? '', browsers) + describe(result.reason) : [],
    ),
  ];
  const summary = summarize(
    site,
    judged.map(({ run, verdict, ...one }) => ({ ...one, browser: run.browser, counts: verdict.counts })),
    faults,
  );
  await agent.summary(title, agent.mask(summary));
  if (faults.length === 0) return goodSentence(counts.passed, site, browsers);
  const message = `The smoke tests did not pass: ${faults.join('\n')}`;
  const untold = judged.find(({ verdict }) => verdict.logTellsMore);
  if (untold === undefined) throw new UserError(message);
  const { ended } = untold.run;
  throw new ToolError(
    message,
    runner.name,
    ended.exitCode,
    lastLines(ended.tail.map(line => agent.mask(line))),
  );
}

interface Judged {
  readonly run: SuiteRun;
  readonly suites: readonly TestSuite[];
  readonly flaky: SuiteRun['flaky'];
  readonly verdict: Verdict;
}

function judgeRun(
  run: SuiteRun,
  { site, runner, browsers }: Suite & { readonly browsers: readonly string[] },
  input: Input,
  agent: Agent,
): Judged {
  const { ended, results, browser } = run;
  const mark = (name: string) => (browsers.length > 1 ? `${name} (${browser})` : name);
  const folders = [agent.resultsDirectory, agent.tempDirectory];
  const suites = mapTexts(results.suites, text => withoutForeignAttachments(agent.mask(text), folders)).map(
    suite => ({
      ...suite,
      name: mark(suite.name),
      cases: suite.cases.map(test => ({ ...test, className: mark(test.className) })),
    }),
  );
  const flaky = run.flaky.map(test => ({
    ...test,
    className: mark(agent.mask(test.className)),
    name: agent.mask(test.name),
    message: agent.mask(test.message),
  }));
  const verdict = judge({
    ...results,
    suites,
    site,
    runner: runner.name,
    exitCode: ended.exitCode,
    signal: ended.signal,
    minimumTests: input.minimumTests,
    flaky,
    failOnFlaky: input.failOnFlaky,
  });
  for (const file of results.broken) {
    const name = browsers.length > 1 ? `${browser}-${basename(file)}` : basename(file);
    const copy = join(agent.resultsDirectory, `broken-${name}.txt`);
    writeFileSync(copy, agent.mask(readFileSync(file, 'utf8')));
    agent.keepFile(copy);
  }
  const refused = verdict.faults.length === 0 ? undefined : run.refusal;
  const faults =
    refused === undefined ? verdict.faults : [...verdict.faults, explainRefusal(agent.mask(refused))];
  return { run, suites, flaky, verdict: { ...verdict, faults } };
}

/** What to do when a driver makes no session. */
export function explainRefusal(said: string): string {
  const remedy = /only supports|version/i.test(said)
    ? `browser and driver are of different versions: install both from one source, or name the driver that fits in 'driverPath'`
    : /instance exited|DevToolsActivePort|failed to start|crash/i.test(said)
      ? `the browser does not start on this machine: in a container it may need --disable-dev-shm-usage (input 'capabilities')`
      : `look at what the tests ask for, and at 'browsers' and 'capabilities'`;
  return `The driver made no browser session (${said}): ${remedy}.`;
}

function prefix(browser: string, browsers: readonly string[]): string {
  return browsers.length > 1 ? `[${browser}] ` : '';
}

function goodSentence(passed: number, site: string, browsers: readonly string[]): string {
  const where = browsers.length > 1 ? ` in ${listOf(browsers)}` : '';
  return `${plural(passed, 'test')} passed against ${site}${where}.`;
}
