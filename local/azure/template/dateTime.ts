/** Points in time as text, read and written as .NET does with the invariant culture, always in UTC. */

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** .NET's standard formats, by their letter. */
const standardFormats: ReadonlyMap<string, string> = new Map([
  ['d', 'MM/dd/yyyy'],
  ['D', 'dddd, dd MMMM yyyy'],
  ['f', 'dddd, dd MMMM yyyy HH:mm'],
  ['F', 'dddd, dd MMMM yyyy HH:mm:ss'],
  ['g', 'MM/dd/yyyy HH:mm'],
  ['G', 'MM/dd/yyyy HH:mm:ss'],
  ['m', 'MMMM dd'],
  ['M', 'MMMM dd'],
  ['o', 'yyyy-MM-ddTHH:mm:ss.fffffffK'],
  ['O', 'yyyy-MM-ddTHH:mm:ss.fffffffK'],
  ['r', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"],
  ['R', "ddd, dd MMM yyyy HH:mm:ss 'GMT'"],
  ['s', 'yyyy-MM-ddTHH:mm:ss'],
  ['t', 'HH:mm'],
  ['T', 'HH:mm:ss'],
  ['u', "yyyy-MM-dd HH:mm:ss'Z'"],
  ['U', 'dddd, dd MMMM yyyy HH:mm:ss'],
  ['y', 'yyyy MMMM'],
  ['Y', 'yyyy MMMM'],
]);

/** The format of `utcNow()` when none is given. */
export const defaultFormat = "yyyyMMddTHHmmss'Z'";
/** The format of everything else that makes a date. */
export const isoFormat = "yyyy-MM-ddTHH:mm:ss'Z'";

/** Writes a date in a standard or custom .NET format. */
export function formatDate(date: Date, format: string): string {
  const pattern =
    standardFormats.get(format) ?? (format.startsWith('%') && format.length === 2 ? format.slice(1) : format);
  let text = '';
  for (let position = 0; position < pattern.length;) {
    const character = pattern.charAt(position);
    if (character === '\\') {
      text += pattern.charAt(position + 1);
      position += 2;
    } else if (character === "'" || character === '"') {
      const end = pattern.indexOf(character, position + 1);
      const stop = end < 0 ? pattern.length : end;
      text += pattern.slice(position + 1, stop);
      position = stop + 1;
    } else {
      let count = 1;
      while (pattern.charAt(position + count) === character) count += 1;
      text += datePart(date, character, count);
      position += count;
    }
  }
  return text;
}

function datePart(date: Date, letter: string, count: number): string {
  const padded = (value: number): string => String(value).padStart(Math.min(count, 2), '0');
  switch (letter) {
    case 'd':
      if (count > 3) return days[date.getUTCDay()] ?? '';
      return count === 3 ? (days[date.getUTCDay()] ?? '').slice(0, 3) : padded(date.getUTCDate());
    case 'M':
      if (count > 3) return months[date.getUTCMonth()] ?? '';
      return count === 3 ? (months[date.getUTCMonth()] ?? '').slice(0, 3) : padded(date.getUTCMonth() + 1);
    case 'y':
      if (count <= 2) return padded(date.getUTCFullYear() % 100);
      return String(date.getUTCFullYear()).padStart(count, '0');
    case 'H':
      return padded(date.getUTCHours());
    case 'h':
      return padded(date.getUTCHours() % 12 === 0 ? 12 : date.getUTCHours() % 12);
    case 'm':
      return padded(date.getUTCMinutes());
    case 's':
      return padded(date.getUTCSeconds());
    case 'f':
    case 'F': {
      const digits = `${String(date.getUTCMilliseconds()).padStart(3, '0')}0000`.slice(0, Math.min(count, 7));
      return letter === 'f' ? digits : digits.replace(/0+$/, '');
    }
    case 't':
      return (date.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, count === 1 ? 1 : 2);
    case 'K':
      return 'Z'.repeat(count);
    case 'z':
      return count === 1 ? '+0' : count === 2 ? '+00' : '+00:00';
    default:
      return letter.repeat(count);
  }
}

/**
 * Reads a date in one of the forms that templates use: ISO 8601 (with a blank or a `T`, with or without a zone),
 * `utcNow()`'s own, and the invariant culture's `MM/dd/yyyy HH:mm:ss`.
 * @returns undefined when it cannot be read
 */
export function parseDate(text: string): Date | undefined {
  const compact = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (compact !== null) return dated(compact.slice(1));
  const iso =
    /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)? ?(Z|[+-]\d\d:\d\d)?$/.exec(
      text,
    );
  if (iso !== null) {
    const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = iso;
    const date = dated([year, month, day, hour, minute, second], fraction);
    if (date === undefined || zone === 'Z') return date;
    const [hours = '0', minutes = '0'] = zone.slice(1).split(':');
    const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (zone.startsWith('-') ? 1 : -1);
    return new Date(date.getTime() + offset);
  }
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d\d)(?::(\d\d))?(?: (AM|PM))?)?$/i.exec(
    text,
  );
  if (slashed === null) return undefined;
  const [, month, day, year, hour = '0', minute = '0', second = '0', half] = slashed;
  const shift =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0);
  return dated([year, month, day, String(shift), minute, second]);
}

function dated(parts: readonly (string | undefined)[], fraction = ''): Date | undefined {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number);
  const milliseconds = Number(`${fraction}000`.slice(0, 3));
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  return date.getUTCDate() === day ? date : undefined;
}

/**
 * The length of an ISO 8601 duration in milliseconds, signed. A year is 365 days and a month 30, as the deployment engine has it.
 * @returns undefined when the text is no duration
 */
export function parseDuration(text: string): number | undefined {
  const parts =
    /^(-?)P(?=[\dT])(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/.exec(
      text,
    );
  if (parts === null) return undefined;
  const [years = 0, monthCount = 0, weeks = 0, dayCount = 0, hours = 0, minutes = 0, seconds = 0] = parts
    .slice(2)
    .map(part => Number((part as string | undefined) ?? 0));
  const allDays = years * 365 + monthCount * 30 + weeks * 7 + dayCount;
  const size = ((allDays * 24 + hours) * 60 + minutes) * 60_000 + Math.round(seconds * 1000);
  return parts[1] === '-' ? -size : size;
}
