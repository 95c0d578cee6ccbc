import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  criterionText,
  isComparable,
  quantityOf,
  type Criterion,
  type Limit,
  type Measure,
} from '../../../../tasks/RunJmeterLoad/src/criteria/criterion.js';
import { grammar, parseCriteria } from '../../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import { reachFault } from '../../../../tasks/RunJmeterLoad/src/criteria/reach.js';

/** Any UTF-16 text, also of halves of characters. */
const text = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 0xffff })), { maxLength })
    .map(codes => String.fromCharCode(...codes));

function one(line: string): Criterion {
  const { criteria, problems } = parseCriteria(line);
  assert.deepEqual(problems, []);
  assert.equal(criteria.length, 1);
  return criteria[0]!;
}

describe('parseCriteria', () => {
  for (const [line, text] of [
    ['p95(response_time) < 800ms', 'p95(response_time) < 800ms'],
    ['  error_rate<1% ', 'error_rate < 1%'],
    ['throughput > 50/s', 'throughput > 50/s'],
    ['throughput >= 120/min', 'throughput >= 2/s'],
    ['avg(latency) of "GET /data" <= 300ms', 'avg(latency) of "GET /data" <= 300ms'],
    ['p99(response_time) of /checkout.*/ < 2s over 30s', 'p99(response_time) of /checkout.*/ < 2s over 30s'],
    ['apdex(500ms) > 0.9', 'apdex(500ms) > 0.9'],
    ['apdex(500 ms, 1.5 s) > 0.9', 'apdex(500ms, 1500ms) > 0.9'],
    ['mean(connect_time) < 4.35s', 'avg(connect_time) < 4350ms'],
    ['p99.9(response_time) of each /^GET \\/a/i < 1min', 'p99.9(response_time) of each /^GET \\/a/i < 1min'],
    ['max(response_time) of home < 1s', 'max(response_time) of "home" < 1s'],
    ['errors of each each == 0', 'errors of each "each" == 0'],
    ['samples >= 100 over 10s', 'samples >= 100 over 10s'],
    ['\ufeffp50(latency)\u00a0<\u00a090 min over\u20092h', 'p50(latency) < 90min over 2h'],
    ['bytes < 2MiB', 'bytes < 2MiB'],
    ['avg(bytes) < 20kB', 'avg(bytes) < 20kB'],
    ['p95(response_time) <= baseline + 10%', 'p95(response_time) <= baseline + 10%'],
    ['throughput >= baseline - 5%', 'throughput >= baseline - 5%'],
    ['median(response_time) <= baseline+0.05s', 'median(response_time) <= baseline + 50ms'],
    ['error_rate <= baseline + 0.5%', 'error_rate <= baseline + 0.5%'],
    ['stddev(response_time) <= baseline', 'stddev(response_time) <= baseline'],
    ['avg(response_time) of "a \\"b\\" \\\\ c" < 1s', 'avg(response_time) of "a \\"b\\" \\\\ c" < 1s'],
  ] as const) {
    it(`reads ${line.trim()}`, () => {
      assert.equal(criterionText(one(line)), text);
      assert.deepEqual(one(text), one(line));
    });
  }

  it('passes over comments and empty lines, whatever ends a line', () => {
    const { criteria, problems } = parseCriteria(
      '# slow?\r\n\r\n  error_rate < 1%\n\t# more\rthroughput > 1/s\n',
    );
    assert.deepEqual([criteria.map(criterionText), problems], [['error_rate < 1%', 'throughput > 1/s'], []]);
  });

  for (const [line, column, message] of [
    ['p95(response_time) 800ms', 20, /expected 'of' or one of <= >= < > == here, not '800ms'/],
    ['p95(response_time) < 800', 25, /p95\(response_time\) needs a unit here: ms, s, min or h/],
    ['p95(response_time) < 800%', 25, /needs a unit here: ms/],
    ['error_rate < 0.01', 18, /error_rate needs a unit here: %/],
    ['throughput > 50', 16, /throughput needs a unit here: \/s, \/min or \/h/],
    ['samples > 50ms', 13, /samples has no unit/],
    [
      'p95(responsetime) < 8ms',
      5,
      /expected one of response_time, latency, connect_time here, not 'responsetime'/,
    ],
    ['p0(latency) < 8ms', 1, /more than 0 and at most 100, not 0/],
    ['p101(latency) < 8ms', 1, /more than 0 and at most 100, not 101/],
    ['average(latency) < 8ms', 1, /there is no measure 'average'/],
    ['latency < 8ms', 1, /there is no measure 'latency'/],
    ['p95 < 8ms', 5, /expected \( after p95/],
    ['p95(latency < 8ms', 13, /expected \) here, not '< 8ms'/],
    ['avg(latency) of "GET < 3ms', 17, /the quote of this label is not closed/],
    [
      'avg(latency) of /checkout < 3ms',
      17,
      /regular expression is not closed; put a label that begins with \/ into quotes/,
    ],
    ['avg(latency) of /(/ < 3ms', 17, /Invalid regular expression/],
    ['avg(latency) of /a/g < 3ms', 17, /only i \(either case\) can stand, not 'g'/],
    ['avg(latency) of < 3ms', 17, /expected a label here/],
    ['avg(latency) of GET /data < 3ms', 21, /expected one of <= >= < > == here, not '\/data < 3ms'/],
    ['avg(latency) =< 3ms', 14, /one of <= >= < > == here, not '=<'/],
    ['avg(latency) != 3ms', 14, /not '!='/],
    ['avg(latency) < fast', 16, /expected a number here, not 'fast'/],
    ['avg(latency) < -3ms', 16, /expected a number here, not '-3ms'/],
    ['avg(latency) < 3ms for 30s', 20, /expected 'over' or the end of the line here, not 'for 30s'/],
    ['avg(latency) < 3ms over 30s or so', 29, /expected the end of the line here, not 'or so'/],
    ['avg(latency) < 3ms over 500ms', 25, /whole seconds, at least one/],
    ['apdex(2s, 1s) > 0.5', 9, /cannot be shorter/],
    ['errors(network) == 0', 8, /a kind of error here: assertion, response, transport/],
    ['max(latency) <= baseline', 17, /max\(latency\) is not compared with a baseline/],
    ['avg(latency) == baseline', 14, /two runs are never equal/],
    ['avg(latency) <= baseline over 30s', 26, /'over' does not go with it/],
    ['avg(latency) <= baseline * 2', 26, /expected 'over' or the end of the line here, not '\* 2'/],
    ['avg(latency) <= baseline + 10', 30, /a margin needs a unit here: ms/],
    ['avg(latency) of each <= 3ms', 22, /expected a label after each, not '<= 3ms'; one that is called each/],
    ["avg(latency) of 'GET /' <= 3ms", 17, /a label goes into straight double quotes/],
    ['avg(latency) of „home“ <= 3ms', 17, /a label goes into straight double quotes/],
    ['avg(latency) of «home» <= 3ms', 17, /a label goes into straight double quotes/],
    ['avg(latency) < 0,8s', 17, /decimals stand behind a point, not a comma/],
    ['apdex(500ms) > 0,9', 17, /decimals stand behind a point, not a comma/],
    ['avg(latency) < 1e999ms', 16, /this number is too large/],
    ['apdex(500ms) > 90', 16, /this never holds: apdex\(500ms\) is from 0 to 1/],
    ['error_rate < 150%', 14, /this holds whatever happens: error_rate is from 0 to 100%/],
    ['error_rate <= 100%', 15, /this holds whatever happens/],
    ['errors >= 0', 11, /this holds whatever happens: errors is never below 0/],
    ['max(latency) < 0ms', 16, /this never holds: max\(latency\) is never below 0/],
    [
      'throughput >= baseline - 100%',
      15,
      /with this margin there is no limit left: throughput is never below 0/,
    ],
    ['apdex(1s) >= baseline - 5', 14, /with this margin there is no limit left: apdex\(1s\) is from 0 to 1/],
    ['error_rate <', 13, /expected a number here, not the end of the line/],
  ] as const) {
    it(`refuses ${line}`, () => {
      const { criteria, problems } = parseCriteria(line);
      assert.deepEqual(criteria, []);
      const [first = '', shown = '', mark = ''] = problems[0]?.split('\n') ?? [];
      assert.match(first, message);
      assert.equal(/^line 1, column (\d+): /.exec(first)?.[1], String(column));
      assert.equal(shown, `    ${line}`);
      assert.equal(mark.length, 4 + column);
    });
  }

  it('tells of all bad lines at once, and keeps the good ones apart', () => {
    const { criteria, problems } = parseCriteria('error_rate < 1\nthroughput > 1/s\n\nx\n');
    assert.equal(criteria.length, 1);
    assert.deepEqual(
      problems.map(problem => /^line \d+, column \d+/.exec(problem)?.[0]),
      ['line 1, column 15', 'line 4, column 1'],
    );
  });

  it('shows the place in a line of any length, in one line without control characters', () => {
    fc.assert(
      fc.property(text(400), label => {
        const line = `errors of "${label.replace(/[\r\n"\\]/g, '')}" < x`;
        const [problem = ''] = parseCriteria(line).problems;
        const lines = problem.split('\n');
        assert.equal(lines.length, 3);
        assert.match(lines[2] ?? '', /^ +\^$/);
        assert.ok(problem.length < 400);
        assert.doesNotMatch(problem.replaceAll('\n', ''), /[\x00-\x1f\x7f]/);
      }),
    );
  });

  it('never does anything else than read a line or refuse it, and takes no long time', () => {
    const pieces = fc.constantFrom(
      ...'p95( ) of each "a" /b/ < <= 1 ms % /s over baseline + - response_time error_rate , . \\ "'.split(
        ' ',
      ),
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map(all => all.join('')),
        ),
        text => {
          const { criteria, problems } = parseCriteria(text);
          const lines = text.split(/\r\n|\r|\n/).filter(line => !/^\s*(#|$)/.test(line));
          assert.equal(criteria.length + problems.length, lines.length);
        },
      ),
    );
    assert.equal(parseCriteria(`errors of "${'\\\\'.repeat(100_000)} < 1`).problems.length, 1);
  });

  it('reads back whatever it writes', () => {
    const amount = fc
      .oneof(fc.nat(), fc.double({ min: 0, max: 1e9, noNaN: true }))
      .map(value => Number((value + 0).toPrecision(12)));
    const metric = fc.constantFrom('response_time', 'latency', 'connect_time');
    const aggregate = fc.oneof(
      fc.constantFrom('avg', 'min', 'max', 'median', 'stddev'),
      fc.integer({ min: 1, max: 10_000 }).map(each => ({ percentile: each / 100 })),
    );
    const kind = fc.constantFrom(undefined, 'assertion', 'response', 'transport');
    const measure = fc.oneof(
      fc.record({ of: metric, aggregate }),
      fc.record({ of: fc.constantFrom('error_rate', 'errors'), kind }),
      fc.record({ of: fc.constantFrom('throughput', 'samples', 'bytes', 'avg_bytes') }),
      fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => ({ of: 'apdex', satisfied: a, tolerated: a + b })),
    ) as fc.Arbitrary<Measure>;
    const label = text(20).map(each => each.replace(/[\r\n]/g, ''));
    const selection = fc.oneof(
      fc.constant(undefined),
      fc.record({ label, each: fc.boolean() }),
      fc.record({
        pattern: fc.constantFrom('a', '^GET \\/x$', '[a-c]+', '\\d{2}|b'),
        flags: fc.constantFrom('' as const, 'i' as const),
        each: fc.boolean(),
      }),
    );
    const limitOf = (of: Measure): fc.Arbitrary<Limit> => {
      const value = amount.map(each => ({ value: each }));
      if (!isComparable(of)) return value;
      const marginIs = quantityOf(of) === 'percent' ? 'absolute' : 'percent';
      const margin = fc
        .tuple(amount, fc.boolean())
        .map(([each, less]) =>
          each === 0
            ? { margin: 0, marginIs: 'percent' as const }
            : { margin: less ? -each : each, marginIs: marginIs as 'percent' },
        );
      return fc.oneof(value, margin);
    };
    const criterion: fc.Arbitrary<Criterion> = measure.chain(of =>
      fc
        .record({
          measure: fc.constant(of),
          selection,
          operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
          limit: limitOf(of),
          window: fc.option(
            fc.integer({ min: 1, max: 7200 }).map(seconds => seconds * 1000),
            { nil: undefined },
          ),
        })
        .map(each => ('value' in each.limit ? each : { ...each, window: undefined }))
        .filter(each => reachFault(each) === undefined),
    );
    fc.assert(
      fc.property(criterion, each => {
        // A clone, because fast-check makes some records without a prototype.
        assert.deepEqual(one(criterionText(each)), structuredClone(each));
      }),
      { numRuns: 500 },
    );
  });

  it('passes over a comment behind a criterion, and takes a # inside a label for a part of it', () => {
    assert.equal(criterionText(one('error_rate < 1% # of all')), 'error_rate < 1%');
    assert.equal(criterionText(one('errors of "a # b" == 0 over 5s#')), 'errors of "a # b" == 0 over 5s');
  });

  it('reads every criterion of the README', () => {
    const readme = readFileSync(
      new URL('../../../../tasks/RunJmeterLoad/README.md', import.meta.url),
      'utf8',
    );
    const [, block = ''] = /```yaml\ncriteria: \|\n([^`]+)```/.exec(readme) ?? [];
    const { criteria, problems } = parseCriteria(block);
    assert.deepEqual(problems, []);
    assert.equal(criteria.length, block.trim().split('\n').length);
  });

  it('has a grammar whose examples are criteria', () => {
    assert.ok(grammar.split('\n').every(line => line.length <= 140));
    assert.equal(one('apdex(500ms, 2s) > 0.9').measure.of, 'apdex');
  });
});
