/** Judges a test run by its results; the exit code can only make it worse. */
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import {
  countTests,
  failedTests,
  type TestCase,
  type TestCounts,
  type TestSuite,
} from '../../../shared/core/junit.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { FlakyTest } from './rerun.js';

/** All runs of the tests with one browser, as they ended. */
export interface TestRun {
  readonly site: string;
  /** The runner's name as people know it. */
  readonly runner: string;
  /** One, unless the tests were split. */
  readonly parts: readonly RunPart[];
  readonly minimumTests: number;
  /** What passed only when it was run again. */
  readonly flaky: readonly FlakyTest[];
  readonly failOnFlaky: boolean;
}

/** A part of the tests that was run on its own. */
export interface RunPart {
  /** What tells it from the others, such as `shard 2 of 3 (ATest, BTest)`; empty when there is only one. */
  readonly label: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly suites: readonly TestSuite[];
  /** Why a results file cannot be judged, or that there is none. */
  readonly unreadable: readonly string[];
}

/** What a run is worth. */
export interface Verdict {
  readonly counts: TestCounts;
  /** What is wrong, none when the run is good. */
  readonly faults: readonly string[];
  /** The first part whose runner's last lines tell more than its results do. */
  readonly untold: RunPart | undefined;
}

const shownFailures = 10;

/** Judges a run. */
export function judge(run: TestRun): Verdict {
  const counts = countTests(suitesOf(run));
  const executed = counts.total - counts.skipped;
  const faults: string[] = [];
  if (counts.failed > 0) faults.push(failures(run, counts));
  if (run.failOnFlaky && run.flaky.length > 0)
    faults.push(`${describeFlaky(run.flaky)}\nSuch tests fail the step (input 'failOnFlaky').`);
  for (const part of run.parts) faults.push(...part.unreadable.map(sentence => labelled(part, sentence)));
  if (run.parts.every(part => part.unreadable.length === 0)) {
    if (counts.total === 0)
      faults.push(
        `${run.runner} ran no test at all. Look at 'tests', at filters, and at the names of the test classes.`,
      );
    else if (executed === 0) faults.push(`every test was skipped (${counts.total}), so nothing was tested.`);
    else if (executed < run.minimumTests)
      faults.push(
        `only ${plural(executed, 'test')} ran, at least ${run.minimumTests} must (input 'minimumTests').`,
      );
  }
  // Among others an empty part would go unnoticed.
  const lost = counts.total === 0 ? [] : run.parts.filter(isEmpty);
  for (const part of lost) faults.push(labelled(part, `${run.runner} ran none of its tests.`));
  const unexplained = run.parts.filter(part => part.exitCode !== 0 && countTests(part.suites).failed === 0);
  for (const part of unexplained) {
    const how = part.unreadable.length > 0 ? 'before its results were written' : 'though no test failed';
    faults.push(labelled(part, `${run.runner} ${describeEnd(part)}, ${how}.`));
  }
  const telling = [...unexplained, ...lost];
  const untold = run.parts.find(part => telling.includes(part) || part.unreadable.length > 0);
  return { counts, faults, untold };
}

function suitesOf({ parts }: TestRun): TestSuite[] {
  return parts.flatMap(part => part.suites);
}

function isEmpty({ suites, unreadable }: RunPart): boolean {
  return unreadable.length === 0 && countTests(suites).total === 0;
}

function labelled({ label }: RunPart, sentence: string): string {
  return label === '' ? sentence : `${label}: ${sentence}`;
}

/** Names them, with what went wrong first. */
export function describeFlaky(flaky: readonly FlakyTest[]): string {
  const named = flaky
    .slice(0, shownFailures)
    .map(test => `  - ${nameOf(test)}: passed in attempt ${test.attempt}; before: ${reasonOf(test)}`);
  const rest = flaky.length > shownFailures ? [`  … and ${flaky.length - shownFailures} more.`] : [];
  return [`${plural(flaky.length, 'test')} passed only when run again:`, ...named, ...rest].join('\n');
}

function failures(run: TestRun, counts: TestCounts): string {
  const failed = failedTests(suitesOf(run));
  const named = failed.slice(0, shownFailures).map(test => `  - ${nameOf(test)}: ${reasonOf(test)}`);
  const rest =
    failed.length > shownFailures ? [`  … and ${failed.length - shownFailures} more in the results.`] : [];
  return [
    `${counts.failed} of ${plural(counts.total, 'test')} failed against ${run.site}:`,
    ...named,
    ...rest,
  ].join('\n');
}

function nameOf(test: Pick<TestCase, 'className' | 'name'>): string {
  return singleLine(test.className === '' ? test.name : `${test.className}::${test.name}`, 200);
}

function reasonOf(test: Pick<TestCase, 'message'>): string {
  const reason = singleLine(test.message, 300);
  return reason === '' ? 'failed without a message' : reason;
}
