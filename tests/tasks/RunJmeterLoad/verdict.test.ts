import assert from 'node:assert/strict';
import { parseCriteria } from '../../../tasks/RunJmeterLoad/src/criteria/parseCriteria.js';
import type { CriterionOutcome } from '../../../tasks/RunJmeterLoad/src/criteria/judgeCriteria.js';
import { countTests } from '../../../shared/core/junit.js';
import { createAnalyser } from '../../../tasks/RunJmeterLoad/src/analysis/analyse.js';
import { summarise } from '../../../tasks/RunJmeterLoad/src/loadSummary.js';
import { faultsOf, junitSuites, logTable, markdownSummary } from '../../../tasks/RunJmeterLoad/src/report.js';
import {
  formatPercent,
  judgeLoad,
  type LoadRules,
  type RunEnd,
} from '../../../tasks/RunJmeterLoad/src/verdict.js';

const header = 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage\n';
const strict: LoadRules = { failOnAssertionErrors: true, allowedErrorPercent: 0, minimumSamples: 1 };
const good = (label = 'a') => `1000,10,${label},200,OK,T,true,\n`;
const tooSlow = (label = 'a') => `1000,900,${label},200,OK,T,false,"It took 900 ms,\nat most 1"\n`;
const refused = 'Non HTTP response code: java.net.ConnectException,Connection refused';

function judge(
  rows: string[],
  rules: Partial<LoadRules> = {},
  criteria: CriterionOutcome[] = [],
  end: RunEnd = {},
) {
  const reader = createAnalyser();
  reader.push(Buffer.from(header + rows.join('')));
  const analysis = reader.end();
  const summary = summarise(analysis, 'site.jmx', 'digest', undefined);
  const all = { ...strict, ...rules };
  const verdict = judgeLoad(summary, analysis, all, criteria, end);
  return { summary, verdict, rules: all, faults: faultsOf(verdict) };
}

describe('judgeLoad', () => {
  it('passes good samples', () => {
    const { faults, verdict } = judge([good(), good('b')]);
    assert.deepEqual([faults, verdict.errorPercent], [[], 0]);
  });

  it('names labels, kinds and the first message of what failed, the worst label first', () => {
    const { faults } = judge([
      good(),
      tooSlow(),
      tooSlow('b'),
      tooSlow('b'),
      `1,1,b,${refused},T,false,\n`,
      `1,1,c,503,Busy,T,false,\n`,
    ]);
    assert.deepEqual(faults, [
      "5 of 6 samples failed: 83.33 %, allowed are 0 % (input 'allowedErrorPercent').\n" +
        '  - b: 3 of 3 failed (2 failed assertions, 1 without an answer): It took 900 ms, at most 1\n' +
        '  - a: 1 of 2 failed (1 failed assertion): It took 900 ms, at most 1\n' +
        '  - c: 1 of 1 failed (1 error status): 503 Busy',
    ]);
  });

  it('lets failed assertions pass when told, and nothing else', () => {
    assert.deepEqual(judge([tooSlow()], { failOnAssertionErrors: false }).faults, []);
    const { faults, verdict } = judge([tooSlow(), good(), `1,1,c,503,Busy,T,false,\n`], {
      failOnAssertionErrors: false,
    });
    assert.match(faults[0] ?? '', /^1 of 3 samples failed: 33\.33 %.*\n {2}- c:/);
    assert.equal(Math.round(verdict.errorPercent), 33);
  });

  it('allows exactly the allowed part', () => {
    const rows = [...Array.from({ length: 199 }, () => good()), tooSlow()];
    assert.deepEqual(judge(rows, { allowedErrorPercent: 0.5 }).faults, []);
    assert.match(
      judge(rows, { allowedErrorPercent: 0.4 }).faults[0] ?? '',
      /^1 of 200 samples failed: 0\.5 %, allowed are 0\.4 %/,
    );
  });

  it('fails no sample, too few samples, unreadable and cut results', () => {
    assert.match(
      judge([], { minimumSamples: 0 }).faults.join(),
      /^JMeter took no sample\. Look at the plan's thread groups/,
    );
    assert.match(
      judge([good()], { minimumSamples: 2 }).faults.join(),
      /^only 1 sample counted, at least 2 must/,
    );
    assert.match(
      judge([good(), 'x\n']).faults.join(),
      /^1 record of the results cannot be read, the first is record 3/,
    );
    assert.match(judge([good(), '1000,1']).faults.join(), /^the results end in the middle of a record/);
  });
});

describe('whole results', () => {
  it('hold as many samples as JMeter says it took, no fewer', () => {
    const fault = (taken: number | undefined) => judge([good(), good()], {}, [], { taken }).faults.join();
    for (const taken of [undefined, 0, 2]) assert.equal(fault(taken), '');
    assert.match(
      fault(3),
      /^JMeter took 3 samples, and 2 are in the results: the others could not be written/,
    );
  });

  it('come of a run to its end: of another the verdict says so first, in every place that shows it', () => {
    const { summary, verdict, rules, faults } = judge([good(), '1000,1'], { minimumSamples: 2 }, [], {
      faults: ['the run was ended early: by us.'],
    });
    assert.match(
      faults.join('\n'),
      /^the run was ended early: by us\.\nthe results end in the middle of a record: .*\nonly 1 sample counted/,
    );
    assert.match(
      markdownSummary(summary, verdict),
      /^\*\*Failed\*\*(.|\n)*> the run was ended early: by us\./,
    );
    const [first] = junitSuites(summary, verdict, rules, 'Load test')[0]?.cases ?? [];
    assert.deepEqual([first?.name, first?.outcome], ['Whole results', 'failed']);
  });
});

describe('formatPercent', () => {
  it('is short and never rounds an error away', () => {
    assert.deepEqual([0, 0.001, 0.5, 10, 33.333, 100].map(formatPercent), [
      '0 %',
      'less than 0.01 %',
      '0.5 %',
      '10 %',
      '33.33 %',
      '100 %',
    ]);
  });
});

describe('the report', () => {
  const hostile = '"a|b <img src=x>\n##vso[task.complete]"';
  const marked = '~~a~~ **b** _c_ `d` [e](f) &lt;';
  const { summary, verdict, rules } = judge([
    good(),
    good(hostile),
    tooSlow(hostile),
    '1000,20,Visit,200,"Number of samples in transaction : 3, x",T,true,\n',
  ]);

  it('has one line a label and one for all in the log, whatever a label holds', () => {
    const table = logTable(summary);
    assert.equal(table.length, 5);
    assert.match(table[0] ?? '', /^Label +Samples +Errors +Mean +p50 +p90 +p95 +p99 +Max +1\/s$/);
    assert.match(
      table[2] ?? '',
      /^a\|b <img src=x> ##vso\[task\.complete\] +2 +50 % +455 +10 +900 +900 +900 +900 /,
    );
    assert.match(table[3] ?? '', /^Visit \(transaction\) +1 /);
    assert.match(table[4] ?? '', /^All samples +3 +33\.33 % /);
    assert.equal(new Set(table.map(line => line.length)).size, 1);
  });

  it('is a Markdown table that labels cannot break', () => {
    const lines = markdownSummary(summary, verdict).split('\n');
    assert.match(lines[0] ?? '', /^\*\*Failed\*\*: 3 samples in 900 ms/);
    const rows = lines.filter(line => line.startsWith('|'));
    assert.equal(rows.length, 6);
    for (const line of rows) assert.equal(line.split(/(?<!\\)\|/).length, 12, line);
    assert.ok(!lines.join('\n').includes('<img'));
  });

  it('shows a label as it is, whatever it means in Markdown', () => {
    const { summary: one, verdict: passed } = judge([good(marked)]);
    assert.ok(
      markdownSummary(one, passed).includes(
        '| \\~\\~a\\~\\~ \\*\\*b\\*\\* \\_c\\_ \\`d\\` \\[e\\](f) &amp;lt; |',
      ),
    );
  });

  it('names the label that is none, which a test could not be called by', () => {
    const { summary: nameless, verdict: passed, rules: strictly } = judge([good('')]);
    const names = junitSuites(nameless, passed, strictly, 'Load test')[0]?.cases.map(({ name }) => name);
    assert.equal(names?.at(-1), '(no label)');
  });

  it('names the first of many criteria that do not hold, and has them before those that do in the table', () => {
    const { criteria } = parseCriteria('errors of each /./ == 0');
    const criterion = criteria[0]!;
    const outcomes = Array.from({ length: 150 }, (_, index) => ({
      criterion,
      text: `errors of "${index}" == 0`,
      value: index % 2,
      passed: index % 2 === 0,
      detail: `it was ${index % 2}`,
    }));
    const { faults, summary: many, verdict: failed } = judge([good()], {}, outcomes);
    assert.equal(faults.length, 21);
    assert.equal(faults[0], 'errors of "1" == 0: it was 1.');
    assert.equal(faults[20], '… and 55 more criteria do not hold: see the log or the Tests tab.');
    const rows = markdownSummary(many, failed)
      .split('\n')
      .filter(line => line.startsWith('| errors of'));
    assert.equal(rows.length, 100);
    assert.ok(rows.slice(0, 75).every(row => row.includes('**failed**')));
    assert.equal(rows[75], '| errors of "0" == 0 | passed | it was 0 |');
  });

  it('is a test for each rule and each label', () => {
    const suites = junitSuites(summary, verdict, rules, 'Load test');
    assert.deepEqual(
      suites[0]?.cases.map(test => [test.name, test.outcome]),
      [
        ['Whole results', 'passed'],
        ['At least 1 sample', 'passed'],
        ['At most 0 % errors', 'failed'],
        ['a', 'passed'],
        [hostile.slice(1, -1), 'failed'],
      ],
    );
    assert.equal(countTests(suites).failed, 2);
  });
});
