/** Evidence becomes files of the run, and attachments of the tests that failed. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { failedTests, type TestCase, type TestSuite } from '../../../shared/core/junit.js';
import { plural } from '../../../shared/core/text.js';
import { evidenceFor, idOf, type TimedRun } from './evidenceMatch.js';

/** Evidence is attached to so many failed tests of a run at most: what fails beside them fails of the same. */
const mostTests = 25;

/** Puts the evidence where the run's files are kept, and its paths into the failed tests. */
export function attachEvidence(
  suites: readonly TestSuite[],
  run: TimedRun,
  folder: string,
  agent: Agent,
): TestSuite[] {
  const failed = failedTests(suites).slice(0, mostTests);
  const found = new Map(failed.map((test, index) => [test, keep(test, index + 1, run, folder, agent)]));
  return suites.map(suite => ({ ...suite, cases: suite.cases.map(test => found.get(test) ?? test) }));
}

function keep(test: TestCase, number: number, run: TimedRun, folder: string, agent: Agent): TestCase {
  const { snapshots, others } = evidenceFor(test, run);
  if (snapshots.length === 0) return test;
  mkdirSync(folder, { recursive: true });
  const name = `${String(number).padStart(2, '0')}-${fileName(idOf(test))}`;
  const attachments = snapshots.flatMap(({ files }, index) =>
    files.map(file => {
      const suffix = basename(file).replace(/^[^.]*/, '');
      const copy = join(folder, `${name}${index === 0 ? '' : `-${index + 1}`}${suffix}`);
      copyFileSync(file, copy);
      agent.keepFile(copy);
      return copy;
    }),
  );
  const doubt =
    others === 0
      ? ''
      : `The evidence was matched by time and may show one of ${plural(others, 'other test')} that ran about then.`;
  const output = [doubt, test.output].filter(text => text !== '').join('\n');
  return { ...test, output, attachments };
}

/** A test's name as part of a file's name; it comes from the tests, and may hold anything. */
function fileName(text: string): string {
  return (
    text
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 80) || 'test'
  );
}
