/** What a load test must keep to, as data and as text. */
import type { ErrorKind } from '../analysis/statistics.js';
import { timeMetrics, type TimeMetric } from '../timeline/timeline.js';

/** Of many times one number: a percentile, or one of these. */
export type Aggregate = { readonly percentile: number } | 'avg' | 'min' | 'max' | 'median' | 'stddev';

/** What is measured. Times in milliseconds. */
export type Measure =
  | { readonly of: TimeMetric; readonly aggregate: Aggregate }
  | { readonly of: 'error_rate' | 'errors'; readonly kind: ErrorKind | undefined }
  | { readonly of: 'apdex'; readonly satisfied: number; readonly tolerated: number }
  | { readonly of: 'throughput' | 'samples' | 'bytes' | 'avg_bytes' };

/** Which samples: those of one label, or of all labels that a pattern finds, as one or each by itself. */
export type Selection =
  | { readonly label: string; readonly each: boolean }
  | { readonly pattern: string; readonly flags: '' | 'i'; readonly each: boolean };

export const operators = ['<=', '>=', '<', '>', '=='] as const;
export type Operator = (typeof operators)[number];

/** A number in the measure's own unit: ms, percent, 1/s, bytes or a count; or the same measure of an earlier run and a margin. */
export type Limit =
  { readonly value: number } | { readonly margin: number; readonly marginIs: 'percent' | 'absolute' };

/** One criterion. */
export interface Criterion {
  readonly measure: Measure;
  /** All samples when undefined. */
  readonly selection: Selection | undefined;
  readonly operator: Operator;
  readonly limit: Limit;
  /** In every stretch of the test that is so many milliseconds long; in the whole test when undefined. */
  readonly window: number | undefined;
}

/** The kinds of quantities, by which units are checked. */
export type Quantity = 'time' | 'percent' | 'rate' | 'size' | 'count' | 'score';

export const errorKinds = ['assertion', 'response', 'transport'] as const;

/** Each quantity's units and how much of the own unit one is. */
export const units: Readonly<Record<Quantity, Readonly<Record<string, number>>>> = {
  time: { ms: 1, s: 1000, min: 60_000, h: 3_600_000 },
  percent: { '%': 1 },
  rate: { '/s': 1, '/min': 1 / 60, '/h': 1 / 3600 },
  size: { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 },
  count: { '': 1 },
  score: { '': 1 },
};

/** Which quantity a measure is. */
export function quantityOf({ of }: Measure): Quantity {
  switch (of) {
    case 'error_rate':
      return 'percent';
    case 'throughput':
      return 'rate';
    case 'bytes':
    case 'avg_bytes':
      return 'size';
    case 'errors':
    case 'samples':
      return 'count';
    case 'apdex':
      return 'score';
    default:
      return 'time';
  }
}

/** Whether two runs can be told apart by this measure: extremes and totals say nothing of the next run. */
export function isComparable(measure: Measure): boolean {
  if (isTime(measure)) return measure.aggregate !== 'min' && measure.aggregate !== 'max';
  return ['error_rate', 'throughput', 'apdex', 'avg_bytes'].includes(measure.of);
}

/** Whether a measure is of times. */
export function isTime(measure: Measure): measure is Extract<Measure, { aggregate: Aggregate }> {
  return (timeMetrics as readonly string[]).includes(measure.of);
}

/** Writes a criterion as a user would; reading it again gives the same criterion. */
export function criterionText({ measure, selection, operator, limit, window }: Criterion): string {
  return [
    measureText(measure),
    ...(selection === undefined ? [] : ['of', selectionText(selection)]),
    operator,
    limitText(limit, quantityOf(measure)),
    ...(window === undefined ? [] : ['over', amountText(window, 'time')]),
  ].join(' ');
}

/** `p95(response_time)`, `throughput`. */
export function measureText(measure: Measure): string {
  if (isTime(measure)) {
    const { aggregate } = measure;
    return `${typeof aggregate === 'string' ? aggregate : `p${aggregate.percentile}`}(${measure.of})`;
  }
  switch (measure.of) {
    case 'apdex':
      return measure.tolerated === 4 * measure.satisfied
        ? `apdex(${amountText(measure.satisfied, 'time')})`
        : `apdex(${amountText(measure.satisfied, 'time')}, ${amountText(measure.tolerated, 'time')})`;
    case 'error_rate':
    case 'errors':
      return measure.kind === undefined ? measure.of : `${measure.of}(${measure.kind})`;
    case 'avg_bytes':
      return 'avg(bytes)';
    case 'throughput':
    case 'samples':
    case 'bytes':
      return measure.of;
    default:
      throw new TypeError(`unknown measure ${JSON.stringify(measure)}`);
  }
}

function selectionText(selection: Selection): string {
  const each = selection.each ? 'each ' : '';
  if ('pattern' in selection) return `${each}/${selection.pattern}/${selection.flags}`;
  return `${each}${labelText(selection.label)}`;
}

/** A label as a criterion names it. */
export function labelText(label: string): string {
  return `"${label.replace(/["\\]/g, found => `\\${found}`)}"`;
}

function limitText(limit: Limit, quantity: Quantity): string {
  if ('value' in limit) return amountText(limit.value, quantity);
  if (limit.margin === 0) return 'baseline';
  const margin = amountText(Math.abs(limit.margin), limit.marginIs === 'percent' ? 'percent' : quantity);
  return `baseline ${limit.margin < 0 ? '-' : '+'} ${margin}`;
}

/** A number in the largest unit that leaves it whole, else in its own, nothing rounded away: `800ms`, `30s`, `0.5%`. */
export function amountText(value: number, quantity: Quantity): string {
  const [unit, factor] = Object.entries(units[quantity])
    .filter(([, each]) => each === 1 || (each > 1 && value >= each && value % each === 0))
    .reduce((best, each) => (each[1] > best[1] ? each : best));
  return `${value / factor}${unit}`;
}

const shownUnits = { time: ' ms', percent: ' %', rate: '/s', size: ' B', count: '', score: '' } as const;

/** A measured value for people: `812 ms`, `0.5 %`, `49.8/s`. @param limit what it must differ from in what is shown, where it does */
export function formatMeasured(value: number, quantity: Quantity, limit = value): string {
  let places = placesOf(value, quantity);
  while (value !== limit && value.toFixed(places) === limit.toFixed(places) && places < 12) places += 1;
  const shown = Number(value.toFixed(places));
  if (quantity === 'percent' && value > 0 && shown === 0) return 'less than 0.01 %';
  return `${shown}${shownUnits[quantity]}`;
}

function placesOf(value: number, quantity: Quantity): number {
  switch (quantity) {
    case 'time':
      return value < 10 ? 2 : 1;
    case 'percent':
      return 2;
    case 'rate':
      return value < 10 ? 3 : 1;
    case 'size':
    case 'count':
      return 0;
    case 'score':
      return 3;
  }
}
