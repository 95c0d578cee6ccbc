/** Where what stands in the module's memory, in bytes. TypeScript reads these places as the module's exports. */

/** Text that is taken apart, with room before and behind so that whole words can be read at its edges. */
export const textSize: i32 = 512 * 1024;
export const text: i32 = 64 * 1024;
/** Where fields end, i32: places in the text of separators and line ends outside quotes; the first is -1. */
export const ends: i32 = text + textSize + 128;
/** For each record the number of its line end among `ends`, i32. */
export const rows: i32 = ends + (textSize + 66) * 4;
/** What `index` goes on from, i32: ends, records, state. */
export const progress: i32 = rows + (textSize + 64) * 4;

/** The columns of a batch. */
export const batchSize: i32 = 512;
export const starts: i32 = progress + 64;
export const elapsed: i32 = starts + batchSize * 8;
export const latency: i32 = elapsed + batchSize * 4;
export const connect: i32 = latency + batchSize * 4;
export const bytes: i32 = connect + batchSize * 4;
export const sentBytes: i32 = bytes + batchSize * 4;
export const active: i32 = sentBytes + batchSize * 4;
export const labels: i32 = active + batchSize * 4;
export const threads: i32 = labels + batchSize * 4;
export const kinds: i32 = threads + batchSize * 4;
/** For each record of the batch, where among `ends` the end before its first field stands. */
export const bases: i32 = kinds + batchSize;

/** A cache of names: slots of an open hash table (a name's number plus 1, 0 is free), per name its hash, place and length, their bytes. */
export const nameLimit: i32 = 8192;
export const nameBytes: i32 = 512 * 1024;
const cacheNames: i32 = nameLimit * 2 * 4;
const cacheBytes: i32 = cacheNames + nameLimit * 3 * 4;
const cacheSize: i32 = cacheBytes + nameBytes + 64;
export const labelSlots: i32 = bases + batchSize * 4;
export const labelNames: i32 = labelSlots + cacheNames;
export const labelBytes: i32 = labelSlots + cacheBytes;
export const threadSlots: i32 = labelSlots + cacheSize;
export const threadNames: i32 = threadSlots + cacheNames;
export const threadBytes: i32 = threadSlots + cacheBytes;

/** For each thread the start of its latest sample that is no transaction, f64. */
export const latest: i32 = threadSlots + cacheSize;
/** For each label its line of samples and its line of transactions, i32, 0 where it has none. */
export const lines: i32 = latest + nameLimit * 8;
/** Lines, pages of counts, buckets and blocks, one behind the other. */
export const arena: i32 = lines + nameLimit * 2 * 4;
export const arenaEnd: i32 = arena + 8 * 1024 * 1024;

/** Times below this are counted here, each millisecond by itself. */
export const exactLimit: i32 = 131072;
/** Counts in a page of times. */
export const pageCounts: i32 = 256;
const timePages: i32 = exactLimit / pageCounts;
/** Buckets of a series: so many of a second, in pages of so many. */
export const bucketMilliseconds: i32 = 1000;
export const bucketLimit: i32 = 2048;
export const pageBuckets: i32 = 32;
/** Blocks of a timeline, and classes of times in a page of theirs. */
export const blockLimit: i32 = 64;
export const pageClasses: i32 = 64;

/** A line: first start, last end, bytes, bytes sent (f64), then the pages of its times, buckets and blocks (i32, 0 where there is none). */
export const lineFirst: i32 = 0;
export const lineLast: i32 = 8;
export const lineBytes: i32 = 16;
export const lineSent: i32 = 24;
export const lineElapsed: i32 = 32;
export const lineLatency: i32 = lineElapsed + timePages * 4;
export const lineConnect: i32 = lineLatency + timePages * 4;
export const lineSeries: i32 = lineConnect + timePages * 4;
export const lineBlocks: i32 = lineSeries + (bucketLimit / pageBuckets) * 4;
export const lineSize: i32 = lineBlocks + blockLimit * 4;

/** A bucket: sum of elapsed times (f64), samples, longest, most threads (i32). */
export const bucketElapsed: i32 = 0;
export const bucketSamples: i32 = 8;
export const bucketLongest: i32 = 12;
export const bucketThreads: i32 = 16;
export const bucketSize: i32 = 24;

/** A block: first start, last end, bytes (f64), then the pages of its classes: elapsed, latency, connect. */
export const blockFirst: i32 = 0;
export const blockLast: i32 = 8;
export const blockBytes: i32 = 16;
export const blockPages: i32 = 24;
