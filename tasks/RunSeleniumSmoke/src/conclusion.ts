/** What a finished run is worth: everything is published first, then the verdict is told. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { mapTexts } from '../../../shared/core/junit.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { lastLines, plural } from '../../../shared/core/text.js';
import { findScreenshots } from './results.js';
import type { Input } from './smokePlan.js';
import { screenshotFolder, type Suite, type SuiteRun } from './suiteRun.js';
import { describeFlaky, judge } from './verdict.js';

/**
 * Publishes a run and judges it.
 * @returns how many tests were good
 * @throws UserError, ToolError when the results are not good
 */
export function concludeRun(run: SuiteRun, { site, runner }: Suite, input: Input, agent: Agent): string {
  const { ended, results } = run;
  const suites = mapTexts(results.suites, text => agent.mask(text));
  const flaky = run.flaky.map(test => ({
    ...test,
    className: agent.mask(test.className),
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
  const { counts, faults } = verdict;

  const resultsFile = join(agent.resultsDirectory, 'smoke.xml');
  writeFileSync(resultsFile, writeJunit(suites));
  for (const file of results.broken) {
    const copy = join(agent.resultsDirectory, `broken-${basename(file)}.txt`);
    writeFileSync(copy, agent.mask(readFileSync(file, 'utf8')));
    agent.keepFile(copy);
  }
  const screenshots = findScreenshots(screenshotFolder(agent));
  for (const file of screenshots.files) agent.keepFile(file);
  if (screenshots.note !== undefined) agent.info(screenshots.note);
  if (input.publishResults && counts.total > 0)
    agent.publishTests({ files: [resultsFile], title: input.testRunTitle ?? 'Smoke tests' });
  agent.output('testsTotal', String(counts.total));
  agent.output('testsFailed', String(counts.failed));
  agent.output('testsFlaky', String(flaky.length));
  agent.output('resultsFile', resultsFile);
  if (flaky.length > 0 && !input.failOnFlaky)
    agent.warning(`${describeFlaky(flaky)}\nThe step goes on; input 'failOnFlaky' would fail it.`);
  agent.info(
    `${plural(counts.total, 'test')}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped. ${runner.name} ${describeEnd(ended)}.`,
  );

  if (faults.length === 0) return `${plural(counts.passed, 'test')} passed against ${site}.`;
  const message = `The smoke tests did not pass: ${faults.join('\n')}`;
  if (!verdict.logTellsMore) throw new UserError(message);
  throw new ToolError(
    message,
    runner.name,
    ended.exitCode,
    lastLines(ended.tail.map(line => agent.mask(line))),
  );
}
