/** Runs the tests, and those that failed again as often as it is asked for. */
import type { ToolResult } from '../../../shared/agent/agent.js';
import { countTests, failedTests, type TestCase } from '../../../shared/core/junit.js';
import { plural } from '../../../shared/core/text.js';
import { mergeAttempt, rerunRefusal, type FlakyTest } from './rerun.js';
import type { RunResults } from './results.js';

/** One attempt as it ended. */
export interface Attempt {
  readonly ended: ToolResult;
  readonly results: RunResults;
}

/** All attempts together. */
export interface Attempts extends Attempt {
  /** What passed only when it was run again. */
  readonly flaky: readonly FlakyTest[];
}

/** How often, and how, tests are run again. */
export interface Reruns {
  /** At most so many more attempts; 0 for none. */
  readonly most: number;
  readonly isHook?: (test: TestCase) => boolean;
  readonly info: (line: string) => void;
}

/**
 * Runs all tests once, and then only what failed. A run that crashed or whose results cannot be read is not repeated: nobody can
 * tell which of its tests failed.
 * @param run makes one attempt of this number, with all tests or with the failed ones only
 */
export async function runAttempts(
  run: (attempt: number, failed: readonly TestCase[] | undefined) => Promise<Attempt>,
  { most, isHook, info }: Reruns,
): Promise<Attempts> {
  const first = await run(1, undefined);
  let { ended } = first;
  let { suites } = first.results;
  const flaky: FlakyTest[] = [];
  const whole = first.results.unreadable.length === 0 && ended.exitCode !== undefined;
  for (let attempt = 2; whole && attempt <= most + 1; attempt++) {
    const failed = failedTests(suites);
    if (failed.length === 0) break;
    const refusal = rerunRefusal(countTests(suites));
    if (refusal !== undefined) {
      info(refusal);
      break;
    }
    info(`${plural(failed.length, 'failed test')} will be run again (attempt ${attempt} of ${most + 1}).`);
    const again = await run(attempt, failed);
    for (const sentence of again.results.unreadable) info(`Attempt ${attempt}: ${sentence}`);
    const merged = mergeAttempt(suites, again.results.suites, attempt, isHook);
    suites = merged.suites;
    flaky.push(...merged.flaky);
    // How the first run ended is told by its failures; once there are none left, the last attempt's end counts.
    ended = again.ended;
  }
  return { ended, results: { ...first.results, suites }, flaky };
}
