import { createRandom } from '../../../../tasks/RunJmeterLoad/src/baseline/resampling.js';
import type { Timeline } from '../../../../tasks/RunJmeterLoad/src/timeline/timeline.js';
import { timelineOf, type MadeSample } from '../timelineOf.js';

/** A minute of 20 samples a second, times around 200 ms; the same for the same seed. */
export function makeRun(
  seed: number,
  slower = 1,
  rest: (index: number) => Partial<MadeSample> = () => ({}),
): Timeline {
  const random = createRandom(seed);
  const samples: MadeSample[] = [];
  for (let index = 0; index < 1200; index += 1) {
    const elapsed = Math.round(slower * (100 + 100 * random() + 100 * random()));
    samples.push({
      label: 'GET /data',
      transaction: false,
      start: 1_700_000_000_000 + Math.floor((index + random()) * 50 * slower),
      elapsed,
      latency: elapsed,
      connect: 0,
      bytes: 1000,
      kind: undefined,
      ...rest(index),
    });
  }
  const timeline = timelineOf(samples);
  if (timeline === undefined) throw new Error('no sample');
  return timeline;
}
