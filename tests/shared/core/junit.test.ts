import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  countTests,
  failedTests,
  mapTexts,
  type TestCase,
  type TestSuite,
} from '../../../shared/core/junit.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { stripAnsi } from '../../../shared/core/text.js';

/** As PHPUnit 9.6.7 writes it. */
const phpunit = String.raw`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="T" file="/t/T.php" tests="7" assertions="4" errors="2" warnings="0" failures="1" skipped="1" time="0.004929">
    <testcase name="testA" class="T" classname="T" file="/t/T.php" line="3" assertions="1" time="0.004116">
      <failure type="PHPUnit\Framework\ExpectationFailedException">T::testA
Failed asserting that two strings are identical.
--- Expected
+++ Actual
@@ @@
-'a
-&lt;&amp;]]&gt;'
+'b'

/t/T.php:3</failure>
    </testcase>
    <testcase name="testB" class="T" classname="T" line="3" assertions="0" time="0.000330">
      <skipped/>
    </testcase>
    <testcase name="testC" class="T" classname="T" line="3" assertions="0" time="0.000324">
      <error type="Exception">T::testC
Exception: boom
line2

/t/T.php:3</error>
    </testcase>
    <testcase name="testD" class="T" classname="T" line="3" assertions="1" time="1,000.5">
      <system-out>out</system-out>
    </testcase>
    <testsuite name="T::testE" tests="1" assertions="1" errors="0" failures="0" skipped="0" time="0.000037">
      <testcase name="testE with data set &quot;a&amp;b&#10;c&quot;" class="T" classname="T" time="0.000022"/>
    </testsuite>
  </testsuite>
</testsuites>`;

describe('readJunit', () => {
  it("reads PHPUnit's file: nested suites, outcomes, the sentence that matters of a failure", () => {
    const suites = readJunit(phpunit, 'The file');
    assert.deepEqual(
      suites.map(suite => [suite.name, suite.cases.map(test => [test.name, test.outcome, test.message])]),
      [
        [
          'T',
          [
            ['testA', 'failed', 'Failed asserting that two strings are identical.'],
            ['testB', 'skipped', ''],
            ['testC', 'error', 'Exception: boom\nline2'],
            ['testD', 'passed', ''],
          ],
        ],
        ['T::testE', [['testE with data set "a&b\nc"', 'passed', '']]],
      ],
    );
    const [first] = suites;
    assert.equal(first?.cases[3]?.seconds, 1000.5);
    assert.equal(first.cases[3].output, 'out');
    assert.match(first.cases[0]?.detail ?? '', /-<&\]\]>'/);
    assert.deepEqual(countTests(suites), { total: 5, passed: 2, failed: 2, skipped: 1 });
    assert.deepEqual(
      failedTests(suites).map(test => test.name),
      ['testA', 'testC'],
    );
  });

  it("takes pytest's message attribute, a bare testsuite, and a timestamp", () => {
    const suites = readJunit(
      '<testsuite name="pytest" timestamp="2026-01-02T03:04:05"><testcase classname="a.b" name="t" time="x">' +
        '<failure message="assert 1 == 2">def t():\n&gt; assert</failure></testcase></testsuite>',
      'The file',
    );
    assert.deepEqual(suites, [
      {
        name: 'pytest',
        timestamp: '2026-01-02T03:04:05',
        cases: [
          {
            name: 't',
            className: 'a.b',
            seconds: 0,
            outcome: 'failed',
            message: 'assert 1 == 2',
            detail: 'def t():\n> assert',
            output: '',
          },
        ],
      },
    ]);
  });

  for (const [what, xml, message] of [
    ['nothing', '  ', /^The file is empty\.$/],
    ['a file cut anywhere', phpunit.slice(0, 700), /^The file is not whole: line \d+, column \d+: /],
    ['no XML', 'Segmentation fault', /^The file is not whole: line 1/],
    ['another root', '<html><body/></html>', /^The file is no JUnit results file: its root is <html>/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readJunit(xml, 'The file'), { name: 'UserError', message });
    });
  }

  it('refuses every cut of a whole file', () => {
    for (let length = 60; length < phpunit.length - 1; length += 7)
      assert.throws(
        () => readJunit(phpunit.slice(0, length), 'The file'),
        { name: 'UserError' },
        `${length}`,
      );
  });

  it('expands no entities of a document type, and passes over control characters', () => {
    const bomb =
      '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' +
      '<testsuites><testsuite name="s"><testcase name="&b;\u0007!"/></testsuite></testsuites>';
    assert.ok((readJunit(bomb, 'The file')[0]?.cases[0]?.name.length ?? 999) < 40);
  });
});

describe('writeJunit', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const testCase: fc.Arbitrary<TestCase> = fc
    .record({
      name: text,
      className: text,
      seconds: fc.integer({ min: 0, max: 1e6 }).map(ms => ms / 1000),
      outcome: fc.constantFrom('passed', 'failed', 'error', 'skipped'),
      message: text,
      detail: text,
      output: text,
    })
    .map(test => (test.outcome === 'passed' ? { ...test, message: '', detail: '' } : test));
  const suites: fc.Arbitrary<TestSuite[]> = fc.array(
    fc.record({
      name: text,
      timestamp: fc.constantFrom(undefined, '2026-01-02T03:04:05'),
      cases: fc.array(testCase, { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 3 },
  );

  it('writes what readJunit reads back, for any text: outcomes, counts, and all that XML can hold', () => {
    fc.assert(
      fc.property(suites, given => {
        const read = readJunit(writeJunit(given), 'The file');
        assert.deepEqual(countTests(read), countTests(given));
        for (const [index, suite] of given.entries()) {
          for (const [at, test] of suite.cases.entries()) {
            const back = read[index]?.cases[at];
            assert.equal(back?.outcome, test.outcome);
            assert.equal(back.seconds, test.seconds);
            assert.equal(visible(back.detail), visible(test.detail));
            if (visible(test.name) !== '') assert.equal(visible(back.name), visible(test.name));
          }
        }
      }),
    );
  });

  it('keeps line ends of a message, drops colour codes, and cuts what is too long', () => {
    const [suite] = readJunit(
      writeJunit([
        {
          name: 's',
          timestamp: undefined,
          cases: [
            {
              name: 'n',
              className: 'c',
              seconds: 1,
              outcome: 'failed',
              message: 'one\r\ntwo\u001b[31m red',
              detail: 'x'.repeat(70_000),
              output: '##vso[task.complete]',
            },
          ],
        },
      ]),
      'The file',
    );
    assert.equal(suite?.cases[0]?.message, 'one\ntwo red');
    assert.match(suite.cases[0].detail, /x… \(6000 more characters\)$/);
  });

  it('masks every text before it is escaped', () => {
    const [suite] = readJunit(phpunit, 'The file');
    const masked = mapTexts(suite === undefined ? [] : [suite], value => value.replaceAll('<&]]>', '***'));
    assert.match(writeJunit(masked), /-\*\*\*'/);
    assert.doesNotMatch(writeJunit(masked), /&lt;&amp;\]\]/);
  });
});

/** A text as far as XML and the reader's own tidying keep it. */
function visible(text: string): string {
  return stripAnsi(text)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/g, '')
    .replace(/\r\n?/g, '\n')
    .trim();
}
