/** Classes of times as the summary file has them: near times count as one. */
import { classOf as classIn, timeOf as timeIn } from '../timeline/classes.js';
import type { Distribution } from '../timeline/distribution.js';
import type { Block } from '../timeline/timeline.js';

/** Times below 256 ms are exact; above, classes are at most 1/128 wide, so that a time is at most 0.4 % off. */
const bits = 8;
/** Classes there are: up to the largest whole number that is exact. */
export const classLimit = 2 ** bits + (53 - bits) * 2 ** (bits - 1);

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
  return classIn(milliseconds, bits);
}

/** The middle of a class, which is of the same class again. */
export function timeOf(number: number): number {
  return timeIn(number, bits);
}
