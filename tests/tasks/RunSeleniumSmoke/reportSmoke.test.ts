import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countTests, type TestCase, type TestSuite } from '../../../shared/core/junit.js';
import { smokeBody } from '../../../shared/report/bodies.js';
import { reportSmoke } from '../../../tasks/RunSeleniumSmoke/src/reportSmoke.js';
import { mergeAttempt } from '../../../tasks/RunSeleniumSmoke/src/rerun.js';
import { runSmoke } from '../../../tasks/RunSeleniumSmoke/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { smokeDefaults } from './smokeDefaults.js';

const test = (name: string, more: Partial<TestCase> = {}): TestCase => ({
  name,
  className: 'Shop (firefox)',
  seconds: 0.5,
  outcome: 'passed',
  message: '',
  detail: '',
  output: '',
  ...more,
});
const suite = (...cases: TestCase[]): TestSuite => ({ name: 'all', timestamp: undefined, cases });

describe("the smoke tests' part of the release report", () => {
  let fake: FakeAgent;
  beforeEach(() => {
    fake = fakeAgent();
  });
  afterEach(() => fake.close());
  const told = () => {
    const content = fake.reported();
    assert.ok(content?.task === 'RunSeleniumSmoke');
    return { body: smokeBody.parse(content.body), pictures: content.pictures };
  };

  it('names flaky tests and hooks with what went wrong at first, and keeps the picture of it', () => {
    const picture = join(fake.agent.resultsDirectory, 'first.png');
    writeFileSync(picture, '');
    const failed = { outcome: 'failed', message: 'no rows', detail: 'at 7' } as const;
    const before = [
      suite(
        test('opens'),
        test('filters', { ...failed, attachments: [picture] }),
        test('before all', { className: 'Cart (firefox)', outcome: 'error', message: 'no session' }),
        test('later', { outcome: 'skipped' }),
        test('sorts', { ...failed, outcome: 'error', output: '[[ATTACHMENT|/not/there.png]]' }),
      ),
    ];
    const { suites, flaky } = mergeAttempt(
      before,
      [suite(test('filters'), test('sorts', failed), test('adds', { className: 'Cart (firefox)' }))],
      2,
      ({ name }) => name === 'before all',
    );
    reportSmoke(
      'http://site',
      [{ browser: 'firefox', suites, flaky, counts: countTests(suites), milliseconds: 1200 }],
      fake.agent,
    );
    const { body, pictures } = told();
    assert.deepEqual(body.runs, [
      { browser: 'firefox', passed: 3, failed: 1, skipped: 1, flaky: 2, milliseconds: 1200 },
    ]);
    assert.deepEqual(
      body.tests.map(({ name, outcome, message, detail }) => [name, outcome, message, detail]),
      [
        ['sorts', 'failed', 'no rows', 'at 7'],
        ['filters', 'flaky', 'no rows', 'It passed in attempt 2.'],
        ['before all', 'flaky', 'no session', 'It passed in attempt 2.'],
        ['opens', 'passed', '', ''],
        ['adds', 'passed', '', ''],
        ['later', 'skipped', '', ''],
      ],
    );
    assert.ok(body.tests.every(each => /^(Shop|Cart)$/.test(each.suite) && each.browser === 'firefox'));
    assert.deepEqual(pictures, [{ name: picture, path: picture }]);
  });

  it('has the site when it never got ready', async () => {
    const input = {
      ...smokeDefaults,
      siteUrl: 'http://127.0.0.1:1/',
      waitTimeoutSeconds: 0,
      tests: 'x.test.php',
    };
    await assert.rejects(runSmoke({ ...input, runner: 'phpunit' }, fake.agent));
    assert.deepEqual(told().body, { site: 'http://127.0.0.1:1/', runs: [], tests: [], omitted: 0 });
  });
});
