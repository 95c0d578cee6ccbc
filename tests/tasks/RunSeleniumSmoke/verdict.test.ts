import assert from 'node:assert/strict';
import type { TestCase } from '../../../shared/core/junit.js';
import { judge, type RunPart, type TestRun } from '../../../tasks/RunSeleniumSmoke/src/verdict.js';

const test = (name: string, outcome: TestCase['outcome'], message = ''): TestCase => ({
  name,
  className: 'Smoke',
  seconds: 1,
  outcome,
  message,
  detail: message,
  output: '',
});
const part = (cases: TestCase[], rest: Partial<RunPart> = {}): RunPart => ({
  label: '',
  exitCode: 0,
  signal: undefined,
  suites: [{ name: 's', timestamp: undefined, cases }],
  unreadable: [],
  ...rest,
});
const run = (cases: TestCase[], rest: Partial<TestRun> & Partial<RunPart> = {}) =>
  judge({
    site: 'http://s',
    runner: 'PHPUnit',
    parts: [part(cases, rest)],
    minimumTests: 1,
    flaky: [],
    failOnFlaky: false,
    ...rest,
  });

describe('judge', () => {
  it('passes tests that passed, skipped ones beside them', () => {
    assert.deepEqual(run([test('a', 'passed'), test('b', 'skipped')]), {
      counts: { total: 2, passed: 1, failed: 0, skipped: 1 },
      faults: [],
      untold: undefined,
    });
  });

  it('names failed tests with their messages on one line each', () => {
    const verdict = run([test('a', 'passed'), test('b', 'failed', 'one\ntwo'), test('c', 'error')], {
      exitCode: 2,
    });
    assert.deepEqual(verdict.faults, [
      '2 of 3 tests failed against http://s:\n  - Smoke::b: one two\n  - Smoke::c: failed without a message',
    ]);
    assert.equal(verdict.untold, undefined);
  });

  it('passes flaky tests unless told otherwise', () => {
    const flaky = [{ className: 'Smoke', name: 'a', attempt: 2, message: 'no' }];
    assert.deepEqual(run([test('a', 'passed')], { flaky }).faults, []);
  });

  it('names ten and counts the rest', () => {
    const [fault] = run(
      Array.from({ length: 13 }, (_, index) => test(`t${index}`, 'failed', 'no')),
      { exitCode: 1 },
    ).faults;
    assert.equal(fault?.split('\n').length, 12);
    assert.match(fault, /… and 3 more in the results\.$/);
  });

  for (const [what, cases, rest, fault, logTellsMore] of [
    ['no test', [], {}, /^PHPUnit ran no test at all/, false],
    ['only skipped tests', [test('a', 'skipped')], {}, /^every test was skipped \(1\), so nothing/, false],
    [
      'only skipped tests though none are required',
      [test('a', 'skipped')],
      { minimumTests: 0 },
      /skipped/,
      false,
    ],
    [
      'too few',
      [test('a', 'passed'), test('b', 'skipped')],
      { minimumTests: 2 },
      /^only 1 test ran, at least 2 must/,
      false,
    ],
    [
      'a bad end without a failed test',
      [test('a', 'passed')],
      { exitCode: 255 },
      /^PHPUnit ended with exit code 255, though no test failed/,
      true,
    ],
    [
      'flaky tests when told so',
      [test('a', 'passed')],
      {
        failOnFlaky: true,
        flaky: [{ className: 'Smoke', name: 'a', attempt: 3, message: 'first\nbad' }],
      },
      /^1 test passed only when run again:\n {2}- Smoke::a: passed in attempt 3; before: first bad\nSuch tests fail/,
      false,
    ],
    [
      'a signal',
      [test('a', 'passed')],
      { exitCode: undefined, signal: 'SIGSEGV' },
      /^PHPUnit was ended by SIGSEGV, though/,
      true,
    ],
    [
      'no results',
      [],
      { unreadable: ['PHPUnit wrote no results file.'] },
      /^PHPUnit wrote no results file\.$/,
      true,
    ],
    [
      'a broken file beside a good one',
      [test('a', 'passed')],
      { unreadable: ['x.xml is not whole.'] },
      /^x\.xml is not whole\.$/,
      true,
    ],
  ] as [string, TestCase[], Partial<TestRun> & Partial<RunPart>, RegExp, boolean][]) {
    it(`fails ${what}`, () => {
      const verdict = run(cases, rest);
      assert.equal(verdict.faults.length, 1);
      assert.match(verdict.faults[0] ?? '', fault);
      assert.equal(verdict.untold !== undefined, logTellsMore);
    });
  }

  it('judges parts as one, and names the part that is lost, crashed or empty', () => {
    const good = part([test('a', 'passed')], { label: 'shard 1 of 4' });
    const crashed = part([], {
      label: 'shard 2 of 4 (B)',
      unreadable: ['PHPUnit wrote no results file.'],
      exitCode: undefined,
      signal: 'SIGKILL',
    });
    const empty = part([], { label: 'shard 3 of 4 (C)' });
    const bad = part([test('d', 'failed', 'no')], { label: 'shard 4 of 4', exitCode: 1 });
    const verdict = run([], { parts: [good, crashed, empty, bad] });
    assert.deepEqual(verdict.counts, { total: 2, passed: 1, failed: 1, skipped: 0 });
    assert.deepEqual(verdict.faults, [
      '1 of 2 tests failed against http://s:\n  - Smoke::d: no',
      'shard 2 of 4 (B): PHPUnit wrote no results file.',
      'shard 3 of 4 (C): PHPUnit ran none of its tests.',
      'shard 2 of 4 (B): PHPUnit was ended by SIGKILL, before its results were written.',
    ]);
    assert.equal(verdict.untold, crashed);
    assert.deepEqual(run([], { parts: [good, good], minimumTests: 2 }).faults, []);
    assert.equal(run([], { parts: [empty, empty] }).faults.length, 1);
  });
});
