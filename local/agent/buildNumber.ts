/** The number of a run, from the pattern in `name:`. */

export interface NumberFacts {
  readonly now: Date;
  readonly variable: (name: string) => string | undefined;
  /** The next number for a given beginning of the run's number. */
  readonly revision: (prefix: string) => number;
}

const defaultPattern = '$(Date:yyyyMMdd).$(Rev:r)';

/** `$(Date:…)`, `$(Rev:r)`, the short names of the service and any variable of the run are put in. */
export function buildNumber(pattern: string | undefined, facts: NumberFacts): string {
  const { now, variable } = facts;
  const short: Readonly<Record<string, string | undefined>> = {
    buildid: variable('Build.BuildId'),
    builddefinitionname: variable('Build.DefinitionName'),
    sourcebranchname: variable('Build.SourceBranchName'),
    teamproject: variable('System.TeamProject'),
    dayofmonth: String(now.getDate()),
    dayofyear: String(dayOfYear(now)),
    hours: String(now.getHours()),
    minutes: String(now.getMinutes()),
    month: String(now.getMonth() + 1),
    seconds: String(now.getSeconds()),
    'year:yy': formatDate(now, 'yy'),
    'year:yyyy': formatDate(now, 'yyyy'),
  };
  const withoutRevision = (pattern ?? defaultPattern).replace(/\$\(([^)]+)\)/g, (match, name: string) => {
    const date = /^date(?::(.*))?$/i.exec(name);
    if (date) return formatDate(now, date[1] ?? 'yyyyMMdd');
    return short[name.toLowerCase()] ?? variable(name) ?? match;
  });
  return withoutRevision.replace(/\$\(Rev:([^)]*)\)/gi, (_match, format: string, offset: number) => {
    const revision = facts.revision(withoutRevision.slice(0, offset));
    const digits = (format.match(/r/g) ?? []).length;
    return format.replace(/r+/, String(revision).padStart(digits, '0'));
  });
}

function formatDate(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const parts: Readonly<Record<string, string>> = {
    yyyy: String(date.getFullYear()),
    yy: String(date.getFullYear()).slice(-2),
    MM: two(date.getMonth() + 1),
    M: String(date.getMonth() + 1),
    dd: two(date.getDate()),
    d: String(date.getDate()),
    HH: two(date.getHours()),
    mm: two(date.getMinutes()),
    ss: two(date.getSeconds()),
  };
  return format.replace(/yyyy|yy|MM|M|dd|d|HH|mm|ss/g, part => parts[part] ?? part);
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return (Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000 + 1;
}
