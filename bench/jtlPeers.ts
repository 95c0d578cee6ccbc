/** What others read results with, each given the same job: by label count, errors, bytes and percentiles. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program on one file, whose path stands for `FILE`. */
export interface Contender {
  readonly name: string;
  readonly command: readonly string[];
  /** How many rounds it takes part in: slow ones in one or two. */
  readonly rounds: number;
}

/** The peers that read CSV and XML, and those that could not be installed. */
export interface Peers {
  readonly csv: readonly Contender[];
  readonly xml: readonly Contender[];
  readonly absent: readonly string[];
}

const packages = { 'csv-parse': '7.0.3', udsv: '0.7.3', saxes: '6.0.0' };
const duckdb = '@duckdb/node-api@1.5.6-r.1';
/** The newest, and the one that Debian 12 has. */
const pandasVersions = { pandas: ['pandas'], 'pandas 1.5.3': ['pandas==1.5.3', 'numpy<2'] };

/** Installs peers into a folder. @param native also pandas and DuckDB, which are not made of JavaScript and large */
export function installPeers(directory: string, percents: readonly number[], native: boolean): Peers {
  writeFileSync(join(directory, 'package.json'), '{"private":true,"type":"module"}');
  const npm = (...names: readonly string[]) =>
    execFileSync('npm', ['install', '--no-audit', '--no-fund', ...names], {
      cwd: directory,
      stdio: 'ignore',
    });
  npm(...Object.entries(packages).map(([name, version]) => `${name}@${version}`));
  const job = jobOf(percents);
  const node = (name: string, text: string): Contender => {
    const file = join(directory, `${name}.js`);
    writeFileSync(file, text);
    return { name, command: [process.execPath, file, 'FILE'], rounds: 2 };
  };
  const python = (name: string, text: string): Contender => {
    const file = join(directory, `${name}.py`);
    writeFileSync(file, text);
    return { name, command: ['python3', file, 'FILE'], rounds: 2 };
  };
  const absent: string[] = [];
  const optional = (name: string, install: () => void, made: () => Contender): Contender[] => {
    try {
      install();
      return [made()];
    } catch {
      absent.push(name);
      return [];
    }
  };
  const check = () => execFileSync('python3', ['--version'], { stdio: 'ignore' });
  const csv = [
    node('csv-parse', `${job}${csvParse}`),
    node('udsv', `${job}${udsv}`),
    ...optional('python3 csv', check, () => python('python3 csv', pythonCsv(percents))),
  ];
  if (native)
    csv.push(
      ...Object.entries(pandasVersions).flatMap(([name, packages]) => {
        const target = join(directory, name);
        const install = () => {
          const words = ['-m', 'pip', 'install', '--quiet', '--target', target, ...packages];
          execFileSync('python3', words, { stdio: 'ignore' });
        };
        return optional(name, install, () => python(name, pandas(percents, target)));
      }),
      ...optional(
        'DuckDB',
        () => {
          npm(duckdb);
        },
        () => node('DuckDB', duckDb(percents)),
      ),
    );
  return { csv, xml: [node('saxes', `${job}${saxes}`)], absent };
}

const jobOf = (percents: readonly number[]) => `
const lines = new Map();
function add(label, elapsed, success, bytes) {
  let line = lines.get(label);
  if (line === undefined) lines.set(label, (line = { n: 0, errors: 0, bytes: 0, times: new Uint32Array(131072) }));
  line.n++; line.bytes += +bytes; if (success !== 'true') line.errors++;
  line.times[Math.min(131071, +elapsed)]++;
}
process.on('exit', () => {
  for (const [label, { n, times }] of lines) {
    const found = ${JSON.stringify(percents)}.map(percent => {
      let rank = Math.ceil(percent * n / 100), value = 0;
      while ((rank -= times[value]) > 0) value++;
      return value;
    });
    console.log(label, n, ...found);
  }
});
import { createReadStream } from 'node:fs';
const input = createReadStream(process.argv[2], { highWaterMark: 1 << 20, encoding: 'utf8' });`;
const csvParse = `
import { parse } from 'csv-parse';
const parser = input.pipe(parse({ from_line: 2 }));
for await (const row of parser) add(row[2], row[1], row[7], row[9]);`;
const udsv = `
import { inferSchema, initParser } from 'udsv';
let parser;
for await (const piece of input) {
  parser ??= initParser(inferSchema(piece, {}, 1));
  parser.chunk(piece, parser.stringArrs, rows => { for (const row of rows) add(row[2], row[1], row[7], row[9]); });
}
parser.end();`;
const saxes = `
import { SaxesParser } from 'saxes';
const parser = new SaxesParser();
parser.on('opentag', ({ attributes: a }) => { if (a.lb !== undefined) add(a.lb, a.t, a.s, a.by); });
for await (const piece of input) parser.write(piece);
parser.close();`;
const pythonCsv = (percents: readonly number[]) => `
import csv, math, sys
from collections import Counter
lines = {}
with open(sys.argv[1], newline='', encoding='utf-8') as file:
    rows = csv.reader(file)
    next(rows)
    for row in rows:
        line = lines.get(row[2])
        if line is None:
            line = lines[row[2]] = [0, 0, 0, Counter()]
        line[0] += 1
        line[1] += row[7] != 'true'
        line[2] += int(row[9])
        line[3][int(row[1])] += 1
for label, (n, errors, size, times) in lines.items():
    ranks = [math.ceil(percent * n / 100) for percent in ${JSON.stringify(percents)}]
    seen, found = 0, []
    for value in sorted(times):
        seen += times[value]
        while len(found) < len(ranks) and seen >= ranks[len(found)]:
            found.append(value)
    print(label, n, errors, size, *found)
`;
const pandas = (percents: readonly number[], path: string) => `
import sys
sys.path.insert(0, ${JSON.stringify(path)})
import pandas
table = pandas.read_csv(sys.argv[1], usecols=['elapsed', 'label', 'success', 'bytes'])
groups = table.groupby('label')
print(groups.agg({'elapsed': ['count', 'min', 'max'], 'success': 'sum', 'bytes': 'sum'}))
print(groups['elapsed'].quantile([percent / 100 for percent in ${JSON.stringify(percents)}], interpolation='higher'))
`;
const duckDb = (percents: readonly number[]) => `
import { DuckDBInstance } from '@duckdb/node-api';
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const quantiles = ${JSON.stringify(percents)}.map(percent => 'quantile_disc(elapsed, ' + percent / 100 + ')');
const reader = await connection.runAndReadAll(
  'SELECT label, count(*), count(*) FILTER (NOT success), sum(bytes), ' + quantiles +
  " FROM read_csv('" + process.argv[2] + "') GROUP BY label");
for (const row of reader.getRows()) console.log(...row.map(String));`;
