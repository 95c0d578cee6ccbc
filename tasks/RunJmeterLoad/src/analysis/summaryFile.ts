/** An analysis as a small text that keeps every percentile: what a job of a matrix hands to the one that merges, and what is kept for the next run to compare with. */
import { UserError } from '../../../../shared/core/errors.js';
import { Histogram, slotLimit, type HistogramData } from './histogram.js';
import { Series } from './series.js';
import {
  emptyStatistics,
  overallOf,
  type ErrorKind,
  type ErrorMessage,
  type JtlAnalysis,
  type LabelStatistics,
} from './statistics.js';

const format = 'bake-and-roll load analysis';
const version = 1;

/**
 * Writes an analysis as one line of JSON. `deserialise` gives it back whole: `merge` and every percentile then are as exact as
 * before. Times without a sample take no place.
 */
export function serialise(analysis: JtlAnalysis): string {
  const { labels, unlisted, warmUp, malformed, firstMalformed, cut } = analysis;
  return JSON.stringify({
    format,
    version,
    unlisted,
    warmUp,
    malformed,
    firstMalformed,
    cut,
    labels: labels.map(toData),
  });
}

/**
 * Reads what `serialise` wrote. The text may come from another job, machine or version.
 * @param from where the text comes from, for the message
 * @throws UserError when it is none, of a later version, or damaged
 */
export function deserialise(text: string, from: string): JtlAnalysis {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new UserError(`${from} is not a load analysis: it is not JSON.`);
  }
  const read = reader(from);
  const all = read.object(data, 'the file');
  if (all['format'] !== format) throw new UserError(`${from} is not a load analysis of this task.`);
  if (all['version'] !== version)
    throw new UserError(
      `${from} is a load analysis of version ${JSON.stringify(all['version'])}; this task reads version ${version}. Use the same version of the task on both sides.`,
    );
  const labels = read
    .array(all['labels'], 'labels')
    .map((line, index) => read.statistics(line, `labels[${index}]`));
  return {
    overall: overallOf(labels),
    labels,
    unlisted: read.count(all['unlisted'], 'unlisted'),
    warmUp: read.count(all['warmUp'], 'warmUp'),
    malformed: read.count(all['malformed'], 'malformed'),
    firstMalformed:
      all['firstMalformed'] === undefined ? undefined : read.text(all['firstMalformed'], 'firstMalformed'),
    cut: all['cut'] === true,
  };
}

function toData(line: LabelStatistics) {
  const { label, transaction, errors, messages, bytes, sentBytes, firstStart, lastEnd, series } = line;
  return {
    label,
    transaction,
    errors,
    messages: messages.map(({ kind, text, count }) => ({ kind, text, count })),
    bytes,
    sentBytes,
    // JSON has no infinity.
    span: line.times.count === 0 ? [] : [firstStart, lastEnd],
    times: line.times.toData(),
    latency: line.latency.toData(),
    connect: line.connect.toData(),
    series: {
      width: series.width,
      buckets: series
        .buckets()
        .filter(bucket => bucket.samples > 0)
        .map(({ start, samples, errors: failed, elapsed, longest, threads }) => [
          start / series.width,
          samples,
          failed,
          elapsed,
          longest,
          threads,
        ]),
    },
  };
}

/** Reads parts of the data; each names what is wrong where. */
function reader(from: string) {
  const wrong = (where: string, what: string) =>
    new UserError(`${from} is damaged: ${where} is not ${what}. Make it anew.`);
  const object = (value: unknown, where: string): Record<string, unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'an object');
    return value as Record<string, unknown>;
  };
  const array = (value: unknown, where: string): unknown[] => {
    if (!Array.isArray(value)) throw wrong(where, 'a list');
    return value;
  };
  const count = (value: unknown, where: string): number => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw wrong(where, 'a whole number');
    return value;
  };
  const counts = (value: unknown, where: string, length?: number): number[] => {
    const list = array(value, where).map((item, index) => count(item, `${where}[${index}]`));
    if (length !== undefined && list.length !== length) throw wrong(where, `a list of ${length}`);
    return list;
  };
  const text = (value: unknown, where: string): string => {
    if (typeof value !== 'string') throw wrong(where, 'a text');
    return value;
  };
  const kind = (value: unknown, where: string): ErrorKind => {
    if (value !== 'assertion' && value !== 'response' && value !== 'transport')
      throw wrong(where, 'a kind of error');
    return value;
  };
  const histogram = (value: unknown, where: string): Histogram => {
    const data = object(value, where);
    const pairs = counts(data['counts'], `${where}.counts`);
    const range = counts(data['range'], `${where}.range`, pairs.length === 0 ? 0 : 2);
    const slots = pairs.reduce((sum, step, index) => sum + (index % 2 === 0 ? step : 0), 0);
    if (
      pairs.length % 2 !== 0 ||
      slots >= slotLimit ||
      pairs.some((n, index) => index % 2 === 1 && n > 0xffff_ffff)
    )
      throw wrong(`${where}.counts`, 'pairs of steps and counts');
    const checked: HistogramData = { sum: count(data['sum'], `${where}.sum`), range, counts: pairs };
    return Histogram.from(checked);
  };
  const series = (value: unknown, where: string): Series => {
    const data = object(value, where);
    const width = count(data['width'], `${where}.width`);
    if (!Number.isInteger(Math.log2(width / 1000)) || width < 1000)
      throw wrong(`${where}.width`, 'a width in seconds');
    const made = new Series();
    made.addBuckets(
      width,
      array(data['buckets'], `${where}.buckets`).map((item, index) => {
        const [number = 0, samples = 0, errors = 0, elapsed = 0, longest = 0, threads = 0] = counts(
          item,
          `${where}.buckets[${index}]`,
          6,
        );
        return { start: number * width, samples, errors, elapsed, longest, threads };
      }),
    );
    return made;
  };
  const statistics = (value: unknown, where: string): LabelStatistics => {
    const data = object(value, where);
    const errors = object(data['errors'], `${where}.errors`);
    const times = histogram(data['times'], `${where}.times`);
    const [firstStart = Infinity, lastEnd = -Infinity] = counts(
      data['span'],
      `${where}.span`,
      times.count === 0 ? 0 : 2,
    );
    return {
      ...emptyStatistics(text(data['label'], `${where}.label`), data['transaction'] === true),
      times,
      latency: histogram(data['latency'], `${where}.latency`),
      connect: histogram(data['connect'], `${where}.connect`),
      errors: {
        assertion: count(errors['assertion'], `${where}.errors.assertion`),
        response: count(errors['response'], `${where}.errors.response`),
        transport: count(errors['transport'], `${where}.errors.transport`),
      },
      messages: array(data['messages'], `${where}.messages`).map((item, index): ErrorMessage => {
        const at = `${where}.messages[${index}]`;
        const message = object(item, at);
        return {
          kind: kind(message['kind'], `${at}.kind`),
          text: text(message['text'], `${at}.text`),
          count: count(message['count'], `${at}.count`),
        };
      }),
      bytes: count(data['bytes'], `${where}.bytes`),
      sentBytes: count(data['sentBytes'], `${where}.sentBytes`),
      firstStart,
      lastEnd,
      series: series(data['series'], `${where}.series`),
    };
  };
  return { object, array, count, text, statistics };
}
