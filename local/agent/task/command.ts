/** Reads `##vso[area.event key=value;…]data` out of a line of output, as the agent does. */

export interface Command {
  readonly area: string;
  readonly event: string;
  /** By lower-case name. */
  readonly properties: ReadonlyMap<string, string>;
  readonly data: string;
}

const prefix = '##vso[';

/** The command of a line; `malformed` when the line speaks of one that cannot be read; undefined for plain output. */
export function parseCommand(line: string): Command | 'malformed' | undefined {
  const start = line.indexOf(prefix);
  if (start < 0) return line.includes('##vso') ? 'malformed' : undefined;
  const end = line.indexOf(']', start);
  if (end < 0) return 'malformed';
  const header = line.slice(start + prefix.length, end);
  const space = header.indexOf(' ');
  const name = space < 0 ? header : header.slice(0, space);
  const [area, event, ...rest] = name.split('.');
  if (area === undefined || event === undefined || area === '' || event === '' || rest.length > 0)
    return 'malformed';
  const properties = new Map<string, string>();
  for (const pair of space < 0 ? [] : header.slice(space + 1).split(';')) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals === pair.length - 1) continue;
    properties.set(pair.slice(0, equals).trim().toLowerCase(), unescape(pair.slice(equals + 1)));
  }
  return { area, event, properties, data: unescape(line.slice(end + 1)) };
}

function unescape(text: string): string {
  return text
    .replaceAll('%3B', ';')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%5D', ']')
    .replaceAll('%AZP25', '%');
}
