/** Counts samples by label, and tells the samples that count from those that repeat others. */
import type { TimelineLine } from '../timeline/collectTimeline.js';
import {
  addLine,
  dataOf,
  staysExact,
  type Assumptions,
  type Malformed,
  type RangeCounts,
} from './ranges/rangeCounts.js';
import {
  addMessage,
  addSample,
  defaultLabelLimit,
  emptyStatistics,
  merge,
  messageLimit,
  otherLabel,
  overallOf,
  type AnalysisOptions,
  type ErrorKind,
  type ErrorMessage,
  type JtlAnalysis,
  type LabelStatistics,
} from './statistics.js';
import { noSample, someSample, Threads, type ThreadEntry } from './threads.js';

/** What is counted of a label's samples, or of its transactions. */
export interface Line {
  readonly statistics: LabelStatistics;
  /** Its course in time, when that is asked for. */
  readonly course: TimelineLine | undefined;
  /** Where failures that came before are counted; undefined those whose messages are too many to be kept. */
  readonly failures: Map<Failure, ErrorMessage | undefined>;
}

/** A label as samples and as transactions. */
export interface LabelEntry {
  readonly label: string;
  samples: Line | undefined;
  transactions: Line | undefined;
}

/** A failure of a sample; what is the same may be one object, which is counted faster. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly message: string;
}

/** The numbers of a sample; times in milliseconds. One object serves for all of a file. */
export interface SampleNumbers {
  start: number;
  elapsed: number;
  latency: number;
  connect: number;
  bytes: number;
  sentBytes: number;
  /** Active threads over all groups, 0 when unknown. */
  threads: number;
}

/** Messages kept of one label in a range: all of them, so that the whole file's can be told. */
const rangeMessageLimit = 200;
const described = 200;
/** Failures whose message is found at once. */
const failureLimit = 256;

/** Takes the samples of one file, or of a range of it. */
export class Collection {
  private readonly labels: LabelStatistics[] = [];
  private readonly entries = new Map<string, LabelEntry>();
  private readonly threads: Threads;
  private readonly rest: LabelEntry = { label: otherLabel, samples: undefined, transactions: undefined };
  private readonly labelLimit: number;
  private readonly warmUpSeconds: number;
  private started: number | undefined;
  private warmUp = 0;
  private unlisted = 0;
  private malformed = 0;
  private firstMalformed: Malformed | undefined;
  /** How many records come before those that are numbered from one now. */
  private recordsBefore = 0;
  private readonly messageLimit: number;
  /** Whether there was more than a range can hold. */
  private tooMuch = false;
  private handOver: () => void = () => undefined;
  /** Where the course of the test is collected, when that is asked for. */
  readonly timeline: AnalysisOptions['timeline'];

  /** @param range what is taken for granted of what stands before a range of a file */
  constructor({ warmUp, labelLimit, timeline }: AnalysisOptions, range?: Pick<Assumptions, 'latest'>) {
    this.timeline = timeline;
    this.threads = new Threads(range?.latest ?? noSample);
    this.messageLimit = range === undefined ? messageLimit : rangeMessageLimit;
    this.labelLimit = labelLimit ?? defaultLabelLimit;
    this.warmUpSeconds = warmUp?.seconds ?? 0;
    this.started = warmUp?.testStart;
  }

  /** The entry of a label, of the rest when there are too many. */
  labelEntry(label: string): LabelEntry {
    const known = this.entries.get(label);
    if (known !== undefined) return known;
    if (this.entries.size >= this.labelLimit) {
      this.tooMuch = true;
      return this.rest;
    }
    const made: LabelEntry = { label, samples: undefined, transactions: undefined };
    this.entries.set(label, made);
    return made;
  }

  /** Whether a label has an entry of its own. */
  isListed(entry: LabelEntry): boolean {
    return entry !== this.rest;
  }

  /** `latest` of a thread before its first sample. */
  get assumedLatest(): number {
    return this.threads.assumed;
  }

  threadEntry(name: string): ThreadEntry {
    return this.threads.entry(name);
  }

  /**
   * Counts a sample.
   * @param inTransaction how many samples it stands for when it is a transaction controller's, otherwise undefined
   */
  take(
    entry: LabelEntry,
    thread: ThreadEntry,
    numbers: SampleNumbers,
    failure: Failure | undefined,
    inTransaction: number | undefined,
  ): void {
    const { start } = numbers;
    const transaction =
      inTransaction !== undefined && (inTransaction === 0 || this.threads.repeats(thread, start));
    if (inTransaction === undefined) thread.latest = start;
    this.started ??= start;
    if (this.warmUpSeconds > 0 && start < this.started + this.warmUpSeconds * 1000) {
      if (!transaction) this.warmUp += 1;
      return;
    }
    if (entry === this.rest) {
      if (!transaction) this.unlisted += 1;
      else return;
    }
    const line = this.lineOf(entry, transaction);
    addSample(line.statistics, numbers);
    if (failure !== undefined) this.countFailure(line, failure);
    line.course?.add(numbers, failure?.kind);
  }

  /** Counts what kind of failure it is and its message, of a sample that is counted elsewhere. @param start milliseconds since the epoch */
  addFailure(line: Line, failure: Failure, start: number): void {
    this.countFailure(line, failure);
    line.course?.addFailure(start, failure.kind);
  }

  /** Samples that began before this, milliseconds since the epoch, are left out; undefined until the first sample tells. */
  get warmUpEnd(): number | undefined {
    if (this.warmUpSeconds === 0) return -Infinity;
    return this.started === undefined ? undefined : this.started + this.warmUpSeconds * 1000;
  }

  /** Notes samples that were left out elsewhere because they began before `warmUpEnd`. */
  leaveOut(count: number): void {
    this.warmUp += count;
  }

  /** Takes note of who counts samples for this collection, to be asked for its counts before there is a result. */
  countedBy(handOver: () => void): void {
    this.handOver = handOver;
  }

  /** Notes a record that is no sample. */
  reject(number: number, why: string, text: string): void {
    this.malformed += 1;
    this.firstMalformed ??= { number: this.recordsBefore + number, why, text: text.slice(0, described) };
  }

  result(cut: boolean): JtlAnalysis {
    this.handOver();
    const { rest, firstMalformed: first } = this;
    const labels = rest.samples === undefined ? this.labels : [...this.labels, rest.samples.statistics];
    return {
      overall: overallOf(labels),
      labels,
      unlisted: this.unlisted,
      warmUp: this.warmUp,
      malformed: this.malformed,
      firstMalformed: first && `record ${first.number} (${first.why}): ${first.text}`,
      cut,
    };
  }

  snapshot(): JtlAnalysis {
    return merge(this.result(false));
  }

  /** What the reader of a later range of the file is to take for granted; undefined while that is not known. */
  ahead(): Assumptions | undefined {
    const grid = this.timeline?.grid();
    if (this.warmUpEnd === undefined || (grid !== undefined && grid.origin === undefined)) return undefined;
    return {
      warmUp: { seconds: this.warmUpSeconds, testStart: this.started },
      labelLimit: this.labelLimit,
      latest: this.threads.repeating ? someSample : noSample,
      grid,
    };
  }

  /** Whether a range holds more than can be told of it apart from what stands before. */
  get overfull(): boolean {
    return this.tooMuch || this.threads.forgetful;
  }

  /** What was found in a range, as data. @param records how many it has @param open whether it ends in the middle of one */
  counts(records: number, open: boolean): RangeCounts {
    this.handOver();
    return {
      records,
      open,
      labels: [...this.entries.keys()],
      lines: this.labels.map(dataOf),
      threads: this.threads.data(),
      warmUp: this.warmUp,
      malformed: this.malformed,
      firstMalformed: this.firstMalformed,
      timeline: this.timeline?.data(),
    };
  }

  /**
   * Adds what was found in the range that follows.
   * @param records how many records came since the range before, or since the file's begin
   * @returns whether it could be: what was taken for granted is true, and with what there is it is not too much; else nothing is added
   */
  add(range: RangeCounts, records: number): boolean {
    this.handOver();
    if (!this.precedes(range)) return false;
    // Who counted so far does not know what the threads do in this range: another goes on.
    this.handOver = () => undefined;
    this.recordsBefore += records;
    for (const label of range.labels) this.labelEntry(label);
    for (const line of range.lines)
      addLine(this.lineOf(this.labelEntry(line.label), line.transaction).statistics, line);
    if (range.timeline !== undefined) this.timeline?.add(range.timeline);
    this.threads.add(range.threads);
    this.warmUp += range.warmUp;
    this.malformed += range.malformed;
    const { firstMalformed: first } = range;
    this.firstMalformed ??= first && { ...first, number: this.recordsBefore + first.number };
    this.recordsBefore += range.records;
    return true;
  }

  private precedes({ labels, lines, threads }: RangeCounts): boolean {
    const unknown = labels.filter(label => !this.entries.has(label)).length;
    const exact = lines.every(line => {
      const entry = this.entries.get(line.label);
      const own = line.transaction ? entry?.transactions : entry?.samples;
      return staysExact(own?.statistics, line);
    });
    return (
      (unknown === 0 || this.entries.size + unknown <= this.labelLimit) &&
      exact &&
      this.threads.precede(threads)
    );
  }

  private countFailure({ statistics, failures }: Line, failure: Failure): void {
    statistics.errors[failure.kind] += 1;
    const known = failures.get(failure);
    if (known !== undefined) known.count += 1;
    else if (!failures.has(failure)) {
      if (failures.size >= failureLimit) failures.clear();
      failures.set(failure, addMessage(statistics, failure.kind, failure.message, 1, this.messageLimit));
      if (statistics.messages.length === rangeMessageLimit) this.tooMuch = true;
    }
  }

  private lineOf(entry: LabelEntry, transaction: boolean): Line {
    const known = transaction ? entry.transactions : entry.samples;
    if (known !== undefined) return known;
    const statistics = emptyStatistics(entry.label, transaction);
    const made = {
      statistics,
      course: this.timeline?.line(statistics),
      failures: new Map<Failure, ErrorMessage | undefined>(),
    };
    if (transaction) entry.transactions = made;
    else entry.samples = made;
    if (entry !== this.rest) this.labels.push(statistics);
    return made;
  }
}
