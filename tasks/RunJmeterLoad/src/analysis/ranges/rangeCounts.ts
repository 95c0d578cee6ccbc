/** What the reader of a range of a file is told and what it tells, as data that one thread can send to another. */
import type { Grid, TimelineData } from '../../timeline/collectTimeline.js';
import type { CsvLayout } from '../csvColumns.js';
import type { HistogramData } from '../histogram.js';
import { addTotals, type LabelStatistics, type LabelTotals, type WarmUp } from '../statistics.js';
import type { ThreadData } from '../threads.js';

/** What is taken for granted of what stands before a range. */
export interface Assumptions {
  readonly warmUp: WarmUp;
  readonly labelLimit: number;
  /** Of every thread when its latest sample began that is no transaction. */
  readonly latest: number;
  /** How the blocks of the timeline lie, when one is asked for. */
  readonly grid: Grid | undefined;
}

/** What the reader of a range goes by. */
export interface Ahead extends Assumptions {
  readonly layout: CsvLayout;
}

/** What was found in a range. */
export interface RangeCounts {
  readonly records: number;
  /** Whether it ends in the middle of a record. */
  readonly open: boolean;
  /** In the order of their first records, those without a sample that counts, too. */
  readonly labels: readonly string[];
  readonly lines: readonly LineData[];
  readonly threads: ThreadData;
  readonly warmUp: number;
  readonly malformed: number;
  /** Its number counts from the range's begin. */
  readonly firstMalformed: Malformed | undefined;
  readonly timeline: TimelineData | undefined;
}

/** A record that is no sample. */
export interface Malformed {
  readonly number: number;
  readonly why: string;
  readonly text: string;
}

/** `LabelStatistics` as data. */
export interface LineData extends LabelTotals {
  readonly times: HistogramData;
  readonly latency: HistogramData;
  readonly connect: HistogramData;
}

export function dataOf(statistics: LabelStatistics): LineData {
  const { times, latency, connect } = statistics;
  return {
    ...statistics,
    times: times.toData(),
    latency: latency.toData(),
    connect: connect.toData(),
  };
}

/** Adds what `dataOf` gave. */
export function addLine(to: LabelStatistics, line: LineData): void {
  to.times.addData(line.times);
  to.latency.addData(line.latency);
  to.connect.addData(line.connect);
  addTotals(to, line);
}

/** Whether sums are whole numbers without a doubt when a range's are added: then no order of adding makes a difference. */
export function staysExact(
  to: LabelStatistics | undefined,
  { times, latency, connect, bytes, sentBytes }: LineData,
): boolean {
  return [
    (to?.times.sum ?? 0) + times.sum,
    (to?.latency.sum ?? 0) + latency.sum,
    (to?.connect.sum ?? 0) + connect.sum,
    (to?.bytes ?? 0) + bytes,
    (to?.sentBytes ?? 0) + sentBytes,
  ].every(Number.isSafeInteger);
}
