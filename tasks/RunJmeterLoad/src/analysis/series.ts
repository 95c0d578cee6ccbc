/** What happened when: samples in buckets of time that grow with the run, so that a long one takes no more memory than a short one. */

/** One bucket. */
export interface Bucket {
  /** Where it begins, milliseconds since the epoch, a whole multiple of the series' width. */
  readonly start: number;
  /** Samples that began in it. */
  readonly samples: number;
  readonly errors: number;
  /** Sum and largest of their elapsed times, milliseconds. */
  readonly elapsed: number;
  readonly longest: number;
  /** The most threads that were active, over all groups; 0 when the results do not say. */
  readonly threads: number;
}

/** A series as plain data: of each bucket what `Bucket` says, in that order. */
export interface SeriesData {
  readonly width: number;
  readonly counts: Float64Array;
}

/** As many as `Bucket` has. */
const numbersOfBucket = 6;

type Counts = Float64Array<ArrayBuffer>;

const bucketLimit = 1024;
const narrowest = 1000;

/** Buckets of one second at first, of twice as much whenever there would be more than 1024. */
export class Series {
  private milliseconds = narrowest;
  /** The number of the first bucket since the epoch. */
  private first = 0;
  private length = 0;
  private samples = new Float64Array(16);
  private errors = new Float64Array(16);
  private elapsed = new Float64Array(16);
  private longest = new Float64Array(16);
  private threads = new Float64Array(16);

  /** The width of a bucket in milliseconds: 1000, 2000, 4000 and so on. */
  get width(): number {
    return this.milliseconds;
  }

  /** @param start milliseconds since the epoch */
  add(start: number, elapsed: number, failed: boolean, threads: number): void {
    const at = this.place(start);
    this.samples[at] = (this.samples[at] ?? 0) + 1;
    this.elapsed[at] = (this.elapsed[at] ?? 0) + elapsed;
    if (failed) this.errors[at] = (this.errors[at] ?? 0) + 1;
    if (elapsed > (this.longest[at] ?? 0)) this.longest[at] = elapsed;
    if (threads > (this.threads[at] ?? 0)) this.threads[at] = threads;
  }

  /** Every bucket from the first with a sample to the last, also those between without any. */
  buckets(): Bucket[] {
    return Array.from({ length: this.length }, (_, at) => ({
      start: (this.first + at) * this.milliseconds,
      samples: this.samples[at] ?? 0,
      errors: this.errors[at] ?? 0,
      elapsed: this.elapsed[at] ?? 0,
      longest: this.longest[at] ?? 0,
      threads: this.threads[at] ?? 0,
    }));
  }

  /** Adds the buckets of another: to theirs, or to coarser ones when either has those. */
  addAll(other: Series): void {
    this.addBuckets(other.width, other.buckets());
  }

  /** Adds buckets of this width. */
  addBuckets(width: number, buckets: readonly Bucket[]): void {
    if (buckets.length === 0) return;
    while (this.milliseconds < width) this.coarsen();
    for (const { start, samples, errors, elapsed, longest, threads } of buckets)
      if (samples > 0) this.addCounts(start, samples, errors, elapsed, longest, threads);
  }

  /** Adds what stands in one bucket that is no longer than those of this series: see `Bucket`. */
  addCounts(
    start: number,
    samples: number,
    errors: number,
    elapsed: number,
    longest: number,
    threads: number,
  ): void {
    const at = this.place(start);
    this.samples[at] = (this.samples[at] ?? 0) + samples;
    this.errors[at] = (this.errors[at] ?? 0) + errors;
    this.elapsed[at] = (this.elapsed[at] ?? 0) + elapsed;
    this.longest[at] = Math.max(this.longest[at] ?? 0, longest);
    this.threads[at] = Math.max(this.threads[at] ?? 0, threads);
  }

  /** As plain data: the buckets that have samples. */
  toData(): SeriesData {
    const used = this.buckets().filter(({ samples }) => samples > 0);
    const counts = new Float64Array(used.length * numbersOfBucket);
    for (const [at, { start, samples, errors, elapsed, longest, threads }] of used.entries())
      counts.set([start, samples, errors, elapsed, longest, threads], at * numbersOfBucket);
    return { width: this.milliseconds, counts };
  }

  /** Adds what `toData` gave. */
  addData({ width, counts }: SeriesData): void {
    while (this.milliseconds < width) this.coarsen();
    const number = (at: number) => counts[at] ?? 0;
    for (let at = 0; at < counts.length; at += numbersOfBucket)
      this.addCounts(
        number(at),
        number(at + 1),
        number(at + 2),
        number(at + 3),
        number(at + 4),
        number(at + 5),
      );
  }

  copy(): Series {
    const made = new Series();
    made.addAll(this);
    return made;
  }

  /** The place of a moment's bucket, which is there afterwards. */
  private place(start: number): number {
    for (;;) {
      const number = Math.floor(start / this.milliseconds);
      if (this.length === 0) {
        this.first = number;
        this.length = 1;
        return 0;
      }
      const at = number - this.first;
      if (at >= 0 && at < this.length) return at;
      const length = at < 0 ? this.length - at : at + 1;
      if (length > bucketLimit) {
        this.coarsen();
        continue;
      }
      this.extend(length, at < 0 ? -at : 0);
      return at < 0 ? 0 : at;
    }
  }

  /** Makes room for so many buckets, and moves those there are by `shift`. */
  private extend(length: number, shift: number): void {
    const { length: before } = this;
    this.each(from => {
      if (from.length >= length) {
        from.copyWithin(shift, 0, before).fill(0, 0, shift);
        return from;
      }
      const to = new Float64Array(Math.max(length, Math.min(from.length * 2, bucketLimit)));
      to.set(from.subarray(0, before), shift);
      return to;
    });
    this.first -= shift;
    this.length = length;
  }

  private coarsen(): void {
    const first = Math.floor(this.first / 2);
    const offset = this.first - first * 2;
    const { length } = this;
    const halves = length === 0 ? 0 : ((length - 1 + offset) >> 1) + 1;
    // In its place: what is joined is read before something else is written there.
    const joined = (join: (a: number, b: number) => number) => (all: Counts) => {
      for (let half = 0; half < halves; half += 1) {
        const at = 2 * half - offset;
        all[half] = join(all[at] ?? 0, at + 1 < length ? (all[at + 1] ?? 0) : 0);
      }
      return all.fill(0, halves, length);
    };
    this.each(
      joined((a, b) => a + b),
      joined(Math.max),
    );
    this.first = first;
    this.length = halves;
    this.milliseconds *= 2;
  }

  private each(sums: (from: Counts) => Counts, peaks = sums): void {
    this.samples = sums(this.samples);
    this.errors = sums(this.errors);
    this.elapsed = sums(this.elapsed);
    this.longest = peaks(this.longest);
    this.threads = peaks(this.threads);
  }
}
