import { Collection } from '../../../tasks/RunJmeterLoad/src/analysis/collection.js';
import type { ErrorKind } from '../../../tasks/RunJmeterLoad/src/analysis/statistics.js';
import { collectTimeline } from '../../../tasks/RunJmeterLoad/src/timeline/collectTimeline.js';
import type { Timeline } from '../../../tasks/RunJmeterLoad/src/timeline/timeline.js';

/** A sample as JMeter writes it; times in milliseconds, its start since the epoch. */
export interface MadeSample {
  readonly label: string;
  readonly transaction: boolean;
  readonly start: number;
  readonly elapsed: number;
  readonly latency: number;
  readonly connect: number;
  readonly bytes: number;
  readonly kind: ErrorKind | undefined;
  /** All active threads of its JMeter; not known when it is left out. */
  readonly threads?: number;
}

/** The timeline of some samples. @param step the length of a block, undefined for as long as it takes */
export function timelineOf(samples: Iterable<MadeSample>, step?: number): Timeline | undefined {
  const timeline = collectTimeline(step);
  const collection = new Collection({ timeline });
  for (const { label, transaction, kind, threads = 0, ...numbers } of samples)
    collection.take(
      collection.labelEntry(label),
      { latest: -1, decided: Infinity },
      { ...numbers, sentBytes: 0, threads },
      kind === undefined ? undefined : { kind, message: '' },
      transaction ? 0 : undefined,
    );
  return timeline.timeline();
}
