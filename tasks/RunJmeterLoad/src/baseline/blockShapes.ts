/** A distribution of the whole run and, for each block of time, how much of it fell into each of a few bins: what is kept of the blocks. */

/**
 * The parts of all samples at which bins end. Those that criteria ask for are among them, so that each block is known exactly there;
 * they are narrower where percentiles are asked for most.
 */
const parts = [
  0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
  0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 0.9997, 0.9999,
];

/**
 * Puts the classes of a run together to bins.
 * @param counts of the run, by class
 * @returns for each bin the place of the class after its last
 */
export function binEnds(counts: readonly number[]): number[] {
  const all = sumOf(counts);
  const ends: number[] = [];
  let seen = 0;
  let part = 0;
  for (const [at, count] of counts.entries()) {
    seen += count;
    if (at + 1 < counts.length && seen < (parts[part] ?? 1) * all) continue;
    while (seen >= (parts[part] ?? Infinity) * all) part += 1;
    ends.push(at + 1);
  }
  return ends;
}

/** A block's counts in bins. */
export function inBins(counts: readonly number[], ends: readonly number[]): number[] {
  let from = 0;
  return ends.map(end => {
    const sum = sumOf(counts.slice(from, end));
    from = end;
    return sum;
  });
}

/**
 * Gives the samples of a run back to its blocks: in each bin every block gets as many as it had, spread over the bin's classes as all of the run
 * are. Summed over the blocks the counts are those of the run again.
 * @param counts of the run, by class
 * @param bins for each block its counts by bin
 * @returns for each block its counts by class
 */
export function spreadBlocks(
  counts: readonly number[],
  ends: readonly number[],
  bins: readonly (readonly number[])[],
): number[][] {
  const blocks = bins.map(() => counts.map(() => 0));
  let from = 0;
  for (const [bin, end] of ends.entries()) {
    const shares = bins.map(block => block[bin] ?? 0);
    spreadBin(counts.slice(from, end), shares, (block, at, count) => {
      const row = blocks[block];
      if (row !== undefined) row[from + at] = count;
    });
    from = end;
  }
  return blocks;
}

/** Class by class, each block gets the whole samples that it is due, and those behind most get what is left over. */
function spreadBin(
  counts: readonly number[],
  shares: readonly number[],
  give: (block: number, at: number, count: number) => void,
): void {
  const all = sumOf(counts);
  const given = shares.map(() => 0);
  let seen = 0;
  for (const [at, count] of counts.entries()) {
    seen += count;
    const dues = shares
      .map((share, block) => {
        const due = Math.min(share, (share * seen) / all) - (given[block] ?? 0);
        return { block, due, gets: 0 };
      })
      .filter(({ due }) => due > 0)
      .sort((a, b) => b.due - a.due);
    let left = count;
    for (const each of dues) {
      each.gets = Math.min(left, Math.floor(each.due));
      left -= each.gets;
    }
    // Blocks that are ahead by a sample are due none: fewer are left over than there are blocks behind.
    for (const each of dues.sort((a, b) => b.due - b.gets - (a.due - a.gets)).slice(0, left)) each.gets += 1;
    for (const { block, gets } of dues) {
      given[block] = (given[block] ?? 0) + gets;
      if (gets > 0) give(block, at, gets);
    }
  }
}

export function sumOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
