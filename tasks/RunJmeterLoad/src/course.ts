/** How a load test went on, in lines of text. */
import { formatDuration } from '../../../shared/core/duration.js';
import { formatMeasured, type Measure, type Quantity } from './criteria/criterion.js';
import { measured } from './criteria/measure.js';
import { sparkline } from './sparkline.js';
import { poolFigures, poolLabels, type Block, type Figures, type Timeline } from './timeline/timeline.js';

interface Line {
  readonly name: string;
  /** What a bar stands for; undefined where that is not known. */
  readonly of: (bar: Figures, seconds: number) => number | undefined;
  readonly quantity: Quantity;
}

const by = (measure: Measure) => (bar: Figures, seconds: number) => measured(measure, bar, seconds);
const shown: readonly Line[] = [
  { name: 'Throughput', of: by({ of: 'throughput' }), quantity: 'rate' },
  { name: 'Median', of: by({ of: 'response_time', aggregate: 'median' }), quantity: 'time' },
  { name: 'p95', of: by({ of: 'response_time', aggregate: { percentile: 95 } }), quantity: 'time' },
  { name: 'Errors', of: by({ of: 'error_rate', kind: undefined }), quantity: 'percent' },
  { name: 'Threads', of: ({ threads }) => (threads === 0 ? undefined : threads), quantity: 'count' },
];

/** A line has no more bars than that. */
const mostBars = 60;

/**
 * A line for each of throughput, median, p95, errors and, where they are known, active threads of all samples, a bar for each
 * stretch of time; none when there are fewer than two.
 */
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
  return shown.flatMap(({ name, of, quantity }) => {
    const values = bars.map(bar => of(bar, barMilliseconds / 1000));
    if (values.every(value => value === undefined)) return [];
    const largest = Math.max(0, ...values.map(value => value ?? 0));
    return `${name.padEnd(10)} ${sparkline(values)}  up to ${formatMeasured(largest, quantity)}, a bar for ${formatDuration(barMilliseconds)}`;
  });
}
