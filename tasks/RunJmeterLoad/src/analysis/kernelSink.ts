/** Counts samples in the kernel's memory, and hands the counts over to the collection. */
import type { Collection, LabelEntry, Line } from './collection.js';
import { classOf } from '../timeline/classes.js';
import { timeMetrics } from '../timeline/timeline.js';
import type { Kernel } from './kernel.js';
import { nowhere, windowAround, type Window } from './kernelWindow.js';
import { cacheIn, nameEntries } from './names.js';
import { rowFailures } from './rowFailures.js';
import { inRow, rowsIn, rowWords, startOf, type SampleSink, type SinkMemory } from './sampleSink.js';
import type { Series } from './series.js';
import type { ThreadEntry } from './threads.js';

/** Why the kernel stopped at a row; as in kernel/count.ts. */
const arenaFull = 1;
const outsideWindow = 2;

/** So many samples later the kernel's window of time may move on: moving costs as much as counting some thousand samples. */
const moveAfter = 16_384;

/** The memory of a kernel that readers fill. */
export function kernelMemory({ buffer, at }: Kernel): SinkMemory {
  return {
    rows: rowsIn(buffer, at.batch),
    labels: cacheIn(buffer, at.labelNames),
    threads: cacheIn(buffer, at.threadNames),
    failures: cacheIn(buffer, at.failureTexts),
  };
}

/** @param decode makes a name of the text that stands for it */
export function kernelSink(
  kernel: Kernel,
  memory: SinkMemory,
  collection: Collection,
  decode: (name: string) => string,
): SampleSink {
  const { at } = kernel;
  const { rows } = memory;
  const numbers = new Int32Array(kernel.buffer);
  const counts = new Uint32Array(kernel.buffer);
  const floats = new Float64Array(kernel.buffer);
  const latest = floats.subarray(at.latest / 8, at.latest / 8 + at.nameLimit);
  const decided = floats.subarray(at.decided / 8, at.decided / 8 + at.nameLimit);
  const labels = nameEntries(memory.labels, name => collection.labelEntry(decode(name)));
  const threads = nameEntries<ThreadEntry>(
    memory.threads,
    name => collection.threadEntry(decode(name)),
    tellThread,
  );
  const failures = rowFailures(memory);
  /** The lines that the kernel counts in, by their places. */
  const lines = new Map<number, Line>();
  let window: Window = nowhere;
  /** Samples since the window was moved. */
  let taken = 0;
  let warm = false;

  function tellThread(thread: ThreadEntry, number: number): void {
    latest[number] = thread.latest;
    decided[number] = thread.decided;
  }

  function askThread(thread: ThreadEntry, number: number): void {
    thread.latest = latest[number] ?? thread.latest;
    thread.decided = decided[number] ?? thread.decided;
  }

  function handOver(): void {
    threads.known.forEach(askThread);
    collection.leaveOut(kernel.run.leftOut());
    for (const [place, line] of lines) addLine(place, line);
    if (window.block > 0) {
      tellReach();
      for (const [place, line] of lines) addBlocks(line, usedBlocks(place));
    }
    lines.clear();
    begin();
  }

  /** Counts what is only of failures, of the failed samples that the kernel has counted otherwise. */
  function addFailures(): void {
    const count = numbers[at.failureCount / 4] ?? 0;
    for (let index = 0; index < count; index += 1) {
      const place = at.failuresTaken / 4 + 2 * index;
      const row = numbers[place] ?? 0;
      const line = lines.get(numbers[place + 1] ?? 0);
      const failure = failures.of(row);
      if (line === undefined || failure === undefined) continue;
      const elapsed = rows.numbers[row * rowWords + inRow.elapsed] ?? 0;
      collection.addFailure(line, failure, rows.starts[startOf(row)] ?? 0, elapsed);
    }
    if (count > 0) numbers[at.failureCount / 4] = 0;
  }

  /** Lets the kernel count from nothing. */
  function begin(): void {
    const { start, length, lead, block, bits } = window;
    kernel.run.reset(start, length, lead, block, bits, classOf(at.exactLimit - 1, bits) + 1);
  }

  /** Counts from now on in a window of time around a sample. */
  function moveWindow(start: number): void {
    handOver();
    window = windowAround(start, kernel, collection);
    begin();
    taken = 0;
  }

  function addLine(place: number, { statistics }: Line): void {
    const value = (offset: number) => floats[(place + offset) / 8] ?? 0;
    statistics.bytes += value(at.lineBytes);
    statistics.sentBytes += value(at.lineSent);
    statistics.firstStart = Math.min(statistics.firstStart, value(at.lineFirst));
    statistics.lastEnd = Math.max(statistics.lastEnd, value(at.lineLast));
    for (const [offset, histogram] of [
      [at.lineElapsed, statistics.times],
      [at.lineLatency, statistics.latency],
      [at.lineConnect, statistics.connect],
    ] as const)
      eachPage(place + offset, at.exactLimit / at.pageCounts, (page, from) => {
        histogram.addPage(page, counts, from);
      });
    addBuckets(place + at.lineSeries, statistics.series);
  }

  /** Pages that are in use of a table of so many, and where their counts begin. */
  function eachPage(table: number, length: number, take: (page: number, from: number) => void): void {
    for (let page = 0; page < length; page += 1) {
      const place = numbers[table / 4 + page] ?? 0;
      if (place !== 0) take(page, place / 4);
    }
  }

  function addBuckets(table: number, series: Series): void {
    for (let page = 0; page < at.bucketLimit / at.pageBuckets; page += 1) {
      const first = numbers[table / 4 + page] ?? 0;
      for (let bucket = 0; first !== 0 && bucket < at.pageBuckets; bucket += 1) {
        const place = first + bucket * at.bucketSize;
        const samples = numbers[(place + at.bucketSamples) / 4] ?? 0;
        if (samples === 0) continue;
        series.addCounts(
          window.start + (page * at.pageBuckets + bucket) * at.bucketMilliseconds,
          samples,
          0,
          floats[(place + at.bucketElapsed) / 8] ?? 0,
          numbers[(place + at.bucketLongest) / 4] ?? 0,
          numbers[(place + at.bucketThreads) / 4] ?? 0,
        );
      }
    }
  }

  /** Tells the timeline of when the first and at latest the last of all samples in blocks began. */
  function tellReach(): void {
    let first = Infinity;
    let last = -Infinity;
    for (const place of lines.keys())
      for (const { start, firstStart } of usedBlocks(place)) {
        first = Math.min(first, firstStart);
        last = Math.max(last, start, firstStart);
      }
    if (first !== Infinity) collection.timeline?.reach(first, last);
  }

  /** The blocks of a line that have samples. */
  function usedBlocks(line: number): UsedBlock[] {
    const used: UsedBlock[] = [];
    for (let number = 0; number < at.blockLimit; number += 1) {
      const place = numbers[(line + at.lineBlocks) / 4 + number] ?? 0;
      if (place === 0) continue;
      const start = window.start - window.lead + number * window.block;
      used.push({ place, start, firstStart: floats[(place + at.blockFirst) / 8] ?? 0 });
    }
    return used;
  }

  /** Adds the classes of a block. @returns a class beyond the last of them */
  function addPages(all: Uint32Array, table: number, length: number): number {
    let end = 0;
    eachPage(table, length, (page, from) => {
      const first = page * at.pageClasses;
      for (let each = 0; each < at.pageClasses; each += 1)
        all[first + each] = (all[first + each] ?? 0) + (counts[from + each] ?? 0);
      end = first + at.pageClasses;
    });
    return end;
  }

  function addBlocks({ course }: Line, used: readonly UsedBlock[]): void {
    const tablePages = Math.ceil((classOf(at.exactLimit - 1, window.bits) + 1) / at.pageClasses);
    course?.addBlocks(
      used.map(({ place, start, firstStart }) => ({
        start,
        firstStart,
        lastEnd: floats[(place + at.blockLast) / 8] ?? 0,
        bytes: floats[(place + at.blockBytes) / 8] ?? 0,
        threads: numbers[(place + at.blockThreads) / 4] ?? 0,
        fill: (metric, all) => {
          const table = place + at.blockPages + timeMetrics.indexOf(metric) * tablePages * 4;
          return addPages(all, table, tablePages);
        },
      })),
    );
  }

  /** Lets the kernel count the lines of a label from now on. */
  function makeLines(entry: LabelEntry, label: number): void {
    for (const [transaction, line] of [entry.samples, entry.transactions].entries()) {
      if (line === undefined || numbers[at.lines / 4 + label * 2 + transaction] !== 0) continue;
      let place = kernel.run.makeLine(label, transaction);
      if (place === 0) {
        handOver();
        place = kernel.run.makeLine(label, transaction);
      }
      lines.set(place, line);
    }
  }

  /** After a sample of a label: lets the kernel count its next ones. */
  function ready(label: LabelEntry, number: number, start: number): void {
    if (!warm && collection.warmUpEnd !== undefined) {
      kernel.run.warmUp(collection.warmUpEnd);
      warm = true;
    }
    if (!collection.isListed(label)) return;
    if (window === nowhere && (label.samples ?? label.transactions) !== undefined) moveWindow(start);
    makeLines(label, number);
  }

  kernel.run.assume(collection.assumedLatest);
  if (collection.warmUpEnd !== undefined) {
    kernel.run.warmUp(collection.warmUpEnd);
    warm = true;
  }
  collection.countedBy(handOver);
  begin();

  return {
    rows,
    labels,
    threads,
    failures,
    take(count, byHand) {
      for (let row = 0; row < count; row += 1) {
        const stop = kernel.run.take(row, count);
        taken += stop - row;
        addFailures();
        row = stop;
        if (row === count) return;
        const reason = kernel.run.reason();
        if (reason === arenaFull) handOver();
        else if (reason === outsideWindow && taken >= moveAfter) moveWindow(rows.starts[startOf(row)] ?? 0);
        byHand(row);
      }
    },
    takeOne(label, thread, one, failure, inTransaction) {
      taken += 1;
      const number = threads.numberOfEntry(thread);
      if (number >= 0) askThread(thread, number);
      collection.take(label, thread, one, failure, inTransaction);
      if (number >= 0) tellThread(thread, number);
      const known = labels.numberOfEntry(label);
      if (known >= 0) ready(label, known, one.start);
    },
  };
}

/** A block of the kernel's: where it is kept, where it begins, and its first sample. */
interface UsedBlock {
  readonly place: number;
  readonly start: number;
  readonly firstStart: number;
}
