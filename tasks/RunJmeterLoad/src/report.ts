/** A load test as people see it: a table in the log, Markdown on the run's summary, tests in the Tests tab. */
import type { TestCase, TestSuite } from '../../../shared/core/junit.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { escapeMarkdown, singleLine } from '../../../shared/core/text.js';
import type { LoadSummary, SummaryLine } from './loadSummary.js';
import { countedErrors, describeErrors, formatPercent, type LoadRules, type LoadVerdict } from './verdict.js';

const heads = ['Label', 'Samples', 'Errors', 'Mean', 'p50', 'p90', 'p95', 'p99', 'Max', '1/s'];
const labelWidth = 40;
/** A run's summary with more rows than this is no summary; the summary file has them all. */
const rowLimit = 100;
/** A criterion of each label may fail for thousands of them, and a message should be one that is read. */
const shownCriteria = 20;

/** The table for the log, one string a line. Times in milliseconds. */
export function logTable(summary: LoadSummary): string[] {
  const rows = [
    heads,
    ...rowsOf(summary).map(line => [singleLine(nameOf(line), labelWidth), ...numbersOf(line)]),
  ];
  const widths = heads.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  const lines = rows.map(row =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const hidden = hiddenRows(summary);
  return hidden === undefined ? lines : [...lines, hidden];
}

/** What is told beside the figures. */
export interface Remarks {
  /** How the test went on: lines of a fixed width. */
  readonly course: readonly string[];
  /** Sentences about the comparison with an earlier run. */
  readonly notes: readonly string[];
  /** Whether they are of a comparison that was asked for and not made: a gate that stands open. */
  readonly comparisonMissing: boolean;
}

const noRemarks: Remarks = { course: [], notes: [], comparisonMissing: false };

/** The Markdown for the run's summary page. */
export function markdownSummary(
  summary: LoadSummary,
  verdict: LoadVerdict,
  { course, notes }: Remarks = noRemarks,
): string {
  const faults = faultsOf(verdict);
  const hidden = hiddenRows(summary);
  return [
    `**${faults.length === 0 ? 'Passed' : 'Failed'}**: ${summary.overall.samples} samples in ${formatDuration(summary.seconds * 1000)}, errors ${formatPercent(summary.overall.errorPercent)}, times in ms.`,
    '',
    ...faults.flatMap(fault => [...fault.split('\n').map(line => `> ${escapeMarkdown(line, 600)}  `), '']),
    `| ${heads.join(' | ')} |`,
    `| --- ${'| ---: '.repeat(heads.length - 1)}|`,
    ...rowsOf(summary).map(
      line => `| ${[escapeMarkdown(nameOf(line), 80), ...numbersOf(line)].join(' | ')} |`,
    ),
    ...(hidden === undefined ? [] : ['', hidden]),
    ...criteriaTable(verdict),
    ...notes.flatMap(note => ['', escapeMarkdown(note, 600)]),
    ...(course.length === 0 ? [] : ['', '```text', ...course, '```']),
    '',
  ].join('\n');
}

/** The test for each rule and each label. */
export function junitSuites(
  summary: LoadSummary,
  verdict: LoadVerdict,
  rules: LoadRules,
  title: string,
): TestSuite[] {
  const test = (
    name: string,
    className: string,
    seconds: number,
    message: string | undefined,
    detail = message,
  ): TestCase => ({
    name,
    className,
    seconds,
    outcome: message === undefined ? 'passed' : 'failed',
    message: message ?? '',
    detail: detail ?? '',
    output: '',
  });
  return [
    {
      name: title,
      timestamp: summary.startTime?.slice(0, 19),
      cases: [
        ...verdict.outcomes.map(({ rule, fault }) => test(rule, `${title}.rules`, 0, fault)),
        ...verdict.criteria.map(({ text, passed, detail }) =>
          test(text, `${title}.criteria`, 0, passed ? undefined : detail),
        ),
        ...summary.labels
          .filter(line => !line.transaction)
          .map(line => {
            const failed = verdict.tooManyErrors && countedErrors(line, rules) > 0;
            const message = failed ? `${describeErrors(line)}: ${line.firstError}` : undefined;
            return test(nameOf(line), `${title}.labels`, (line.mean ?? 0) / 1000, message);
          }),
      ],
    },
  ];
}

/** What is wrong with a test, none when it is good. */
export function faultsOf({ outcomes, criteria }: LoadVerdict): string[] {
  const failed = criteria.filter(({ passed }) => !passed);
  const more = failed.length - shownCriteria;
  return [
    ...outcomes.flatMap(({ fault }) => (fault === undefined ? [] : [fault])),
    ...failed.slice(0, shownCriteria).map(({ text, detail }) => `${singleLine(text, 300)}: ${detail}.`),
    ...(more > 0 ? [`… and ${more} more criteria do not hold: see the log or the Tests tab.`] : []),
  ];
}

/** What came of each criterion, for the log. */
export function criteriaLines({ criteria }: LoadVerdict): string[] {
  return criteria.map(
    ({ text, detail, passed }) => `${passed ? 'passed' : 'FAILED'}  ${singleLine(text, 300)}: ${detail}`,
  );
}

function criteriaTable({ criteria }: LoadVerdict): string[] {
  if (criteria.length === 0) return [];
  const row = ({ text, detail, passed }: (typeof criteria)[number]) =>
    `| ${escapeMarkdown(text, 200)} | ${passed ? 'passed' : '**failed**'} | ${escapeMarkdown(detail, 400)} |`;
  return [
    '',
    '| Criterion | | Measured |',
    '| --- | --- | --- |',
    ...criteria
      .toSorted((a, b) => Number(a.passed) - Number(b.passed))
      .slice(0, rowLimit)
      .map(row),
    ...(criteria.length > rowLimit ? ['', `${criteria.length - rowLimit} more are among the tests.`] : []),
  ];
}

function rowsOf({ labels, overall }: LoadSummary): SummaryLine[] {
  return [...labels.slice(0, rowLimit), overall];
}

function hiddenRows({ labels }: LoadSummary): string | undefined {
  return labels.length > rowLimit
    ? `${labels.length - rowLimit} more labels are in the summary file.`
    : undefined;
}

function nameOf(line: SummaryLine): string {
  const label = line.label === '' ? '(no label)' : line.label;
  return line.transaction ? `${label} (transaction)` : label;
}

function numbersOf(line: SummaryLine): string[] {
  const time = (milliseconds: number | null) =>
    milliseconds === null ? '-' : String(Math.round(milliseconds));
  return [
    String(line.samples),
    formatPercent(line.errorPercent),
    ...[line.mean, line.p50, line.p90, line.p95, line.p99, line.max].map(time),
    line.throughput.toFixed(1),
  ];
}
