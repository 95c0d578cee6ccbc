/** The run's summary page: what was tested, what failed, what was flaky. */
import { failedTests, type TestCounts, type TestSuite } from '../../../shared/core/junit.js';
import { escapeMarkdown, plural } from '../../../shared/core/text.js';
import type { FlakyTest } from './rerun.js';

/** A run of the tests with one browser, texts masked. */
export interface SummarizedRun {
  readonly browser: string;
  readonly counts: TestCounts;
  readonly suites: readonly TestSuite[];
  readonly flaky: readonly FlakyTest[];
}

/** More would hide what comes after. */
const shownTests = 20;

/** Markdown. Names and messages are from pages and tests, and not trusted. */
export function summarize(site: string, runs: readonly SummarizedRun[], faults: readonly string[]): string {
  const verdict = faults.length === 0 ? '✅ Passed' : '❌ Not passed';
  const failed = runs.flatMap(({ suites }) => failedTests(suites));
  const flaky = runs.flatMap(run => run.flaky);
  return [
    `${verdict} against ${escapeMarkdown(site)}`,
    '',
    '| Browser | Passed | Failed | Skipped | Flaky |',
    '|---|--:|--:|--:|--:|',
    ...runs.map(
      ({ browser, counts, flaky: some }) =>
        `| ${escapeMarkdown(browser)} | ${counts.passed} | ${counts.failed} | ${counts.skipped} | ${some.length} |`,
    ),
    ...tableOf('Failed', failed),
    ...tableOf('Flaky: passed only when run again', flaky),
    '',
  ].join('\n');
}

interface Named {
  readonly className: string;
  readonly name: string;
  readonly message: string;
}

function tableOf(title: string, tests: readonly Named[]): string[] {
  if (tests.length === 0) return [];
  const shown = tests.slice(0, shownTests);
  const rest = tests.length - shown.length;
  return [
    '',
    `| ${title} | What went wrong |`,
    '|---|---|',
    ...shown.map(
      ({ className, name, message }) =>
        `| ${[className, name]
          .filter(word => word !== '')
          .map(word => escapeMarkdown(word))
          .join(' · ')} | ${escapeMarkdown(message)} |`,
    ),
    ...(rest === 0 ? [] : ['', `… and ${plural(rest, 'more test')} in the results.`]),
  ];
}
