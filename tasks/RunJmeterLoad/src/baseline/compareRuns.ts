/** Holds a measure of this run against the same of an earlier one, and tells change from noise. */
import {
  formatMeasured,
  quantityOf,
  type Criterion,
  type Measure,
  type Quantity,
} from '../criteria/criterion.js';
import { holds, type Comparison } from '../criteria/judgeCriteria.js';
import { measured } from '../criteria/measure.js';
import type { ErrorKind } from '../analysis/statistics.js';
import { poolFigures, type Block } from '../timeline/timeline.js';
import { inClasses } from './classes.js';
import { fewestBlocks, spreadOf, type Spread } from './resampling.js';

/** One run's samples of what a criterion is about. */
export interface Run {
  readonly blocks: readonly Block[];
  readonly blockMilliseconds: number;
}

/**
 * Compares two runs by a criterion with a baseline. It fails when the measure is beyond the limit by more than chance explains.
 * A run too short to know its own chance is compared as it is.
 * @throws TypeError when the criterion has no baseline
 */
export function compareRuns(
  { measure, limit, operator }: Criterion,
  now: Run,
  before: Run,
  counted: readonly ErrorKind[],
): Comparison {
  if ('value' in limit) throw new TypeError('a criterion without a baseline');
  const quantity = quantityOf(measure);
  // In the file of the earlier run near times share a class; both runs are looked at through the same glasses.
  const blocks = { now: now.blocks.map(inClasses), before: before.blocks.map(inClasses) };
  const value = measured(measure, poolFigures(blocks.now), undefined, counted);
  const earlier = measured(measure, poolFigures(blocks.before), undefined, counted);
  if (value === undefined) return { value, passed: false, detail: 'no sample to measure' };
  if (earlier === undefined)
    return {
      value,
      passed: true,
      detail: `it was ${formatMeasured(value, quantity)}; the baseline has nothing to measure`,
      nothingBefore: true,
    };

  const factor = limit.marginIs === 'percent' ? 1 + limit.margin / 100 : 1;
  const allowed = limit.marginIs === 'percent' ? earlier * factor : earlier + limit.margin;
  const figures = describeFigures(value, earlier, allowed, measure, quantity);
  if (holds(value, operator, allowed)) return { value, passed: true, detail: figures };

  const spreads = {
    now: spreadOf(measure, blocks.now, now.blockMilliseconds, counted),
    before: spreadOf(measure, blocks.before, before.blockMilliseconds, counted),
  };
  if (spreads.now === undefined || spreads.before === undefined)
    return {
      value,
      passed: false,
      detail: `${figures}; whether by chance cannot be told, a run of fewer than ${fewestBlocks} blocks is too short`,
    };
  const chance = reachOfChance(spreads.now, {
    error: spreads.before.error * Math.abs(factor),
    parts: spreads.before.parts,
  });
  const beyond = Math.abs(value - allowed);
  if (beyond <= chance)
    return {
      value,
      passed: true,
      detail: `${figures}; not certain: chance alone explains up to ${formatMeasured(chance, quantity)} beyond the limit`,
    };
  return {
    value,
    passed: false,
    detail: `${figures}; chance alone explains no more than ${formatMeasured(chance, quantity)} beyond the limit`,
  };
}

function describeFigures(
  value: number,
  earlier: number,
  allowed: number,
  { of }: Measure,
  quantity: Quantity,
): string {
  const change = earlier === 0 || of === 'error_rate' ? '' : ` (${signed((value / earlier - 1) * 100)} %)`;
  const limit = allowed === earlier ? '' : `, the limit ${formatMeasured(allowed, quantity)}`;
  return `it was ${formatMeasured(value, quantity, allowed)}, the baseline ${formatMeasured(earlier, quantity)}${change}${limit}`;
}

function signed(percent: number): string {
  const text = percent.toFixed(1).replace(/^-0\.0$/, '0.0');
  return percent > 0 && text !== '0.0' ? `+${text}` : text;
}

/** The difference that chance alone exceeds in as many cases as false alarms are allowed (Welch's t). */
function reachOfChance(a: Spread, b: Spread): number {
  const variance = a.error ** 2 + b.error ** 2;
  if (variance === 0) return 0;
  const freedom =
    variance ** 2 / (a.error ** 4 / Math.max(1, a.parts - 1) + b.error ** 4 / Math.max(1, b.parts - 1));
  return studentQuantile(Math.max(3, freedom)) * Math.sqrt(variance);
}

/**
 * The 99 % quantile of the standard normal distribution. A gate that fails by chance is switched off soon: where nothing has changed
 * and no margin is given, one comparison of a hundred fails.
 */
const normalQuantile = 2.326348;

/**
 * The 99 % quantile of Student's t, by its expansion in the degrees of freedom (Abramowitz and Stegun 26.7.5); from three
 * on it is within 3 %.
 */
export function studentQuantile(freedom: number): number {
  const z = normalQuantile;
  return (
    z +
    (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3)
  );
}
