/** Which failed tests are run again, and what that makes of the results. */
import { basename } from 'node:path';
import type { TestCase, TestCounts, TestSuite } from '../../../shared/core/junit.js';
import { plural } from '../../../shared/core/text.js';

/** Up to so many failed tests may always be a browser's bad luck; more of them only while they are a small part, and never very many. */
const alwaysWorth = 3;
const worthShare = 0.3;
const worthAtMost = 20;

/** A test that passed only when it was run again. */
export interface FlakyTest {
  readonly className: string;
  readonly name: string;
  /** The attempt in which it passed; the first run of the tests is attempt 1. */
  readonly attempt: number;
  /** What went wrong in the first. */
  readonly message: string;
  /** What shows it. */
  readonly attachments?: readonly string[];
}

/** The results after one more attempt. */
export interface Merged {
  readonly suites: readonly TestSuite[];
  /** What passed in this attempt though it had failed before. */
  readonly flaky: readonly FlakyTest[];
}

/** Why failed tests are not worth running again: it is the site that is broken, not a test's luck. Undefined when they are. */
export function rerunRefusal({ failed, total, skipped }: TestCounts): string | undefined {
  const ran = total - skipped;
  if (failed <= alwaysWorth || (failed <= worthAtMost && failed <= ran * worthShare)) return undefined;
  return `${failed} of ${plural(ran, 'test')} failed, which no rerun would make good: failed tests are run again when they are at most ${alwaysWorth}, or at most ${worthShare * 100} % and ${worthAtMost}.`;
}

/** Whether a result stands for the same test. */
export function keyOf({ className, name }: Pick<TestCase, 'className' | 'name'>): string {
  return JSON.stringify([className, name]);
}

/**
 * Puts the results of an attempt into those before it. A failed test counts as passed only when the attempt shows it, passed; what is
 * missing or skipped there stays failed. Tests that the attempt holds beyond those asked for count too: new ones, and failures.
 * @param attempt its number; the first run of the tests is 1
 * @param isHook see ProgramRunner
 */
export function mergeAttempt(
  before: readonly TestSuite[],
  again: readonly TestSuite[],
  attempt: number,
  isHook: (test: TestCase) => boolean = () => false,
): Merged {
  const results = new Map<string, TestCase[]>();
  const repeated = again.flatMap(suite => suite.cases);
  for (const test of repeated) results.set(keyOf(test), [...(results.get(keyOf(test)) ?? []), test]);
  const flaky: FlakyTest[] = [];
  const settle = (test: TestCase): TestCase[] => {
    const now = results.get(keyOf(test)) ?? [];
    const broken = now.find(isBad);
    if (!isBad(test)) return [broken ?? (test.outcome === 'skipped' ? (now[0] ?? test) : test)];
    if (isHook(test) && now.length === 0) {
      const around = repeated.filter(other => isIn(other, test.className));
      if (around.some(isBad) || !around.some(({ outcome }) => outcome === 'passed')) return [test];
      flaky.push({ className: test.className, name: test.name, attempt, message: test.message });
      return [];
    }
    const passed = now.find(({ outcome }) => outcome === 'passed');
    if (broken !== undefined || passed === undefined) return [withNote(test, failedAgain(attempt, broken))];
    const attachments = attachedTo(test);
    flaky.push({
      className: test.className,
      name: test.name,
      attempt,
      message: test.message,
      ...(attachments.length === 0 ? {} : { attachments }),
    });
    const shown = attachments.length === 0 ? passed : { ...passed, attachments };
    return [withNote(shown, passedNote(test, attempt))];
  };
  const settled = before.map(suite => ({ ...suite, cases: suite.cases.flatMap(settle) }));
  const known = new Set(before.flatMap(suite => suite.cases).map(keyOf));
  const added = again
    .map(suite => ({ ...suite, cases: suite.cases.filter(test => !known.has(keyOf(test))) }))
    .filter(suite => suite.cases.length > 0);
  return { suites: [...settled, ...added].filter(suite => suite.cases.length > 0), flaky };
}

function isBad({ outcome }: TestCase): boolean {
  return outcome === 'failed' || outcome === 'error';
}

function isIn({ className }: TestCase, suite: string): boolean {
  return className === suite || className.startsWith(`${suite} `);
}

function failedAgain(attempt: number, broken: TestCase | undefined): string {
  return broken === undefined
    ? `Attempt ${attempt} has no result of this test.`
    : `Attempt ${attempt} failed as well: ${broken.message}`;
}

function passedNote(failed: TestCase, attempt: number): string {
  const files = attachedTo(failed).map(path => basename(path));
  const evidence =
    files.length === 0 ? '' : ` What it showed then is kept with the run: ${files.join(', ')}.`;
  return `Flaky: passed in attempt ${attempt}.${evidence} Before that it failed: ${failed.detail === '' ? failed.message : failed.detail}`;
}

/** Files that belong to a test: the task's own evidence, and what its output names. */
function attachedTo({ attachments = [], output }: TestCase): string[] {
  return [
    ...attachments,
    ...[...output.matchAll(/^\[\[ATTACHMENT\|(.*)\]\]$/gm)].map(match => match[1] ?? ''),
  ];
}

function withNote(test: TestCase, note: string): TestCase {
  return { ...test, output: test.output === '' ? note : `${test.output}\n${note}` };
}
