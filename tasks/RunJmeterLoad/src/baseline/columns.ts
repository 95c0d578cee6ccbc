/** Columns of whole numbers as a compressed text: numbers of one kind stand together, which is what makes them small. */
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** More than any summary unpacks to. */
const unpackedLimit = 128 * 1024 * 1024;

/** Numbers by the name of their column. */
export interface ColumnWriter<Name extends string> {
  /** Appends a whole number of 0 or more. */
  put(column: Name, value: number): void;
  /** Appends a whole number near 0, also below. */
  putSigned(column: Name, value: number): void;
  text(): string;
}

/** Takes the numbers in the order in which they were put. */
export interface ColumnReader<Name extends string> {
  /** @throws RangeError when the column has no more, or its next number is not whole */
  take(column: Name): number;
  takeSigned(column: Name): number;
}

/** Makes a writer of columns. */
export function columnWriter<Name extends string>(names: readonly Name[]): ColumnWriter<Name> {
  const columns = new Map<Name, number[]>(names.map(name => [name, []]));
  const put = (column: Name, value: number) => {
    pushNumber(columns.get(column) ?? [], value);
  };
  return {
    put,
    putSigned(column, value) {
      put(column, value < 0 ? -2 * value - 1 : 2 * value);
    },
    text() {
      const parts = [...columns.values()].map(bytes => {
        const length: number[] = [];
        pushNumber(length, bytes.length);
        return Buffer.concat([Buffer.from(length), Buffer.from(bytes)]);
      });
      const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
      return brotliCompressSync(Buffer.concat(parts), { params }).toString('base64');
    },
  };
}

/** Reads what {@link columnWriter} wrote with the same names; undefined when the text is damaged. */
export function columnReader<Name extends string>(
  names: readonly Name[],
  text: string,
): ColumnReader<Name> | undefined {
  const bytes = unpacked(text);
  if (bytes === undefined) return undefined;
  const cursors = new Map<Name, Cursor>();
  const whole = { bytes, at: 0 };
  for (const name of names) {
    const length = takeNumber(whole);
    if (length === undefined || whole.at + length > bytes.length) return undefined;
    cursors.set(name, { bytes: bytes.subarray(whole.at, whole.at + length), at: 0 });
    whole.at += length;
  }
  const take = (column: Name) => {
    const cursor = cursors.get(column);
    const number = cursor === undefined ? undefined : takeNumber(cursor);
    if (number === undefined) throw new RangeError(`column ${column} ends too early`);
    return number;
  };
  return {
    take,
    takeSigned(column) {
      const number = take(column);
      return number % 2 === 0 ? number / 2 : -(number + 1) / 2;
    },
  };
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

function unpacked(text: string): Buffer | undefined {
  try {
    return brotliDecompressSync(Buffer.from(text, 'base64'), { maxOutputLength: unpackedLimit });
  } catch (error) {
    // Whatever zlib has to say of its input: a damaged stream, one that was cut, one that unpacks to far too much.
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Seven bits a byte, the lowest first. */
function pushNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function takeNumber(from: Cursor): number | undefined {
  let value = 0;
  for (let unit = 1; ; unit *= 128) {
    const byte = from.bytes[from.at];
    if (byte === undefined) return undefined;
    from.at += 1;
    value += (byte % 128) * unit;
    if (!Number.isSafeInteger(value)) return undefined;
    if (byte < 128) return value;
  }
}
