/** The threads of a test, and which transactions repeat their samples. */

/** A thread of the test. */
export interface ThreadEntry {
  /** When its latest sample began that is no transaction. */
  latest: number;
  /** The transaction for which it matters most what `latest` was before the first such sample: when that transaction began. */
  decided: number;
}

/** Threads as data, in the order of their first samples. */
export interface ThreadData {
  /** What was taken for `latest` before a thread's first sample. */
  readonly assumed: number;
  readonly names: readonly string[];
  readonly latest: Float64Array;
  readonly decided: Float64Array;
}

/** What `latest` is before a thread's first sample: of a file, and of a range where transactions are taken to repeat samples before it. */
export const noSample = -1;
export const someSample = Infinity;

const threadLimit = 262_144;

/** Knows threads by name. */
export class Threads {
  private readonly known = new Map<string, ThreadEntry>();
  /** Whether there were so many that some are forgotten. */
  forgetful = false;
  /** Whether the latest transaction that had samples repeats them; true while there was none. */
  repeating = true;

  constructor(readonly assumed: number) {}

  entry(name: string): ThreadEntry {
    let known = this.known.get(name);
    if (known === undefined) {
      if (this.known.size >= threadLimit) this.forget();
      known = { latest: this.assumed, decided: this.assumed === noSample ? Infinity : -Infinity };
      this.known.set(name, known);
    }
    return known;
  }

  /**
   * Whether a transaction repeats samples of its thread. Those come before it and begin within it. When none did, the controller was
   * told to generate a parent sample, and the transaction is the sample: with sub-results off JMeter writes nothing else of its samplers.
   */
  repeats(thread: ThreadEntry, start: number): boolean {
    this.repeating = thread.latest >= start;
    if (thread.latest === this.assumed)
      thread.decided = this.repeating ? Math.max(thread.decided, start) : Math.min(thread.decided, start);
    return this.repeating;
  }

  data(): ThreadData {
    const entries = [...this.known.values()];
    return {
      assumed: this.assumed,
      names: [...this.known.keys()],
      latest: Float64Array.from(entries, ({ latest }) => latest),
      decided: Float64Array.from(entries, ({ decided }) => decided),
    };
  }

  /** Whether a range of the file that follows was read as it is after what these threads did. */
  precede({ assumed, names, decided }: ThreadData): boolean {
    let found = 0;
    const right = names.every((name, index) => {
      const known = this.known.get(name);
      if (known !== undefined) found += 1;
      const latest = known?.latest ?? noSample;
      const most = decided[index] ?? 0;
      return assumed === noSample ? latest < most : latest >= most;
    });
    return right && this.known.size + names.length - found <= threadLimit;
  }

  /** Adds what they did in a range that follows. */
  add({ assumed, names, latest }: ThreadData): void {
    for (const [index, name] of names.entries()) {
      const entry = this.entry(name);
      const last = latest[index] ?? assumed;
      if (last !== assumed) entry.latest = last;
    }
  }

  /** Threads come in the order of their first samples; a thread that goes on is known again with its next sample. */
  private forget(): void {
    this.forgetful = true;
    let left = threadLimit / 2;
    for (const name of this.known.keys()) {
      this.known.delete(name);
      if (--left === 0) return;
    }
  }
}
