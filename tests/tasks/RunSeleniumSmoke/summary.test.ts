import assert from 'node:assert/strict';
import type { TestCase } from '../../../shared/core/junit.js';
import { summarize } from '../../../tasks/RunSeleniumSmoke/src/summary.js';

const failed = (name: string, message: string): TestCase => ({
  name,
  className: 'Smoke',
  seconds: 0,
  outcome: 'failed',
  message,
  detail: '',
  output: '',
});
const counts = { total: 3, passed: 1, failed: 1, skipped: 1 };
const run = (...cases: TestCase[]) => ({
  browser: 'chrome',
  counts,
  suites: [{ name: 's', timestamp: undefined, cases }],
  flaky: [],
});

describe('summarize', () => {
  it('has a line for each browser, what failed and what was flaky', () => {
    const flaky = [{ className: '', name: 'cart', attempt: 2, message: 'too slow' }];
    const runs = [
      { ...run(failed('login', 'no button')), flaky },
      { ...run(), browser: 'firefox' },
    ];
    assert.equal(
      summarize('https://s', runs, ['1 failed']),
      `❌ Not passed against https://s

| Browser | Passed | Failed | Skipped | Flaky |
|---|--:|--:|--:|--:|
| chrome | 1 | 1 | 1 | 1 |
| firefox | 1 | 1 | 1 | 0 |

| Failed | What went wrong |
|---|---|
| Smoke · login | no button |

| Flaky: passed only when run again | What went wrong |
|---|---|
| cart | too slow |
`,
    );
  });

  it('lets no name or message out of its cell', () => {
    const text = summarize('https://s', [run(failed('a|b\n# c', '<img src=x> [x](y) `z`'))], []);
    const line = text.split('\n').find(one => one.includes('img'));
    assert.equal(line?.replace(/\\./g, '').split('|').length, 4);
    assert.ok(!/<img|(?<!\\)\[x/.test(text));
  });

  it('shows twenty and counts the rest', () => {
    const many = Array.from({ length: 22 }, (_, index) => failed(`t${index}`, 'no'));
    assert.match(
      summarize('https://s', [run(...many)], []),
      /\| Smoke · t19 \| no \|\n\n… and 2 more tests in the results\.\n/,
    );
  });
});
