/** How often each time occurred: everything that a criterion asks about times comes from here. */

/** Ascending whole milliseconds, and how many samples took each. */
export interface Distribution {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** A distribution of nothing. */
export const nothing: Distribution = { values: [], counts: [] };

/** Makes a distribution of counts by milliseconds. */
export function distributionOf(counts: ReadonlyMap<number, number>): Distribution {
  const values = [...counts.keys()].sort((a, b) => a - b);
  return { values, counts: values.map(value => counts.get(value) ?? 0) };
}

/** Several distributions as one. */
export function pool(distributions: readonly Distribution[]): Distribution {
  const [first, ...rest] = distributions.filter(({ values }) => values.length > 0);
  if (first === undefined) return nothing;
  if (rest.length === 0) return first;
  const counts = new Map<number, number>();
  for (const each of [first, ...rest])
    for (const [index, value] of each.values.entries())
      counts.set(value, (counts.get(value) ?? 0) + (each.counts[index] ?? 0));
  return distributionOf(counts);
}

/** How many samples there are. */
export function countOf({ counts }: Distribution): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** How many samples took at most so long. */
export function countAtMost({ values, counts }: Distribution, milliseconds: number): number {
  let sum = 0;
  for (const [index, value] of values.entries()) {
    if (value > milliseconds) break;
    sum += counts[index] ?? 0;
  }
  return sum;
}

/**
 * The smallest time that at least this part of all samples does not exceed (nearest rank).
 * @param percent more than 0, at most 100
 * @returns undefined when there is no sample
 */
export function percentileOf(distribution: Distribution, percent: number): number | undefined {
  let remaining = rankOf(percent, countOf(distribution));
  for (const [index, count] of distribution.counts.entries()) {
    remaining -= count;
    if (remaining <= 0) return distribution.values[index];
  }
  return undefined;
}

/** The nearest rank of a percentile among so many; percents with decimals are not exact in binary, so a hair above a whole rank is that rank. */
export function rankOf(percent: number, count: number): number {
  return Math.max(1, Math.ceil((percent * count) / 100 - 1e-9 * count));
}

/** The arithmetic mean, undefined when there is no sample. */
export function meanOf({ values, counts }: Distribution): number | undefined {
  let count = 0;
  let sum = 0;
  for (const [index, value] of values.entries()) {
    const here = counts[index] ?? 0;
    count += here;
    sum += value * here;
  }
  return count === 0 ? undefined : sum / count;
}

/** The standard deviation of all samples (of the population, as JMeter's own), undefined when there is none. */
export function deviationOf(distribution: Distribution): number | undefined {
  const mean = meanOf(distribution);
  if (mean === undefined) return undefined;
  const squares = distribution.values.reduce(
    (sum, value, index) => sum + (value - mean) ** 2 * (distribution.counts[index] ?? 0),
    0,
  );
  return Math.sqrt(squares / countOf(distribution));
}
