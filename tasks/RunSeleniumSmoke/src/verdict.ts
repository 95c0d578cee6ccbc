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

/** A test run as it ended. */
export interface TestRun {
  readonly site: string;
  /** The runner's name as people know it. */
  readonly runner: string;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly suites: readonly TestSuite[];
  /** Why a results file cannot be judged, or that there is none. */
  readonly unreadable: readonly string[];
  readonly minimumTests: number;
  /** What passed only when it was run again. */
  readonly flaky: readonly FlakyTest[];
  readonly failOnFlaky: boolean;
}

/** What a run is worth. */
export interface Verdict {
  readonly counts: TestCounts;
  /** What is wrong, none when the run is good. */
  readonly faults: readonly string[];
  /** Whether the runner's last lines tell more than the results do. */
  readonly logTellsMore: boolean;
}

const shownFailures = 10;

/** Judges a run. */
export function judge(run: TestRun): Verdict {
  const counts = countTests(run.suites);
  const executed = counts.total - counts.skipped;
  const faults: string[] = [];
  if (counts.failed > 0) faults.push(failures(run, counts));
  if (run.failOnFlaky && run.flaky.length > 0)
    faults.push(`${describeFlaky(run.flaky)}\nSuch tests fail the step (input 'failOnFlaky').`);
  faults.push(...run.unreadable);
  if (run.unreadable.length === 0) {
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
  const badEnd = run.exitCode !== 0;
  const unexplained = badEnd && counts.failed === 0;
  if (unexplained) faults.push(`${run.runner} ${describeEnd(run)}, though no test failed.`);
  return { counts, faults, logTellsMore: unexplained || run.unreadable.length > 0 };
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
  const failed = failedTests(run.suites);
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
