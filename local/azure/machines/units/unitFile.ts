/** systemd unit files as text: sections of assignments, with systemd's own rules for lists (systemd.syntax(7)). */

/** Assignments of one unit in order, those of its drop-ins behind its own. */
export type UnitEntries = readonly {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}[];

/** Reads a unit file or a drop-in; lines that are no assignment are ignored, as systemd ignores them with a warning. */
export function parseUnitFile(text: string): UnitEntries {
  const entries: { section: string; key: string; value: string }[] = [];
  let section = '';
  for (const line of logicalLines(text)) {
    const heading = /^\[(.+)\]$/.exec(line);
    if (heading !== null) {
      section = heading[1] ?? '';
      continue;
    }
    const equals = line.indexOf('=');
    if (equals <= 0) continue;
    entries.push({ section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() });
  }
  return entries;
}

/** Joins lines that end in a backslash, leaving out comments between them. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (/^[#;]/.test(line)) continue;
    if (line.endsWith('\\')) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = (open + line).trim();
    open = '';
    if (whole !== '') lines.push(whole);
  }
  return open.trim() === '' ? lines : [...lines, open.trim()];
}

/** The last assignment of a setting that has one value. */
export function lastValue(entries: UnitEntries, section: string, key: string): string | undefined {
  return entries.findLast(entry => entry.section === section && entry.key === key)?.value;
}

/** All assignments of a setting that is a list; an empty one clears what was there before. */
export function allValues(entries: UnitEntries, section: string, key: string): string[] {
  const values = entries
    .filter(entry => entry.section === section && entry.key === key)
    .map(entry => entry.value);
  return values.slice(values.lastIndexOf('') + 1);
}

const units: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  '': 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
};

/** Reads a time span such as `5`, `100ms` or `1min 30s` (systemd.time(7)) as milliseconds; undefined when it is none. */
export function parseTimeSpan(text: string): number | undefined {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY;
  const parts = [...text.trim().matchAll(/([\d.]+)\s*([a-z]*)\s*/gy)];
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text.trim()) return undefined;
  let total = 0;
  for (const [, number = '', unit = ''] of parts) {
    const factor = units[unit];
    if (factor === undefined) return undefined;
    total += Number(number) * factor;
  }
  return Number.isNaN(total) ? undefined : total;
}

/** Reads a boolean as systemd does; undefined when it is none. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(?:0|no|n|false|f|off)$/i.test(text) ? false : undefined;
}
