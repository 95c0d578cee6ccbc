import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countTests, failedTests, type TestCase, type TestSuite } from '../../../shared/core/junit.js';
import { runAttempts, type Attempt } from '../../../tasks/RunSeleniumSmoke/src/attempts.js';
import { keyOf, mergeAttempt, rerunRefusal } from '../../../tasks/RunSeleniumSmoke/src/rerun.js';

const test = (name: string, outcome: TestCase['outcome']): TestCase => ({
  name,
  className: 'Smoke',
  seconds: 1,
  outcome,
  message: outcome === 'passed' ? '' : `${name} is ${outcome}`,
  detail: '',
  output: '',
});
const suite = (...cases: TestCase[]): TestSuite => ({ name: 's', timestamp: undefined, cases });
const outcomes = (suites: readonly TestSuite[]) =>
  Object.fromEntries(suites.flatMap(({ cases }) => cases).map(({ name, outcome }) => [name, outcome]));

describe('rerunRefusal', () => {
  for (const [failed, total, skipped, worth] of [
    [1, 1, 0, true],
    [3, 3, 0, true],
    [4, 4, 0, false],
    [4, 13, 0, false],
    [4, 14, 0, true],
    [4, 14, 1, false],
    [20, 100, 0, true],
    [21, 1000, 0, false],
  ] as const) {
    it(`${failed} of ${total}, ${skipped} of them skipped, ${worth ? 'are' : 'are not'} worth it`, () => {
      const refusal = rerunRefusal({ total, failed, skipped, passed: total - failed - skipped });
      assert.equal(refusal === undefined, worth);
      if (!worth)
        assert.match(
          refusal ?? '',
          /failed, which no rerun would make good: failed tests are run again when/,
        );
    });
  }
});

describe('mergeAttempt', () => {
  it('counts as passed only what is seen to pass', () => {
    const before = [
      suite(
        test('a', 'passed'),
        test('b', 'failed'),
        test('c', 'error'),
        test('d', 'failed'),
        test('e', 'failed'),
      ),
    ];
    const again = [suite(test('b', 'passed'), test('c', 'error'), test('d', 'skipped'))];
    const { suites, flaky } = mergeAttempt(before, again, 2);
    assert.deepEqual(outcomes(suites), { a: 'passed', b: 'passed', c: 'error', d: 'failed', e: 'failed' });
    assert.deepEqual(flaky, [{ className: 'Smoke', name: 'b', attempt: 2, message: 'b is failed' }]);
    const notes = suites[0]?.cases.map(({ output }) => output);
    assert.deepEqual(notes, [
      '',
      'Flaky: passed in attempt 2. Before that it failed: b is failed',
      'Attempt 2 failed as well: c is error',
      'Attempt 2 has no result of this test.',
      'Attempt 2 has no result of this test.',
    ]);
  });

  it('keeps tests of one name apart from good luck: one of them failing again is enough', () => {
    const { suites } = mergeAttempt(
      [suite(test('a', 'failed'))],
      [suite(test('a', 'passed'), test('a', 'failed'))],
      2,
    );
    assert.deepEqual(outcomes(suites), { a: 'failed' });
  });

  it('takes in what the attempt shows beyond what was asked for', () => {
    const { suites, flaky } = mergeAttempt(
      [suite(test('a', 'passed'), test('b', 'failed'), test('c', 'skipped'))],
      [suite(test('a', 'failed'), test('b', 'passed'), test('c', 'passed'), test('new', 'failed'))],
      2,
    );
    assert.deepEqual(outcomes(suites), { a: 'failed', b: 'passed', c: 'passed', new: 'failed' });
    assert.equal(flaky.length, 1);
  });

  it('never makes a failure disappear without a pass of that test', () => {
    const some = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        outcome: fc.constantFrom<TestCase['outcome']>('passed', 'failed', 'error', 'skipped'),
      }),
      { maxLength: 8 },
    );
    const cases = (list: { name: string; outcome: TestCase['outcome'] }[]) =>
      [...new Map(list.map(one => [one.name, one])).values()].map(({ name, outcome }) => test(name, outcome));
    fc.assert(
      fc.property(some, some, (first, second) => {
        const before = [suite(...cases(first))];
        const again = [suite(...cases(second))];
        const { suites, flaky } = mergeAttempt(before, again, 2);
        const passedAgain = new Set(
          cases(second)
            .filter(({ outcome }) => outcome === 'passed')
            .map(keyOf),
        );
        const stillFailed = new Set(failedTests(suites).map(keyOf));
        for (const failed of failedTests(before))
          assert.equal(stillFailed.has(keyOf(failed)), !passedAgain.has(keyOf(failed)));
        for (const failed of failedTests(again)) assert.ok(stillFailed.has(keyOf(failed)));
        assert.equal(flaky.length, failedTests(before).filter(one => passedAgain.has(keyOf(one))).length);
        assert.equal(countTests(suites).total, new Set([...cases(first), ...cases(second)].map(keyOf)).size);
      }),
    );
  });
});

describe('runAttempts', () => {
  const ended = (exitCode: number | undefined) => ({
    exitCode,
    signal: exitCode === undefined ? 'SIGKILL' : undefined,
    tail: [],
  });
  const attempt = (exitCode: number | undefined, cases: TestCase[], unreadable: string[] = []): Attempt => ({
    ended: ended(exitCode),
    results: { suites: cases.length === 0 ? [] : [suite(...cases)], unreadable, broken: [] },
  });

  async function run(most: number, planned: Attempt[]) {
    const lines: string[] = [];
    const asked: (string[] | undefined)[] = [];
    const result = await runAttempts(
      (number, failed) => {
        asked.push(failed?.map(({ name }) => name));
        assert.equal(asked.length, number);
        return Promise.resolve(planned[number - 1]!);
      },
      { most, info: line => void lines.push(line) },
    );
    return { ...result, asked, lines };
  }

  it('runs only what failed, as often as allowed and no oftener than needed', async () => {
    const {
      asked,
      ended: end,
      flaky,
    } = await run(5, [
      attempt(1, [test('a', 'failed'), test('b', 'failed'), test('c', 'passed')]),
      attempt(1, [test('a', 'passed'), test('b', 'failed')]),
      attempt(0, [test('b', 'passed')]),
    ]);
    assert.deepEqual(asked, [undefined, ['a', 'b'], ['b']]);
    assert.deepEqual(end, ended(0));
    assert.deepEqual(
      flaky.map(({ name, attempt: number }) => [name, number]),
      [
        ['a', 2],
        ['b', 3],
      ],
    );
  });

  for (const [what, most, first, line] of [
    ['when it is not asked for', 0, attempt(1, [test('a', 'failed')]), undefined],
    ['when all passed', 2, attempt(0, [test('a', 'passed')]), undefined],
    ['when the runner only ended badly', 2, attempt(255, [test('a', 'passed')]), undefined],
    ['after a crash', 2, attempt(undefined, [test('a', 'failed')]), undefined],
    [
      'after results that are cut off',
      2,
      attempt(1, [test('a', 'failed')], ['x.xml is not whole.']),
      undefined,
    ],
    [
      'when too much failed',
      2,
      attempt(
        1,
        ['a', 'b', 'c', 'd'].map(name => test(name, 'failed')),
      ),
      /^4 of 4 tests failed, which no rerun/,
    ],
  ] as [string, number, Attempt, RegExp | undefined][]) {
    it(`runs nothing again ${what}`, async () => {
      const { asked, lines } = await run(most, [first]);
      assert.equal(asked.length, 1);
      assert.equal(lines.length, line === undefined ? 0 : 1);
      if (line !== undefined) assert.match(lines[0] ?? '', line);
    });
  }

  it('leaves failed what a crashed attempt did not show', async () => {
    const { results, lines } = await run(1, [
      attempt(1, [test('a', 'failed')]),
      attempt(undefined, [], ['PHPUnit wrote no results file.']),
    ]);
    assert.deepEqual(outcomes(results.suites), { a: 'failed' });
    assert.ok(lines.includes('Attempt 2: PHPUnit wrote no results file.'));
  });
});
