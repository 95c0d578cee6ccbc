/** Counts response times so that percentiles over all of them stay exact. */

/** Response times of one label. */
export interface ResponseTimes {
  /** @param milliseconds a whole number of 0 or more */
  add(milliseconds: number): void;
  readonly count: number;
  /**
   * The smallest time that at least this part of all times does not exceed (nearest rank).
   * @param percent more than 0, at most 100
   * @returns milliseconds, undefined when there are none
   */
  percentile(percent: number): number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly mean: number | undefined;
}

/** Up to here, a good two minutes, every millisecond has a count of its own; above, `coarse` milliseconds share one (an error below 0.1 %). */
const exactLimit = 131_072;
const coarse = 128;
const pageSize = 512;

/** Makes an empty store. It takes 2 KiB for each half second in which times occur. */
export function createResponseTimes(): ResponseTimes {
  const pages: (Uint32Array | undefined)[] = [];
  let count = 0;
  let sum = 0;
  let minimum = Infinity;
  let maximum = -Infinity;
  return {
    add(milliseconds) {
      const slot = slotOf(milliseconds);
      const page = Math.floor(slot / pageSize);
      const counts = (pages[page] ??= new Uint32Array(pageSize));
      const at = slot % pageSize;
      counts[at] = (counts[at] ?? 0) + 1;
      count += 1;
      sum += milliseconds;
      if (milliseconds < minimum) minimum = milliseconds;
      if (milliseconds > maximum) maximum = milliseconds;
    },
    get count() {
      return count;
    },
    percentile(percent) {
      let remaining = Math.max(1, Math.ceil((percent * count) / 100));
      for (const [page, counts] of pages.entries()) {
        if (counts === undefined) continue;
        for (const [at, here] of counts.entries()) {
          remaining -= here;
          if (here > 0 && remaining <= 0)
            return Math.min(maximum, Math.max(minimum, timeOf(page * pageSize + at)));
        }
      }
      return undefined;
    },
    get minimum() {
      return count === 0 ? undefined : minimum;
    },
    get maximum() {
      return count === 0 ? undefined : maximum;
    },
    get mean() {
      return count === 0 ? undefined : sum / count;
    },
  };
}

function slotOf(milliseconds: number): number {
  return milliseconds < exactLimit
    ? milliseconds
    : exactLimit + Math.floor((milliseconds - exactLimit) / coarse);
}

function timeOf(slot: number): number {
  return slot < exactLimit ? slot : exactLimit + (slot - exactLimit) * coarse + coarse / 2;
}
