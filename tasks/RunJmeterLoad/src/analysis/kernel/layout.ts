/** Where what stands in the module's memory, in bytes. TypeScript reads these places as the module's exports. */

/** By length, which of the last eight bytes of a text are those of a number. */
export const digitMasks: i32 = 32 * 1024;

/** Text that is taken apart, with room before and behind so that whole words can be read at its edges. */
export const textSize: i32 = 512 * 1024;
export const text: i32 = 64 * 1024;
/** Where fields end, i32: places in the text of separators and line ends outside quotes; the first is -1. */
export const ends: i32 = text + textSize + 128;
/** For each record the number of its line end among `ends`, i32. */
export const rows: i32 = ends + (textSize + 66) * 4;
/** What `index` goes on from, i32: ends, records, state. */
export const progress: i32 = rows + (textSize + 64) * 4;

/** A batch of samples, a row for each. */
export const batchSize: i32 = 256;
export const batch: i32 = progress + 64;
/**
 * A row: whole numbers (i32), when it began (the moment as i64, the start as f64), the numbers of its label and thread (i32), its kind,
 * where its fields' ends stand.
 */
export const rowSize: i32 = 64;
export const rowElapsed: i32 = 0;
export const rowLatency: i32 = 4;
export const rowConnect: i32 = 8;
export const rowBytes: i32 = 12;
export const rowSentBytes: i32 = 16;
export const rowActive: i32 = 20;
export const rowMoment: i32 = 24;
export const rowStart: i32 = 32;
export const rowLabel: i32 = 40;
export const rowThread: i32 = 44;
export const rowKind: i32 = 48;
export const rowFields: i32 = 52;
/** Of a failed sample also the numbers of its response code, response message and failure message; ends are done with by then. */
export const rowCode: i32 = 56;
export const rowMessage: i32 = 60;
export const rowFailure: i32 = rowFields;
/** Failed samples that `take` counted of the batch: the row and the line of each, i32. */
export const failuresTaken: i32 = batch + batchSize * rowSize;
export const failureCount: i32 = failuresTaken + batchSize * 8;

/** The ends of fields of records whose line ends are two bytes, without the first of these. */
export const widest: i32 = 200;
export const trimmed: i32 = failureCount + 64;

/**
 * A cache of names: slots of an open hash table (where in the cache a name's entry is, 0 is free), entries (a name's first 32 bytes with
 * zeros behind them, its length, number, hash and place), and the bytes of all names.
 */
export const nameLimit: i32 = 8192;
export const nameBytes: i32 = 512 * 1024;
export const slotBits: i32 = 14;
export const entrySize: i32 = 48;
export const entryLength: i32 = 32;
export const entryNumber: i32 = 36;
export const entryPlace: i32 = 44;
export const cacheEntries: i32 = 4 << slotBits;
export const cacheBytes: i32 = cacheEntries + nameLimit * entrySize;
const cacheSize: i32 = cacheBytes + nameBytes + 64;
export const labelNames: i32 = trimmed + batchSize * (widest + 1) * 4;
export const threadNames: i32 = labelNames + cacheSize;
export const failureTexts: i32 = threadNames + cacheSize;

/** For each thread the start of its latest sample that is no transaction, f64. */
export const latest: i32 = failureTexts + cacheSize;
/** For each thread `ThreadEntry.decided`, f64. */
export const decided: i32 = latest + nameLimit * 8;
/** For each label its line of samples and its line of transactions, i32, 0 where it has none. */
export const lines: i32 = decided + nameLimit * 8;
/** Lines and their pages of counts, one behind the other. */
export const arena: i32 = lines + nameLimit * 2 * 4;
const arenaSize: i32 = 8 * 1024 * 1024;
export const arenaEnd: i32 = arena + arenaSize;
/**
 * Where there are blocks, a page counts times of the current one, and a page so much behind it those of all before: apart, so that
 * what is counted in stays near in a processor's caches.
 */
export const settled: i32 = arenaSize;
/** Blocks and their pages. */
export const blocks: i32 = arenaEnd + settled;
export const blocksEnd: i32 = blocks + 2 * 1024 * 1024;

/** Times below this are counted here, each millisecond by itself. */
export const exactLimit: i32 = 131072;
/** Counts in a page of times. */
export const pageCounts: i32 = 256;
export const timePages: i32 = exactLimit / pageCounts;
/** Blocks of a timeline, and classes of times in a page of theirs. */
export const blockLimit: i32 = 96;
export const pageClasses: i32 = 64;

/**
 * A line: first start, last end, bytes, bytes sent (f64), most threads, the number of its current block (i32), the pages of its times, by
 * number its closed blocks, and those of samples that came when theirs was closed (i32, 0 where there is none). Where there are blocks,
 * all but the bytes sent is of the current one, and times of failed samples are counted a second time by themselves.
 */
export const lineFirst: i32 = 0;
export const lineLast: i32 = 8;
export const lineBytes: i32 = 16;
export const lineSent: i32 = 24;
export const lineThreads: i32 = 32;
export const lineBlock: i32 = 36;
export const lineElapsed: i32 = 40;
export const lineLatency: i32 = lineElapsed + timePages * 4;
export const lineConnect: i32 = lineLatency + timePages * 4;
export const lineFailed: i32 = lineConnect + timePages * 4;
export const lineClosed: i32 = lineFailed + timePages * 4;
export const lineEarlier: i32 = lineClosed + blockLimit * 4;
export const lineSize: i32 = lineEarlier + blockLimit * 4;

/**
 * A block: first start, last end, bytes (f64), most threads (i32). Behind that, of elapsed times, latencies, times to connect and elapsed
 * times of failed samples: written, the lengths of what is written (i32), and that (pack.ts); else the pages of their classes (i32).
 */
export const blockFirst: i32 = 0;
export const blockLast: i32 = 8;
export const blockBytes: i32 = 16;
export const blockThreads: i32 = 24;
export const blockLengths: i32 = 28;
export const blockWritten: i32 = 44;
export const blockPages: i32 = 32;
