/** How a load test went on, in lines of text. */
import { formatDuration } from '../../../shared/core/duration.js';
import { formatMeasured, type Measure, type Quantity } from './criteria/criterion.js';
import { measured } from './criteria/measure.js';
import { sparkline } from './sparkline.js';
import { poolLabels, type Timeline } from './timeline/timeline.js';

const shown: readonly { readonly name: string; readonly measure: Measure; readonly quantity: Quantity }[] = [
  { name: 'Throughput', measure: { of: 'throughput' }, quantity: 'rate' },
  { name: 'Median', measure: { of: 'response_time', aggregate: 'median' }, quantity: 'time' },
  { name: 'p95', measure: { of: 'response_time', aggregate: { percentile: 95 } }, quantity: 'time' },
  { name: 'Errors', measure: { of: 'error_rate', kind: undefined }, quantity: 'percent' },
];

/** A line for each of throughput, median, p95 and errors of all samples, a bar for each block of time; none when there are fewer than two. */
export function courseLines(timeline: Timeline | undefined): string[] {
  if (timeline === undefined) return [];
  const { blockMilliseconds } = timeline;
  const blocks = poolLabels(timeline.labels.filter(({ transaction }) => !transaction));
  const length = (blocks.at(-1)?.at ?? 0) + 1;
  if (length < 2 || length > 200) return [];
  const byPlace = new Map(blocks.map(block => [block.at, block]));
  return shown.map(({ name, measure, quantity }) => {
    const values = Array.from({ length }, (_, at) => {
      const block = byPlace.get(at);
      if (block === undefined) return measure.of === 'throughput' ? 0 : undefined;
      return measured(measure, block, blockMilliseconds / 1000);
    });
    const largest = Math.max(0, ...values.map(value => value ?? 0));
    return `${name.padEnd(10)} ${sparkline(values)}  up to ${formatMeasured(largest, quantity)}, a bar for ${formatDuration(blockMilliseconds)}`;
  });
}
