/** Judges a load test by its samples. */
import { plural, singleLine } from '../../../shared/core/text.js';
import type { CriterionOutcome } from './criteria/judgeCriteria.js';
import type { ErrorKind, JtlAnalysis } from './analysis/statistics.js';
import type { LoadSummary, SummaryLine } from './loadSummary.js';

/** What a load test must keep to. */
export interface LoadRules {
  readonly failOnAssertionErrors: boolean;
  readonly allowedErrorPercent: number;
  readonly minimumSamples: number;
}

/** One rule and how it came out. */
export interface RuleOutcome {
  /** The rule as a person would say it. */
  readonly rule: string;
  /** What is wrong, undefined when the rule was kept. */
  readonly fault: string | undefined;
}

/** What a load test is worth. */
export interface LoadVerdict {
  /** Errors that count, in percent of all samples. */
  readonly errorPercent: number;
  readonly outcomes: readonly RuleOutcome[];
  /** What came of the criteria, each by itself. */
  readonly criteria: readonly CriterionOutcome[];
  /** Whether errors are why the test failed: then labels with errors are failed tests. */
  readonly tooManyErrors: boolean;
}

/** How the run ended that took the samples, or the runs that took shares of them. */
export interface RunEnd {
  /** How many samples JMeter says it took, undefined where it does not. */
  readonly taken?: number | undefined;
  /** Why there are not the samples that there should be, none when it came to its own end. */
  readonly faults?: readonly string[];
}

const shownLabels = 5;

/** Judges a test. What became of the run comes first: it is why samples are missing or bad. */
export function judgeLoad(
  summary: LoadSummary,
  analysis: JtlAnalysis,
  rules: LoadRules,
  criteria: readonly CriterionOutcome[],
  end: RunEnd = {},
): LoadVerdict {
  const { overall } = summary;
  const failed = countedErrors(overall, rules);
  const errorPercent = overall.samples === 0 ? 0 : (failed / overall.samples) * 100;
  const tooManyErrors = errorPercent > rules.allowedErrorPercent;
  const counted = rules.failOnAssertionErrors ? 'errors' : 'errors other than failed assertions';
  return {
    errorPercent,
    tooManyErrors,
    criteria,
    outcomes: [
      { rule: 'Whole results', fault: wholenessFault(analysis, end) },
      {
        rule: `At least ${plural(Math.max(1, rules.minimumSamples), 'sample')}`,
        fault: samplesFault(summary, rules.minimumSamples),
      },
      {
        rule: `At most ${rules.allowedErrorPercent} % ${counted}`,
        fault: tooManyErrors ? errorsFault(summary, rules, failed, errorPercent) : undefined,
      },
    ],
  };
}

/** The kinds of errors that count under these rules. */
export function countedKinds({ failOnAssertionErrors }: LoadRules): ErrorKind[] {
  return failOnAssertionErrors ? ['assertion', 'response', 'transport'] : ['response', 'transport'];
}

/** The errors of a line that count under these rules. */
export function countedErrors({ errors }: SummaryLine, rules: LoadRules): number {
  return countedKinds(rules).reduce((sum, kind) => sum + errors[kind], 0);
}

/** A percentage as people read it: no more digits than it needs to differ from 0 and from its limit. */
export function formatPercent(percent: number): string {
  if (percent > 0 && percent < 0.01) return 'less than 0.01 %';
  return `${percent.toFixed(2).replace(/\.?0+$/, '')} %`;
}

/** What the errors of a line were, in words: `3 of 10 failed: 2 failed assertions, 1 without an answer`. */
export function describeErrors({ errors, samples }: SummaryLine): string {
  const parts = [
    ...(errors.assertion > 0 ? [plural(errors.assertion, 'failed assertion')] : []),
    ...(errors.response > 0 ? [plural(errors.response, 'error status', 'error statuses')] : []),
    ...(errors.transport > 0 ? [`${errors.transport} without an answer`] : []),
  ];
  return `${errors.assertion + errors.response + errors.transport} of ${samples} failed (${parts.join(', ')})`;
}

function samplesFault({ overall, warmUpSamples }: LoadSummary, minimum: number): string | undefined {
  const warm =
    warmUpSamples > 0 ? ` after ${plural(warmUpSamples, 'sample')} of warm-up (input 'warmUpSeconds')` : '';
  if (overall.samples === 0)
    return `JMeter took no sample${warm}. Look at the plan's thread groups: their threads, loops, duration and conditions, and the properties that they read.`;
  if (overall.samples < minimum)
    return `only ${plural(overall.samples, 'sample')} counted${warm}, at least ${minimum} must (input 'minimumSamples').`;
  return undefined;
}

function errorsFault(
  { overall, labels }: LoadSummary,
  rules: LoadRules,
  failed: number,
  percent: number,
): string {
  const bad = labels
    .filter(line => !line.transaction && countedErrors(line, rules) > 0)
    .sort((a, b) => countedErrors(b, rules) - countedErrors(a, rules));
  const named = bad
    .slice(0, shownLabels)
    .map(
      line =>
        `  - ${singleLine(line.label, 100)}: ${describeErrors(line)}: ${singleLine(line.firstError, 300)}`,
    );
  const rest =
    bad.length > shownLabels
      ? [`  … and ${plural(bad.length - shownLabels, 'label')} more in the summary.`]
      : [];
  const headline = `${failed} of ${plural(overall.samples, 'sample')} failed: ${formatPercent(percent)}, allowed are ${formatPercent(rules.allowedErrorPercent)} (input 'allowedErrorPercent').`;
  return [headline, ...named, ...rest].join('\n');
}

function wholenessFault(analysis: JtlAnalysis, { taken, faults = [] }: RunEnd): string | undefined {
  const missing = missingFault(analysis, taken);
  const all = missing === undefined ? faults : [...faults, missing];
  return all.length === 0 ? undefined : all.join('\n');
}

/** JMeter does not notice when its results cannot be written: it goes on and ends well. */
function missingFault(
  { overall, warmUp, malformed, firstMalformed, cut }: JtlAnalysis,
  taken: number | undefined,
): string | undefined {
  if (malformed > 0)
    return `${plural(malformed, 'record')} of the results cannot be read, the first is ${singleLine(firstMalformed ?? '', 300)}. Does a listener of the plan write to the same file?`;
  const written = overall.times.count + warmUp;
  if (taken !== undefined && taken > written)
    return `JMeter took ${plural(taken, 'sample')}, and ${written} are in the results: the others could not be written. Is the disk of the agent's temporary folder full, or the size of a file limited there?`;
  return cut
    ? 'the results end in the middle of a record: JMeter was ended, or the disk is full.'
    : undefined;
}
