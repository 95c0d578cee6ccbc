/** Counts samples in the kernel's memory, and hands the counts over to the collection. */
import type { Collection, LabelEntry, Line } from './collection.js';
import type { CountedBlock } from '../timeline/collectTimeline.js';
import type { Histogram } from './histogram.js';
import type { Kernel } from './kernel.js';
import { classesIn, kernelBlocks } from './kernelBlocks.js';
import { nowhere, windowAround, type Window } from './kernelWindow.js';
import { cacheIn, nameEntries } from './names.js';
import { rowFailures } from './rowFailures.js';
import { rowsIn, startOf, type SampleSink, type SinkMemory } from './sampleSink.js';
import type { ThreadEntry } from './threads.js';

/** Why the kernel stopped at a row; as in kernel/count.ts. */
const arenaFull = 1;
const outsideWindow = 2;
const noRoomForBlocks = 3;

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
  const blocks = kernelBlocks(kernel, () => window);
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
    handOverBlocks();
    for (const [place, line] of lines) addLine(place, line);
    lines.clear();
    kernel.run.reset();
  }

  /** What was counted in blocks; lines stay, with the counts of all times. */
  function handOverBlocks(): void {
    if (window.block === 0) return;
    const reach = blocks.reach();
    if (reach !== undefined) collection.timeline?.reach(...reach);
    for (const [place, line] of lines)
      line.course?.addBlocks(add => {
        blocks.each(place, block => {
          addTotals(line, block);
          add(block);
        });
      });
    placeWindow();
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
      collection.addFailure(line, failure, rows.starts[startOf(row)] ?? 0);
    }
    if (count > 0) numbers[at.failureCount / 4] = 0;
  }

  /** Lets the kernel count in blocks of the window from nothing. */
  function placeWindow(): void {
    const { start, block, bits } = window;
    kernel.run.place(start, block, bits, classesIn(kernel, window));
  }

  /** Counts from now on in a window of time around a sample. */
  function moveWindow(start: number): void {
    handOverBlocks();
    window = windowAround(start, kernel, collection);
    placeWindow();
    taken = 0;
  }

  function addLine(place: number, line: Line): void {
    const value = (offset: number) => floats[(place + offset) / 8] ?? 0;
    addTotals(line, {
      bytes: value(at.lineBytes),
      firstStart: value(at.lineFirst),
      lastEnd: value(at.lineLast),
    });
    const { statistics } = line;
    statistics.sentBytes += value(at.lineSent);
    addTimes(place + at.lineElapsed, statistics.times);
    addTimes(place + at.lineLatency, statistics.latency);
    addTimes(place + at.lineConnect, statistics.connect);
    if (line.course !== undefined) addTimes(place + at.lineFailed, line.course.failedTimes);
  }

  function addTimes(table: number, histogram: Histogram): void {
    const behind = window.block === 0 ? 0 : at.settled / 4;
    for (let page = 0; page < at.timePages; page += 1) {
      const place = numbers[table / 4 + page] ?? 0;
      if (place !== 0) histogram.addPage(page, counts, place / 4 + behind);
    }
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
    const counted = (label.samples ?? label.transactions) !== undefined;
    if (window === nowhere && counted && collection.timeline !== undefined) moveWindow(start);
    makeLines(label, number);
  }

  kernel.run.assume(collection.assumedLatest);
  if (collection.warmUpEnd !== undefined) {
    kernel.run.warmUp(collection.warmUpEnd);
    warm = true;
  }
  collection.countedBy(handOver);
  kernel.run.reset();
  placeWindow();

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
        else if (reason === noRoomForBlocks) handOverBlocks();
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

/** What is counted once for all samples, of some of them. */
function addTotals(
  { statistics }: Line,
  { bytes, firstStart, lastEnd }: Pick<CountedBlock, 'bytes' | 'firstStart' | 'lastEnd'>,
): void {
  statistics.bytes += bytes;
  statistics.firstStart = Math.min(statistics.firstStart, firstStart);
  statistics.lastEnd = Math.max(statistics.lastEnd, lastEnd);
}
