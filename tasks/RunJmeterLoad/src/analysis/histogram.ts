/** Counts of times so that percentiles over all of them are exact, and stay so when the counts of several runs are added. */

/** Up to here, a good two minutes, every millisecond has a count of its own; above, an octave has `finePerOctave` of them (at most 0.05 % off). */
const exactLimit = 131_072;
const exactOctave = 17;
const finePerOctave = 1024;
const pageBits = 8;
const pageMask = (1 << pageBits) - 1;

/** Times of one kind, in whole milliseconds. It takes 1 KiB for each quarter of a second in which times occur. */
export class Histogram {
  private readonly pages: (Uint32Array | undefined)[] = [];
  private samples = 0;
  private total = 0;
  private smallest = Infinity;
  private largest = -Infinity;

  /** @param milliseconds a whole number of 0 or more */
  add(milliseconds: number): void {
    const slot = milliseconds < exactLimit ? milliseconds : coarseSlot(milliseconds);
    const page = this.pages[slot >>> pageBits] ?? this.newPage(slot >>> pageBits);
    const at = slot & pageMask;
    page[at] = (page[at] ?? 0) + 1;
    this.samples += 1;
    this.total += milliseconds;
    if (milliseconds < this.smallest) this.smallest = milliseconds;
    if (milliseconds > this.largest) this.largest = milliseconds;
  }

  get count(): number {
    return this.samples;
  }
  /** The sum of all times, exact. */
  get sum(): number {
    return this.total;
  }
  get minimum(): number | undefined {
    return this.samples === 0 ? undefined : this.smallest;
  }
  get maximum(): number | undefined {
    return this.samples === 0 ? undefined : this.largest;
  }
  get mean(): number | undefined {
    return this.samples === 0 ? undefined : this.total / this.samples;
  }
  /** The standard deviation of the times as a whole population; undefined when there are none. */
  get deviation(): number | undefined {
    const { mean } = this;
    if (mean === undefined) return undefined;
    let squares = 0;
    for (const [value, count] of this.entries()) squares += count * (value - mean) ** 2;
    return Math.sqrt(squares / this.samples);
  }

  /**
   * The smallest time that at least this part of all times does not exceed (nearest rank).
   * @param percent more than 0, at most 100
   * @returns milliseconds, undefined when there are none
   */
  percentile(percent: number): number | undefined {
    // 99.9 % of 1000 is 999.0000000000001 in binary fractions, and would ask for the rank after.
    let remaining = Math.max(1, Math.ceil(Number(((percent * this.samples) / 100).toPrecision(14))));
    for (const [page, counts] of this.pages.entries()) {
      if (counts === undefined) continue;
      for (let at = 0; at <= pageMask; at += 1) {
        remaining -= counts[at] ?? 0;
        if (remaining <= 0) return this.timeAt((page << pageBits) | at);
      }
    }
    return undefined;
  }

  /** How many times are at most so many milliseconds. */
  countUpTo(milliseconds: number): number {
    let found = 0;
    for (const [value, count] of this.entries()) {
      if (value > milliseconds) break;
      found += count;
    }
    return found;
  }

  /** The times that occur, ascending, each with how often. A time above 131 s stands for those within 0.05 % of it. */
  *entries(): Generator<readonly [milliseconds: number, count: number]> {
    for (const [page, counts] of this.pages.entries()) {
      if (counts === undefined) continue;
      for (let at = 0; at <= pageMask; at += 1) {
        const here = counts[at] ?? 0;
        if (here === 0) continue;
        yield [this.timeAt((page << pageBits) | at), here];
      }
    }
  }

  /** Adds all counts of another. */
  addAll(other: Histogram): void {
    this.combine(other, 1);
    this.smallest = Math.min(this.smallest, other.smallest);
    this.largest = Math.max(this.largest, other.largest);
  }

  /** Adds counts of the 256 whole milliseconds from `256 * page` on, which are below 131 s; they begin at `from` in `counts`. */
  addPage(page: number, counts: Uint32Array, from: number): void {
    const ours = this.pages[page] ?? this.newPage(page);
    for (let at = 0; at <= pageMask; at += 1) {
      const here = counts[from + at] ?? 0;
      if (here === 0) continue;
      const milliseconds = (page << pageBits) | at;
      ours[at] = (ours[at] ?? 0) + here;
      this.samples += here;
      this.total += here * milliseconds;
      if (milliseconds < this.smallest) this.smallest = milliseconds;
      if (milliseconds > this.largest) this.largest = milliseconds;
    }
  }

  copy(): Histogram {
    const made = new Histogram();
    made.addAll(this);
    return made;
  }

  /** What came since an earlier copy of this histogram. Above 131 s its extremes are within 0.05 %. */
  since(earlier: Histogram): Histogram {
    const made = this.copy();
    made.combine(earlier, -1);
    const values = Array.from(made.entries(), ([value]) => value);
    made.smallest = values[0] ?? Infinity;
    made.largest = values.at(-1) ?? -Infinity;
    return made;
  }

  /** As data that another thread can be sent at little cost. */
  toData(): HistogramData {
    const pages = [...this.pages.keys()].filter(page => this.pages[page] !== undefined);
    const counts = new Uint32Array(pages.length << pageBits);
    for (const [index, page] of pages.entries()) counts.set(this.pages[page] ?? [], index << pageBits);
    const { samples, total: sum, smallest, largest } = this;
    return { samples, sum, smallest, largest, pages, counts };
  }

  /** Adds what `toData` gave. */
  addData({ samples, sum, smallest, largest, pages, counts }: HistogramData): void {
    for (const [index, page] of pages.entries()) {
      const ours = this.pages[page] ?? this.newPage(page);
      for (let at = 0; at <= pageMask; at += 1)
        ours[at] = (ours[at] ?? 0) + (counts[(index << pageBits) | at] ?? 0);
    }
    this.samples += samples;
    this.total += sum;
    this.smallest = Math.min(this.smallest, smallest);
    this.largest = Math.max(this.largest, largest);
  }

  private combine(other: Histogram, sign: 1 | -1): void {
    for (const [page, theirs] of other.pages.entries()) {
      if (theirs === undefined) continue;
      const ours = this.pages[page] ?? this.newPage(page);
      for (let at = 0; at <= pageMask; at += 1) ours[at] = (ours[at] ?? 0) + sign * (theirs[at] ?? 0);
    }
    this.samples += sign * other.samples;
    this.total += sign * other.total;
  }

  /** The time that a slot stands for. */
  private timeAt(slot: number): number {
    return Math.min(this.largest, Math.max(this.smallest, timeOf(slot)));
  }

  private newPage(page: number): Uint32Array {
    // Without holes, so that the array stays one of elements that a compiler knows.
    while (this.pages.length <= page) this.pages.push(undefined);
    return (this.pages[page] = new Uint32Array(1 << pageBits));
  }
}

/** A histogram as data. */
export interface HistogramData {
  readonly samples: number;
  readonly sum: number;
  /** The smallest and the largest time; infinite when there is none. */
  readonly smallest: number;
  readonly largest: number;
  /** The numbers of the pages in use, and their counts, one page behind the other. */
  readonly pages: readonly number[];
  readonly counts: Uint32Array;
}

/** Slots there are: times up to the largest whole number that is exact. */
export const slotLimit = exactLimit + (53 - exactOctave) * finePerOctave;

function coarseSlot(milliseconds: number): number {
  let octave = 0;
  let unit = exactLimit;
  while (milliseconds >= unit * 2) {
    unit *= 2;
    octave += 1;
  }
  return exactLimit + octave * finePerOctave + Math.floor((milliseconds / unit - 1) * finePerOctave);
}

function timeOf(slot: number): number {
  if (slot < exactLimit) return slot;
  const coarse = slot - exactLimit;
  const width = 2 ** (exactOctave + Math.floor(coarse / finePerOctave)) / finePerOctave;
  return (finePerOctave + (coarse % finePerOctave)) * width + width / 2;
}
