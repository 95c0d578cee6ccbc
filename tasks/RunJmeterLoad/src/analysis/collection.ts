/** Counts samples by label, and tells the samples that count from those that repeat others. */
import {
  addMessage,
  defaultLabelLimit,
  emptyStatistics,
  merge,
  otherLabel,
  overallOf,
  type AnalysisOptions,
  type ErrorKind,
  type ErrorMessage,
  type JtlAnalysis,
  type LabelStatistics,
} from './statistics.js';
import type { TimelineLine } from '../timeline/collectTimeline.js';

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

/** A thread of the test: when its latest sample began that is no transaction. */
export interface ThreadEntry {
  latest: number;
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

const threadLimit = 262_144;
const transactionMessage = 'Number of samples in transaction : ';
const described = 200;
/** Failures whose message is found at once. */
const failureLimit = 256;

/** Takes the samples of one file. */
export class Collection {
  private readonly labels: LabelStatistics[] = [];
  private readonly entries = new Map<string, LabelEntry>();
  private readonly threads = new Map<string, ThreadEntry>();
  private readonly rest: LabelEntry = { label: otherLabel, samples: undefined, transactions: undefined };
  private readonly labelLimit: number;
  private readonly warmUpSeconds: number;
  private started: number | undefined;
  private warmUp = 0;
  private unlisted = 0;
  private malformed = 0;
  private firstMalformed: string | undefined;
  private handOver: () => void = () => undefined;
  /** Where the course of the test is collected, when that is asked for. */
  readonly timeline: AnalysisOptions['timeline'];

  constructor({ warmUp, labelLimit, timeline }: AnalysisOptions) {
    this.timeline = timeline;
    this.labelLimit = labelLimit ?? defaultLabelLimit;
    this.warmUpSeconds = warmUp?.seconds ?? 0;
    this.started = warmUp?.testStart;
  }

  /** The entry of a label, of the rest when there are too many. */
  labelEntry(label: string): LabelEntry {
    const known = this.entries.get(label);
    if (known !== undefined) return known;
    if (this.entries.size >= this.labelLimit) return this.rest;
    const made: LabelEntry = { label, samples: undefined, transactions: undefined };
    this.entries.set(label, made);
    return made;
  }

  /** Whether a label has an entry of its own. */
  isListed(entry: LabelEntry): boolean {
    return entry !== this.rest;
  }

  threadEntry(name: string): ThreadEntry {
    let known = this.threads.get(name);
    if (known === undefined) {
      if (this.threads.size >= threadLimit) this.forgetThreads();
      known = { latest: -1 };
      this.threads.set(name, known);
    }
    return known;
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
    // Samples inside a transaction come before it in its thread and begin within it. When none did, the controller was told to
    // generate a parent sample, and the transaction is the sample: with sub-results off JMeter writes nothing else of its samplers.
    const transaction = inTransaction !== undefined && (inTransaction === 0 || thread.latest >= start);
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
    count(line.statistics, numbers, failure);
    if (failure !== undefined) countFailure(line, failure);
    line.course?.add(numbers, failure?.kind);
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
    this.firstMalformed ??= `record ${number} (${why}): ${text.slice(0, described)}`;
  }

  result(cut: boolean): JtlAnalysis {
    this.handOver();
    const { rest } = this;
    const labels = rest.samples === undefined ? this.labels : [...this.labels, rest.samples.statistics];
    return {
      overall: overallOf(labels),
      labels,
      unlisted: this.unlisted,
      warmUp: this.warmUp,
      malformed: this.malformed,
      firstMalformed: this.firstMalformed,
      cut,
    };
  }

  snapshot(): JtlAnalysis {
    return merge(this.result(false));
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

  /** Threads come in the order of their first samples; a thread that goes on is known again with its next sample. */
  private forgetThreads(): void {
    let left = threadLimit / 2;
    for (const name of this.threads.keys()) {
      this.threads.delete(name);
      if (--left === 0) return;
    }
  }
}

function count(to: LabelStatistics, numbers: SampleNumbers, failure: Failure | undefined): void {
  const { start, elapsed, latency, connect } = numbers;
  to.times.add(elapsed);
  if (latency > 0) to.latency.add(latency);
  if (connect > 0) to.connect.add(connect);
  to.bytes += numbers.bytes;
  to.sentBytes += numbers.sentBytes;
  if (start < to.firstStart) to.firstStart = start;
  if (start + elapsed > to.lastEnd) to.lastEnd = start + elapsed;
  to.series.add(start, elapsed, failure !== undefined, numbers.threads);
}

function countFailure({ statistics, failures }: Line, failure: Failure): void {
  statistics.errors[failure.kind] += 1;
  const known = failures.get(failure);
  if (known !== undefined) known.count += 1;
  else if (!failures.has(failure)) {
    if (failures.size >= failureLimit) failures.clear();
    failures.set(failure, addMessage(statistics, failure.kind, failure.message));
  }
}

/** What failed, from the fields that tell. */
export function failureOf(responseCode: string, responseMessage: string, failureMessage: string): Failure {
  return {
    kind: kindOf(responseCode, failureMessage),
    message: failureMessage === '' ? `${responseCode} ${responseMessage}`.trim() : failureMessage,
  };
}

/** The kind of a failed sample. Where there was no answer JMeter writes `Non HTTP response code: …`, and runs the assertions all the same. */
export function kindOf(responseCode: string, failureMessage: string): ErrorKind {
  if (/^\d+$/.test(responseCode)) return Number(responseCode) >= 400 ? 'response' : 'assertion';
  return failureMessage === '' || responseCode.startsWith('Non HTTP response') ? 'transport' : 'assertion';
}

/** Reads the message that a transaction controller gives its own samples; undefined when it is another. */
export function samplesInTransaction(responseMessage: string): number | undefined {
  if (!responseMessage.startsWith(transactionMessage)) return undefined;
  return Number.parseInt(responseMessage.slice(transactionMessage.length), 10);
}

/** A whole number of at most 15 digits, undefined for any other text. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
