/** Holds criteria against what was seen of a load test. */
import { formatDuration } from '../../../../shared/core/duration.js';
import { plural, singleLine } from '../../../../shared/core/text.js';
import type { ErrorKind } from '../analysis/statistics.js';
import {
  poolFigures,
  poolLabels,
  type Block,
  type Figures,
  type LabelTimeline,
  type Timeline,
} from '../timeline/timeline.js';
import {
  criterionText,
  formatMeasured,
  labelText,
  quantityOf,
  type Criterion,
  type Operator,
  type Selection,
} from './criterion.js';
import { measured } from './measure.js';

/** How one criterion came out, for one label when it is of each. */
export interface CriterionOutcome {
  readonly criterion: Criterion;
  /** The criterion as text, with the label it was held against when it is of each. */
  readonly text: string;
  /** The label it was held against alone; absent when it is of several, or of all samples. */
  readonly label?: string;
  /** In the measure's own unit; of a criterion with a window the worst; undefined when nothing could be measured. */
  readonly value: number | undefined;
  readonly passed: boolean;
  /** What was measured, where and how it compares, as a sentence without its end. */
  readonly detail: string;
  /** Whether it passed because the earlier run had nothing to compare with. */
  readonly nothingBefore?: boolean;
}

/** What criteria need to know beside the samples. */
export interface JudgeOptions {
  /** The kinds of errors that count unless a criterion names one. */
  readonly countedErrors: readonly ErrorKind[];
  /** Samples of labels that were too many to be told apart; none when absent. */
  readonly unlisted?: number;
  /** Holds a criterion with a baseline against the earlier run. */
  readonly compare: (criterion: Criterion, label: string | undefined, blocks: readonly Block[]) => Comparison;
}

/** How a criterion with a baseline came out. */
export interface Comparison {
  readonly value: number | undefined;
  readonly passed: boolean;
  readonly detail: string;
  /** Whether the earlier run had nothing to compare with. */
  readonly nothingBefore?: boolean;
}

/**
 * Judges a test, or what there is of it so far.
 * @param timeline undefined when there is no sample; then every criterion fails
 */
export function judgeCriteria(
  criteria: readonly Criterion[],
  timeline: Timeline | undefined,
  options: JudgeOptions,
): CriterionOutcome[] {
  return criteria.flatMap(criterion => {
    if (timeline === undefined) return [failed(criterion, 'there is no sample')];
    const { selection } = criterion;
    if (selection === undefined) {
      const samplers = timeline.labels.filter(({ transaction }) => !transaction);
      return [judgeOne(criterion, undefined, samplers, timeline, options)];
    }
    const found = selectLabels(selection, timeline.labels);
    if (found.length === 0) return [failed(criterion, nothingFound(timeline))];
    const label = 'label' in selection ? selection.label : undefined;
    const outcomes = selection.each
      ? found.map(each => judgeOne(criterion, each.label, [each], timeline, options))
      : [judgeOne(criterion, label, found, timeline, options)];
    const { unlisted = 0 } = options;
    return label === undefined && unlisted > 0 ? withUnlisted(outcomes, criterion, unlisted) : outcomes;
  });
}

/** A pattern may mean labels that were too many to be told apart: that it holds for the others does not show that it holds. */
function withUnlisted(
  outcomes: readonly CriterionOutcome[],
  criterion: Criterion,
  unlisted: number,
): CriterionOutcome[] {
  const why = `${plural(unlisted, 'sample')} of further labels were not looked at, and it may mean them: give samplers names without ids`;
  if (criterion.selection?.each === true) return [...outcomes, failed(criterion, why)];
  return outcomes.map(each => ({ ...each, passed: false, detail: `${each.detail}; ${why}` }));
}

/** The labels meant: samplers, and only where no sampler is meant, transaction controllers, which repeat their samplers. */
export function selectLabels(selection: Selection, labels: readonly LabelTimeline[]): LabelTimeline[] {
  const means = matcherOf(selection);
  const found = labels.filter(({ label }) => means(label));
  const samplers = found.filter(({ transaction }) => !transaction);
  return samplers.length > 0 ? samplers : found;
}

/** Labels are texts from outside: the longest is no reason for a pattern to search for hours. */
const searchedLength = 500;

function matcherOf(selection: Selection): (label: string) => boolean {
  if (!('pattern' in selection)) return label => label === selection.label;
  const regex = new RegExp(selection.pattern, `u${selection.flags}`);
  return label => regex.test(label.slice(0, searchedLength));
}

function nothingFound({ labels }: Timeline): string {
  const known = labels.slice(0, 10).map(({ label }) => labelText(singleLine(label, 60)));
  const more = labels.length > known.length ? ` and ${labels.length - known.length} more` : '';
  return `no label of this test is meant by it; there are ${known.join(', ')}${more}`;
}

function failed(criterion: Criterion, detail: string): CriterionOutcome {
  return { criterion, text: criterionText(criterion), value: undefined, passed: false, detail };
}

function judgeOne(
  criterion: Criterion,
  label: string | undefined,
  meant: readonly LabelTimeline[],
  timeline: Timeline,
  options: JudgeOptions,
): CriterionOutcome {
  const { selection } = criterion;
  const text = criterionText(
    selection?.each === true && label !== undefined
      ? { ...criterion, selection: { label, each: false } }
      : criterion,
  );
  const comparison = compareWith(criterion, label, meant, timeline, options);
  return { criterion, text, ...(label === undefined ? {} : { label }), ...comparison };
}

function compareWith(
  criterion: Criterion,
  label: string | undefined,
  meant: readonly LabelTimeline[],
  timeline: Timeline,
  options: JudgeOptions,
): Comparison {
  const { measure, limit, operator, window } = criterion;
  if (!('value' in limit)) return options.compare(criterion, label, poolLabels(meant));
  const quantity = quantityOf(measure);
  const worst = worstStretch(criterion, stretches(criterion, meant, timeline), options);
  if (worst === undefined) return { value: undefined, passed: false, detail: 'no sample to measure' };
  const passed = holds(worst.value, operator, limit.value);
  const where = window === undefined ? '' : ` ${placeOf(worst.stretch)}`;
  return {
    value: worst.value,
    passed,
    detail: `it was ${formatMeasured(worst.value, quantity, limit.value)}${where}`,
  };
}

/** Whether a value keeps to a limit. */
export function holds(value: number, operator: Operator, limit: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '==':
      return value === limit;
  }
}

/** A part of the test. */
interface Stretch {
  readonly parts: readonly Figures[];
  /** Milliseconds since the first sample's start. */
  readonly from: number;
  readonly to: number;
  /** What throughput is of; undefined from the first sample to the last. */
  readonly seconds: number | undefined;
}

/**
 * The whole test, of which every millisecond is known, or every stretch of the window's length that begins with a block. What must not fall below
 * a limit is held in whole stretches: in its first and last block the test begins and ends. A test without one is its only stretch.
 */
function stretches(
  criterion: Criterion,
  meant: readonly LabelTimeline[],
  { start, end, blockMilliseconds, labels }: Timeline,
): Stretch[] {
  const { window } = criterion;
  const begin = labels.reduce((least, { whole }) => Math.min(least, whole.firstStart), Infinity);
  const test = { parts: meant.map(({ whole }) => whole), from: 0, to: end - begin, seconds: undefined };
  if (window === undefined || end - begin <= window) return [test];
  const blocks = poolLabels(meant);
  const length = Math.ceil(window / blockMilliseconds);
  const wholeOnly = isAmount(criterion);
  const firstBlock = wholeOnly ? Math.ceil((begin - start) / blockMilliseconds) : 0;
  const blockCount = wholeOnly
    ? Math.floor((end - start) / blockMilliseconds)
    : Math.max(length, (blocks.at(-1)?.at ?? 0) + 1);
  const found: Stretch[] = [];
  let first = 0;
  for (let at = firstBlock; at + length <= blockCount; at += 1) {
    while ((blocks[first]?.at ?? Infinity) < at) first += 1;
    let after = first;
    while ((blocks[after]?.at ?? Infinity) < at + length) after += 1;
    const from = start + at * blockMilliseconds - begin;
    found.push({
      parts: blocks.slice(first, after),
      from: Math.max(0, from),
      to: from + length * blockMilliseconds,
      seconds: (length * blockMilliseconds) / 1000,
    });
  }
  return found.length === 0 ? [test] : found;
}

/** Whether so much is asked for: a stretch that is cut short has less of it. */
function isAmount({ measure, operator }: Criterion): boolean {
  return ['throughput', 'samples', 'bytes'].includes(measure.of) && !operator.startsWith('<');
}

/** The stretch that is farthest from keeping to the criterion; those without a sample to measure say nothing. */
function worstStretch(
  { measure, operator, limit }: Criterion,
  all: readonly Stretch[],
  { countedErrors }: JudgeOptions,
): { stretch: Stretch; value: number } | undefined {
  const target = 'value' in limit ? limit.value : 0;
  const badness = (value: number) =>
    operator === '==' ? Math.abs(value - target) : operator.startsWith('<') ? value : -value;
  let worst: { stretch: Stretch; value: number } | undefined;
  for (const stretch of all) {
    const value = measured(measure, poolFigures(stretch.parts), stretch.seconds, countedErrors);
    if (value === undefined) continue;
    if (worst === undefined || badness(value) > badness(worst.value)) worst = { stretch, value };
  }
  return worst;
}

function placeOf({ from, to, seconds }: Stretch): string {
  if (seconds === undefined) return `in the whole test of ${formatDuration(to)}`;
  return `from ${formatDuration(from)} to ${formatDuration(to)} of the test`;
}

/** The length of a timeline's blocks that these criteria's windows are whole numbers of, undefined when none has a window. */
export function stepFor(criteria: readonly Criterion[]): number | undefined {
  const windows = criteria.flatMap(({ window }) => (window === undefined ? [] : [window]));
  if (windows.length === 0) return undefined;
  const common = windows.reduce((a, b) => divisor(a, b));
  // Stretches begin at least six times a window, so that none hides a short bad time between two of them.
  for (const parts of [6, 10, 15, 30, 60]) {
    if (common % parts === 0 && (common / parts) % 1000 === 0) return common / parts;
  }
  return 1000;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
