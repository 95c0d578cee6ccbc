/** The memory that a piece of CSV is taken apart in: the text, where its fields end, and its columns as numbers. */
import { nameBytes, nameLimit, type NameCache } from './names.js';

/** Bytes of text at a time; a record that is longer loses the middle of its long fields. */
export const textSize = 512 * 1024;
/** Records whose columns are read at a time. */
export const batchSize = 4096;
/** Columns that are read as numbers. */
export const numberColumns = 7;

/** Views of one memory; where each begins is its `byteOffset`. */
export interface Block {
  readonly memory: ArrayBuffer;
  readonly text: Uint8Array;
  /** Where fields end: the places of separators and line ends outside quotes. The first is -1, the end before the first field. */
  readonly ends: Int32Array;
  /** For each record, the number of its line end among `ends`. */
  readonly rows: Int32Array;
  /** For each record of a batch, the number among `ends` of the end before its first field. */
  readonly bases: Int32Array;
  /** Columns of a batch; -1 is no plain number. */
  readonly numbers: readonly Float64Array[];
  /** Names of a batch as their numbers in a cache; -1 is none. */
  readonly labelIds: Int32Array;
  readonly threadIds: Int32Array;
  readonly labels: NameCache;
  readonly threads: NameCache;
  /** What `index` goes on from: ends, records, state. */
  readonly progress: Int32Array;
}

/** The places in `Block.progress`. */
export const progressOf = { ends: 0, rows: 1, state: 2 } as const;

/** The size of a block's memory in bytes. */
export const blockBytes = 8 * 1024 * 1024;

/** Lays a block out in a memory of at least `blockBytes` that is all zeros. */
export function layOut(memory: ArrayBuffer): Block {
  let at = 1024;
  const place = (bytes: number) => {
    const offset = at;
    // Room behind each part, so that 64 bytes can be read from any place in it.
    at += Math.ceil(bytes / 64) * 64 + 64;
    return offset;
  };
  const integers = (length: number) => new Int32Array(memory, place(length * 4), length);
  const bytes = (length: number) => new Uint8Array(memory, place(length), length);
  const cache = (): NameCache => ({
    slots: integers(nameLimit * 2),
    names: integers(nameLimit * 3),
    bytes: bytes(nameBytes),
  });
  const block: Block = {
    memory,
    text: bytes(textSize),
    ends: integers(textSize + 2),
    rows: integers(textSize + 1),
    bases: integers(batchSize),
    numbers: Array.from(
      { length: numberColumns },
      () => new Float64Array(memory, place(batchSize * 8), batchSize),
    ),
    labelIds: integers(batchSize),
    threadIds: integers(batchSize),
    labels: cache(),
    threads: cache(),
    progress: integers(4),
  };
  block.ends[0] = -1;
  return block;
}
