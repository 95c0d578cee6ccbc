/** Classes of times as the summary file has them: near times count as one. */
import type { Distribution } from '../timeline/distribution.js';
import type { Block } from '../timeline/timeline.js';

/** Times below are exact; above, classes are at most 1/128 wide, so that a time is at most 0.4 % off. */
const exactBelow = 256;
/** Classes there are: up to the largest whole number that is exact. */
export const classLimit = exactBelow + (53 - 8) * (exactBelow / 2);

/** A block with its times in the classes of the file. */
export function inClasses(block: Block): Block {
  return {
    ...block,
    times: {
      response_time: classed(block.times.response_time),
      latency: classed(block.times.latency),
      connect_time: classed(block.times.connect_time),
    },
    failedTimes: classed(block.failedTimes),
  };
}

/** A distribution with one time for each class. */
export function classed({ values, counts }: Distribution): Distribution {
  const times: number[] = [];
  const sums: number[] = [];
  for (const [index, value] of values.entries()) {
    const time = timeOf(classOf(value));
    if (times.at(-1) !== time) {
      times.push(time);
      sums.push(0);
    }
    sums[sums.length - 1] = (sums.at(-1) ?? 0) + (counts[index] ?? 0);
  }
  return { values: times, counts: sums };
}

/** The number of a time's class. */
export function classOf(milliseconds: number): number {
  let octave = 0;
  let rest = Math.round(milliseconds);
  while (rest >= exactBelow) {
    rest = Math.floor(rest / 2);
    octave += 1;
  }
  return octave * (exactBelow / 2) + rest;
}

/** The middle of a class, which is of the same class again. */
export function timeOf(number: number): number {
  if (number < exactBelow) return number;
  const octave = Math.floor(number / (exactBelow / 2)) - 1;
  const rest = number - octave * (exactBelow / 2);
  return rest * 2 ** octave + 2 ** (octave - 1);
}
