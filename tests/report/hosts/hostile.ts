/** Text as somebody hostile would have it in a test's name, a URL or a page's answer. */
import { releaseReport, type ReleaseReport } from '../../../shared/report/format.js';

export const hostileTexts = [
  '</script><script>window.marker = 1</script>',
  '<!--<script>window.marker = 1</script>-->',
  '<img src=x onerror="window.marker = 1">',
  '"><svg onload=window.marker=1>',
  "' onmouseover='window.marker=1",
  'javascript:window.marker=1',
  '{{constructor.constructor("window.marker=1")()}}',
  '##vso[task.setvariable variable=a]b',
  'admin\u202egnp.exe\u2066\u2069\u200f',
  'nul\u0000bell\u0007esc\u001b[31mred',
  'line\u2028para\u2029\r\nend',
  '\ud800lone \udfff',
  'a'.repeat(2000),
  '𝓗😀👩‍👩‍👧‍👦'.repeat(50),
  '%s %d %o ${window.marker=1}',
  '<style>*{display:none}</style><base href="https://example.com/">',
  '<meta http-equiv="refresh" content="0;url=https://example.com">',
  'https://example.com/?a=<script>',
  '__proto__',
  '',
];

/** The report with every text in it that the format leaves free made hostile, in turns. */
export function hostile(report: ReleaseReport): ReleaseReport {
  let turn = 0;
  const next = () => hostileTexts[(turn += 1) % hostileTexts.length] ?? '';
  const changed = change(report, next) as ReleaseReport;
  // What the format does not leave free (which task, when, how it ended) goes back.
  for (;;) {
    const read = releaseReport.safeParse(changed);
    if (read.success) return read.data;
    for (const { path } of read.error.issues) put(changed, path, get(report, path));
  }
}

function change(value: unknown, next: () => string): unknown {
  if (typeof value === 'string') return next();
  if (Array.isArray(value)) return value.map(one => change(one, next));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, next)]));
}

function get(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], value);
}

function put(value: unknown, path: readonly PropertyKey[], to: unknown): void {
  const last = path.at(-1);
  if (last === undefined) throw new Error('the whole report is not of its format');
  (get(value, path.slice(0, -1)) as Record<PropertyKey, unknown>)[last] = to;
}
