/** What is known of a load test after reading its samples: plain counts that can be added to those of another part of it. */
import { Histogram } from './histogram.js';
import type { SampleNumbers } from './collection.js';
import type { TimelineCollector } from '../timeline/collectTimeline.js';

/**
 * What failed in a sample: an assertion on a good answer, the answer itself (HTTP status of 400 or more), or there was none
 * (connection refused, timed out, reset, or a sampler that broke).
 */
export type ErrorKind = 'assertion' | 'response' | 'transport';

/** A message of failed samples; messages that differ in their numbers only count as one, given as the first of them. */
export interface ErrorMessage {
  readonly kind: ErrorKind;
  readonly text: string;
  count: number;
}

/** What was seen of one label. */
export interface LabelStatistics extends LabelTotals {
  /** Elapsed times. */
  readonly times: Histogram;
  /** Times to the first byte of the answer, of the samples that have one. */
  readonly latency: Histogram;
  /** Times to connect, of the samples that have one. */
  readonly connect: Histogram;
}

/** What was seen of all samples of a label together. */
export interface LabelTotals {
  readonly label: string;
  /** A transaction controller's own samples repeat what its samplers have counted already: shown, never added up. */
  readonly transaction: boolean;
  readonly errors: Record<ErrorKind, number>;
  /** The first messages by kind; the failures whose message is not kept are in `errors` all the same. */
  readonly messages: ErrorMessage[];
  /** Bytes received and sent. */
  bytes: number;
  sentBytes: number;
  /** Start of the first sample and end of the last, milliseconds since the epoch; Infinity and -Infinity when there is none. */
  firstStart: number;
  lastEnd: number;
}

/** What results hold: of a whole file, of a file so far, or of several files together. */
export interface JtlAnalysis {
  /** All samples that count, as one label. */
  readonly overall: LabelStatistics;
  /** By label, in the order of their first samples; when there are too many of them the last is `(other)`, which holds the rest. */
  readonly labels: readonly LabelStatistics[];
  /** Samples in `(other)`. */
  readonly unlisted: number;
  /** Samples left out because they began before the end of the warm-up. */
  readonly warmUp: number;
  /** Records that are no samples, and what is wrong with the first. */
  readonly malformed: number;
  readonly firstMalformed: string | undefined;
  /** Whether the file ends in the middle of a record, which is not counted, or before its end mark. */
  readonly cut: boolean;
}

/** Samples that began within so many seconds of the test's start are left out. */
export interface WarmUp {
  readonly seconds: number;
  /** When the test started, milliseconds since the epoch; undefined takes the start of the first sample in the file. */
  readonly testStart: number | undefined;
}

/** How to read results. */
export interface AnalysisOptions {
  readonly warmUp?: WarmUp;
  /** How many labels are listed, 2000 when absent; each takes memory. */
  readonly labelLimit?: number;
  /** Collects the course of the test, too. */
  readonly timeline?: TimelineCollector;
}

export const defaultLabelLimit = 2000;
export const overallLabel = 'All samples';
export const otherLabel = '(other)';
/** Messages kept of one label. */
export const messageLimit = 20;
const messageLength = 500;

export function emptyStatistics(label: string, transaction: boolean): LabelStatistics {
  return {
    label,
    transaction,
    times: new Histogram(),
    latency: new Histogram(),
    connect: new Histogram(),
    errors: { assertion: 0, response: 0, transport: 0 },
    messages: [],
    bytes: 0,
    sentBytes: 0,
    firstStart: Infinity,
    lastEnd: -Infinity,
  };
}

/** Counts a sample, but not how it failed. */
export function addSample(to: LabelStatistics, numbers: SampleNumbers): void {
  const { start, elapsed, latency, connect } = numbers;
  to.times.add(elapsed);
  if (latency > 0) to.latency.add(latency);
  if (connect > 0) to.connect.add(connect);
  to.bytes += numbers.bytes;
  to.sentBytes += numbers.sentBytes;
  if (start < to.firstStart) to.firstStart = start;
  if (start + elapsed > to.lastEnd) to.lastEnd = start + elapsed;
}

/** Counts a message of failures. @param limit how many are kept @returns where it is counted, undefined when there are too many to keep it */
export function addMessage(
  to: LabelStatistics,
  kind: ErrorKind,
  text: string,
  count = 1,
  limit = messageLimit,
): ErrorMessage | undefined {
  const short = text.slice(0, messageLength);
  const last = to.messages.at(-1);
  if (last?.kind === kind && last.text === short) {
    last.count += count;
    return last;
  }
  const group = groupOf(short);
  const known = to.messages.find(message => message.kind === kind && groupOf(message.text) === group);
  if (known !== undefined) {
    known.count += count;
    return known;
  }
  if (to.messages.length >= limit) return undefined;
  const made = { kind, text: short, count };
  to.messages.push(made);
  return made;
}

/** Groups of texts that came before. */
const groups = new Map<string, string>();
const groupLimit = 1000;

/** A text without its numbers. */
function groupOf(text: string): string {
  let group = groups.get(text);
  if (group !== undefined) return group;
  group = text.replaceAll(/\d+/g, '0');
  if (groups.size >= groupLimit) groups.clear();
  groups.set(text, group);
  return group;
}

/** The most frequent messages first. */
export function topMessages({ messages }: LabelStatistics): readonly ErrorMessage[] {
  return messages.toSorted((a, b) => b.count - a.count);
}

export function errorCount({ errors }: LabelStatistics): number {
  return errors.assertion + errors.response + errors.transport;
}

/** Adds what was seen of a label elsewhere. */
export function addStatistics(to: LabelStatistics, from: LabelStatistics): void {
  to.times.addAll(from.times);
  to.latency.addAll(from.latency);
  to.connect.addAll(from.connect);
  addTotals(to, from);
}

/** Adds what is counted once for all samples of a label. */
export function addTotals(to: LabelStatistics, from: LabelTotals): void {
  for (const kind of ['assertion', 'response', 'transport'] as const) to.errors[kind] += from.errors[kind];
  for (const { kind, text, count } of from.messages) addMessage(to, kind, text, count);
  to.bytes += from.bytes;
  to.sentBytes += from.sentBytes;
  to.firstStart = Math.min(to.firstStart, from.firstStart);
  to.lastEnd = Math.max(to.lastEnd, from.lastEnd);
}

/** All samples of these labels, those of transactions left out. */
export function overallOf(labels: readonly LabelStatistics[]): LabelStatistics {
  const overall = emptyStatistics(overallLabel, false);
  for (const line of labels) if (!line.transaction) addStatistics(overall, line);
  return overall;
}

/**
 * The analysis of several parts of one test, such as the shares of several agents: the same as if their results stood in one
 * file. Nothing given is changed.
 */
export function merge(...parts: readonly JtlAnalysis[]): JtlAnalysis {
  const listed = new Map<string, LabelStatistics>();
  let other: LabelStatistics | undefined;
  for (const part of parts) {
    for (const line of part.labels) {
      const rest = isOther(line, part);
      const own = rest ? other : listed.get(keyOf(line));
      const sum = own ?? emptyStatistics(line.label, line.transaction);
      addStatistics(sum, line);
      if (rest) other = sum;
      else listed.set(keyOf(line), sum);
    }
  }
  const labels = other === undefined ? [...listed.values()] : [...listed.values(), other];
  const total = (of: (part: JtlAnalysis) => number) => parts.reduce((sum, part) => sum + of(part), 0);
  return {
    overall: overallOf(labels),
    labels,
    unlisted: total(part => part.unlisted),
    warmUp: total(part => part.warmUp),
    malformed: total(part => part.malformed),
    firstMalformed: parts.find(part => part.malformed > 0)?.firstMalformed,
    cut: parts.some(part => part.cut),
  };
}

/**
 * What came between two snapshots of one analyser: its labels, counts, times and messages. `firstStart` is the end of the
 * earlier snapshot's last sample.
 */
export function since(later: JtlAnalysis, earlier: JtlAnalysis): JtlAnalysis {
  const before = new Map(earlier.labels.map(line => [`${isOther(line, earlier)}${keyOf(line)}`, line]));
  const labels = later.labels.map(line => {
    const was = before.get(`${isOther(line, later)}${keyOf(line)}`);
    return was === undefined ? line : difference(line, was);
  });
  return {
    overall: difference(later.overall, earlier.overall),
    labels,
    unlisted: later.unlisted - earlier.unlisted,
    warmUp: later.warmUp - earlier.warmUp,
    malformed: later.malformed - earlier.malformed,
    firstMalformed: earlier.malformed === 0 ? later.firstMalformed : undefined,
    cut: later.cut,
  };
}

function difference(line: LabelStatistics, was: LabelStatistics): LabelStatistics {
  return {
    ...line,
    times: line.times.since(was.times),
    latency: line.latency.since(was.latency),
    connect: line.connect.since(was.connect),
    errors: {
      assertion: line.errors.assertion - was.errors.assertion,
      response: line.errors.response - was.errors.response,
      transport: line.errors.transport - was.errors.transport,
    },
    messages: line.messages.flatMap(message => {
      const same = was.messages.find(({ kind, text }) => kind === message.kind && text === message.text);
      const count = message.count - (same?.count ?? 0);
      return count > 0 ? [{ ...message, count }] : [];
    }),
    bytes: line.bytes - was.bytes,
    sentBytes: line.sentBytes - was.sentBytes,
    firstStart: was.times.count === 0 ? line.firstStart : was.lastEnd,
  };
}

/** Whether a line is the one that holds the labels that were too many. */
function isOther(line: LabelStatistics, { labels, unlisted }: JtlAnalysis): boolean {
  return unlisted > 0 && line === labels.at(-1);
}

function keyOf({ transaction, label }: LabelStatistics): string {
  return `${transaction ? 'transaction' : 'samples'} ${label}`;
}
