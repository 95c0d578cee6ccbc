/** What a measure is of given figures. */
import type { ErrorKind } from '../analysis/statistics.js';
import { countAtMost, deviationOf, meanOf, percentileOf } from '../timeline/distribution.js';
import { samplesOf, type Figures } from '../timeline/timeline.js';
import { errorKinds, isTime, type Measure } from './criterion.js';

/**
 * The value in the measure's own unit; undefined when there is no sample to measure.
 * @param seconds the time the figures are of, for throughput; undefined when it is from their first start to their last end
 * @param counted the kinds of errors that count unless a measure names one
 */
export function measured(
  measure: Measure,
  figures: Figures,
  seconds: number | undefined,
  counted: readonly ErrorKind[] = errorKinds,
): number | undefined {
  const samples = samplesOf(figures);
  if (isTime(measure)) {
    const { aggregate } = measure;
    const times = figures.times[measure.of];
    switch (aggregate) {
      case 'avg':
        return meanOf(times);
      case 'min':
        return times.values[0];
      case 'max':
        return times.values.at(-1);
      case 'median':
        return percentileOf(times, 50);
      case 'stddev':
        return deviationOf(times);
      default:
        return percentileOf(times, aggregate.percentile);
    }
  }
  switch (measure.of) {
    case 'samples':
      return samples;
    case 'bytes':
      return figures.bytes;
    case 'avg_bytes':
      return samples === 0 ? undefined : figures.bytes / samples;
    case 'throughput':
      return samples === 0 && seconds === undefined ? undefined : samples / (seconds ?? lengthOf(figures));
    case 'errors':
    case 'error_rate': {
      const kinds = measure.kind === undefined ? counted : [measure.kind];
      const errors = kinds.reduce((sum, kind) => sum + figures.errors[kind], 0);
      if (measure.of === 'errors') return errors;
      return samples === 0 ? undefined : (errors * 100) / samples;
    }
    case 'apdex': {
      if (samples === 0) return undefined;
      // Whoever gets an error is frustrated, however soon it came.
      const within = (limit: number) =>
        countAtMost(figures.times.response_time, limit) - countAtMost(figures.failedTimes, limit);
      const satisfied = within(measure.satisfied);
      return (satisfied + (within(measure.tolerated) - satisfied) / 2) / samples;
    }
    default:
      throw new TypeError(`unknown measure ${JSON.stringify(measure)}`);
  }
}

/** In seconds. A single sample of no length still happened within a millisecond. */
function lengthOf({ firstStart, lastEnd }: Figures): number {
  return Math.max(1, lastEnd - firstStart) / 1000;
}
