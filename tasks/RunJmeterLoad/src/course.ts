/** How a load test went on, in lines of text. */
import { formatDuration } from '../../../shared/core/duration.js';
import { formatMeasured, type Measure, type Quantity } from './criteria/criterion.js';
import { measured } from './criteria/measure.js';
import { sparkline } from './sparkline.js';
import { poolFigures, poolLabels, type Block, type Timeline } from './timeline/timeline.js';

const shown: readonly { readonly name: string; readonly measure: Measure; readonly quantity: Quantity }[] = [
  { name: 'Throughput', measure: { of: 'throughput' }, quantity: 'rate' },
  { name: 'Median', measure: { of: 'response_time', aggregate: 'median' }, quantity: 'time' },
  { name: 'p95', measure: { of: 'response_time', aggregate: { percentile: 95 } }, quantity: 'time' },
  { name: 'Errors', measure: { of: 'error_rate', kind: undefined }, quantity: 'percent' },
];

/** A line has no more bars than that. */
const mostBars = 60;

/** A line for each of throughput, median, p95 and errors of all samples, a bar for each stretch of time; none when there are fewer than two. */
export function courseLines(timeline: Timeline | undefined): string[] {
  if (timeline === undefined) return [];
  const blocks = poolLabels(timeline.labels.filter(({ transaction }) => !transaction));
  const length = (blocks.at(-1)?.at ?? 0) + 1;
  if (length < 2) return [];
  const inBar = Math.ceil(length / mostBars);
  const barMilliseconds = inBar * timeline.blockMilliseconds;
  const parts = Array.from({ length: Math.ceil(length / inBar) }, (): Block[] => []);
  for (const block of blocks) parts[Math.floor(block.at / inBar)]?.push(block);
  const bars = parts.map(poolFigures);
  return shown.map(({ name, measure, quantity }) => {
    const values = bars.map(bar => measured(measure, bar, barMilliseconds / 1000));
    const largest = Math.max(0, ...values.map(value => value ?? 0));
    return `${name.padEnd(10)} ${sparkline(values)}  up to ${formatMeasured(largest, quantity)}, a bar for ${formatDuration(barMilliseconds)}`;
  });
}
