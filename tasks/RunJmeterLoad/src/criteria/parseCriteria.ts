/** Reads criteria, one a line, and tells every mistake with its place. */
import { listOf, singleLine } from '../../../../shared/core/text.js';
import { timeMetrics } from '../timeline/timeline.js';
import {
  errorKinds,
  isComparable,
  measureText,
  operators,
  quantityOf,
  units,
  type Aggregate,
  type Criterion,
  type Limit,
  type Measure,
  type Quantity,
  type Selection,
} from './criterion.js';
import { reachFault } from './reach.js';
import { Mistake, createScanner, marked, type Scanner } from './scanner.js';

/** The whole grammar, as error messages show it. */
export const grammar = [
  'A criterion is: MEASURE [of [each] LABEL] OPERATOR LIMIT [over TIME]',
  '  MEASURE   avg|min|max|median|stddev|p50|p95|p99.9|…(response_time|latency|connect_time)',
  '            error_rate, errors, either also with (assertion), (response) or (transport)',
  '            throughput, samples, bytes, avg(bytes), apdex(500ms), apdex(500ms, 2s)',
  '  LABEL     "GET /data", home, or /a regular expression/ with an optional i for either case; each: every label by itself',
  '  OPERATOR  <, <=, >, >=, ==',
  '  LIMIT     a number and its unit: 800ms 2s 1min, 1%, 50/s 3000/min, 20kB 1MiB; none for errors, samples and apdex',
  '            or baseline, baseline + 10%, baseline - 5%, baseline + 50ms',
  '  over 30s  holds in every 30 s of the test',
].join('\n');

/** Criteria, or what is wrong with which lines. */
export interface ParsedCriteria {
  readonly criteria: readonly Criterion[];
  /** One message a bad line, with the line and a mark below the place; without the grammar. */
  readonly problems: readonly string[];
}

/** Reads the text of an input. Empty lines are none, and # begins a comment where a line begins or a criterion is at its end. */
export function parseCriteria(text: string): ParsedCriteria {
  const criteria: Criterion[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    try {
      criteria.push(parseLine(line));
    } catch (error) {
      if (!(error instanceof Mistake)) throw error;
      problems.push(`line ${index + 1}, column ${error.at + 1}: ${error.message}\n${marked(line, error.at)}`);
    }
  }
  return { criteria, problems };
}

const word = /[A-Za-z_][\w.]*/y;
const unitPattern = /(?!over(?![A-Za-z]))(?:%|\/?[A-Za-z]+)/y;
const largestNumber = 1e15;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function parseLine(line: string): Criterion {
  const scanner = createScanner(line);
  const measure = parseMeasure(scanner);
  const selection = scanner.take(/of(?![\w.])/y) === undefined ? undefined : parseSelection(scanner);
  const operatorAt = scanner.at;
  const symbol = scanner.take(/[<>=!]+/y)?.[0];
  const operator = operators.find(each => each === symbol);
  if (operator === undefined)
    throw new Mistake(
      operatorAt,
      `expected ${selection === undefined ? "'of' or " : ''}one of ${operators.join(' ')} here, not ${symbol === undefined ? scanner.rest() : `'${symbol}'`}`,
    );
  const limitAt = scanner.at;
  const limit = parseLimit(scanner, measure);
  const overAt = scanner.at;
  const window = scanner.take(/over(?![\w.])/y) === undefined ? undefined : parseWindow(scanner);
  scanner.take(/#.*/y);
  if (scanner.rest() !== 'the end of the line')
    throw new Mistake(
      scanner.at,
      `expected ${window === undefined ? "'over' or " : ''}the end of the line here, not ${scanner.rest()}`,
    );
  if ('margin' in limit) {
    if (!isComparable(measure))
      throw new Mistake(
        limitAt,
        `${measureText(measure)} is not compared with a baseline: chance alone moves it from run to run`,
      );
    if (operator === '==') throw new Mistake(operatorAt, 'two runs are never equal; say <= or >=');
    if (window !== undefined)
      throw new Mistake(overAt, "a baseline is compared with the whole test, so 'over' does not go with it");
  }
  const criterion = { measure, selection, operator, limit, window };
  const fault = reachFault(criterion);
  if (fault !== undefined) throw new Mistake(limitAt, fault);
  return criterion;
}

function parseMeasure(scanner: Scanner): Measure {
  const { at } = scanner;
  const name = scanner.take(word)?.[0];
  if (name === undefined) throw new Mistake(at, `expected a measure here, not ${scanner.rest()}`);
  switch (name) {
    case 'throughput':
    case 'samples':
    case 'bytes':
      return { of: name };
    case 'error_rate':
    case 'errors':
      return { of: name, kind: parseKind(scanner) };
    case 'apdex':
      return parseApdex(scanner);
    default:
      return parseAggregate(name, at, scanner);
  }
}

function parseKind(scanner: Scanner) {
  if (scanner.take(/\(/y) === undefined) return undefined;
  const { at } = scanner;
  const name = scanner.take(word)?.[0];
  const kind = errorKinds.find(each => each === name);
  if (kind === undefined) throw new Mistake(at, `expected a kind of error here: ${errorKinds.join(', ')}`);
  close(scanner);
  return kind;
}

function parseApdex(scanner: Scanner): Measure {
  open(scanner, 'apdex', 'the time that satisfies, such as apdex(500ms)');
  const satisfied = parseAmount(scanner, 'time', 'apdex');
  const { at } = scanner;
  const tolerated = scanner.take(/,/y) === undefined ? 4 * satisfied : parseAmount(scanner, 'time', 'apdex');
  if (tolerated < satisfied)
    throw new Mistake(at, 'the time that is tolerated cannot be shorter than the one that satisfies');
  close(scanner);
  return { of: 'apdex', satisfied, tolerated };
}

function parseAggregate(name: string, at: number, scanner: Scanner): Measure {
  const aggregate = aggregateOf(name, at);
  if (aggregate === undefined) throw new Mistake(at, `there is no measure '${singleLine(name, 40)}'`);
  open(scanner, name, `one of ${timeMetrics.join(', ')}`);
  const metricAt = scanner.at;
  const metric = scanner.take(word)?.[0];
  if (metric === 'bytes' && aggregate === 'avg') {
    close(scanner);
    return { of: 'avg_bytes' };
  }
  const known = timeMetrics.find(each => each === metric);
  if (known === undefined)
    throw new Mistake(
      metricAt,
      `expected one of ${timeMetrics.join(', ')} here, not ${metric === undefined ? scanner.rest() : `'${singleLine(metric, 40)}'`}`,
    );
  close(scanner);
  return { of: known, aggregate };
}

function aggregateOf(name: string, at: number): Aggregate | undefined {
  if (name === 'avg' || name === 'mean') return 'avg';
  if (name === 'min' || name === 'max' || name === 'median' || name === 'stddev') return name;
  const match = /^p(\d+(?:\.\d+)?)$/.exec(name);
  if (match === null) return undefined;
  const percentile = Number(match[1]);
  if (percentile > 0 && percentile <= 100) return { percentile };
  throw new Mistake(at, `a percentile is more than 0 and at most 100, not ${match[1] ?? ''}`);
}

function parseSelection(scanner: Scanner): Selection {
  const each = scanner.take(/each(?=\s+["/\w])/y) !== undefined;
  const { at } = scanner;
  const quoted = scanner.take(/"((?:[^"\\]|\\.)*)"/y);
  if (quoted !== undefined) return { label: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), each };
  const pattern = scanner.take(/\/((?:[^/\\]|\\.)+)\/([A-Za-z]*)/y);
  if (pattern !== undefined) return { ...readPattern(pattern[1] ?? '', pattern[2] ?? '', at), each };
  const bare = scanner.take(/[^\s"<>=/][^\s"<>=]*/y)?.[0];
  if (bare === 'each' && !each)
    throw new Mistake(
      scanner.at,
      `expected a label after each, not ${scanner.rest()}; one that is called each goes into quotes`,
    );
  if (bare !== undefined && /^\p{Pi}|^\p{Pf}|^['`\u201a\u201e]/u.test(bare))
    throw new Mistake(at, 'a label goes into straight double quotes');
  if (bare !== undefined) return { label: bare, each };
  if (scanner.take(/"/y) !== undefined) throw new Mistake(at, 'the quote of this label is not closed');
  if (scanner.take(/\//y) !== undefined)
    throw new Mistake(
      at,
      'this regular expression is not closed; put a label that begins with / into quotes',
    );
  throw new Mistake(at, `expected a label here, not ${scanner.rest()}; put a label with blanks into quotes`);
}

function readPattern(pattern: string, flags: string, at: number) {
  if (flags !== '' && flags !== 'i')
    throw new Mistake(at, `after a regular expression only i (either case) can stand, not '${flags}'`);
  try {
    new RegExp(pattern, `u${flags}`);
  } catch (error) {
    throw new Mistake(at, singleLine(error instanceof Error ? error.message : String(error)));
  }
  return { pattern, flags } as const;
}

function parseLimit(scanner: Scanner, measure: Measure): Limit {
  const quantity = quantityOf(measure);
  if (scanner.take(/baseline(?![\w.])/y) === undefined)
    return { value: parseAmount(scanner, quantity, measureText(measure)) };
  const sign = scanner.take(/[+-]/y)?.[0];
  if (sign === undefined) return { margin: 0, marginIs: 'percent' };
  const value = takeNumber(scanner, 'a margin here, such as 10%');
  const unitAt = scanner.at;
  const unit = scanner.take(unitPattern)?.[0] ?? '';
  const signed = (amount: number) => (amount === 0 ? 0 : sign === '-' ? -amount : amount);
  // Ten percent of an error rate of nothing are nothing: there a margin is meant in percentage points.
  if (unit === '%' && quantity !== 'percent') return { margin: signed(value), marginIs: 'percent' };
  return { margin: signed(inOwnUnit(value, unit, quantity, unitAt, 'a margin')), marginIs: 'absolute' };
}

function parseWindow(scanner: Scanner): number {
  const { at } = scanner;
  const window = parseAmount(scanner, 'time', 'over');
  if (window < 1000 || window % 1000 !== 0) throw new Mistake(at, "'over' takes whole seconds, at least one");
  return window;
}

function parseAmount(scanner: Scanner, quantity: Quantity, what: string): number {
  const value = takeNumber(scanner, 'a number here');
  const unitAt = scanner.at;
  return inOwnUnit(value, scanner.take(unitPattern)?.[0] ?? '', quantity, unitAt, what);
}

function takeNumber(scanner: Scanner, expected: string): number {
  const { at } = scanner;
  const text = scanner.take(number)?.[0];
  if (text === undefined) throw new Mistake(at, `expected ${expected}, not ${scanner.rest()}`);
  if (Number(text) > largestNumber) throw new Mistake(at, 'this number is too large');
  const commaAt = scanner.at;
  if (scanner.take(/,(?=\d)/y) !== undefined)
    throw new Mistake(commaAt, 'decimals stand behind a point, not a comma');
  return Number(text);
}

function inOwnUnit(value: number, unit: string, quantity: Quantity, at: number, what: string): number {
  const factor = units[quantity][unit];
  const known = listOf(Object.keys(units[quantity]), 'or');
  if (factor === undefined)
    throw new Mistake(at, known === '' ? `${what} has no unit` : `${what} needs a unit here: ${known}`);
  // 4.35 s are 4350 ms, not 4349.999…
  return Number((value * factor).toPrecision(15));
}

function open(scanner: Scanner, name: string, what: string): void {
  if (scanner.take(/\(/y) === undefined)
    throw new Mistake(scanner.at, `expected ( after ${name}, then ${what}`);
}

function close(scanner: Scanner): void {
  if (scanner.take(/\)/y) === undefined)
    throw new Mistake(scanner.at, `expected ) here, not ${scanner.rest()}`);
}
