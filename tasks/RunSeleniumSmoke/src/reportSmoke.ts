/** What the release report says of the tests: every one with its outcome, what failed with its picture and what the browser said. */
import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { TestCase, TestCounts, TestSuite } from '../../../shared/core/junit.js';
import type { SmokeBody } from '../../../shared/report/bodies.js';
import { keyOf, type FlakyTest } from './rerun.js';

/** The tests with one browser. */
export interface ToldRun {
  readonly browser: string;
  readonly suites: readonly TestSuite[];
  readonly flaky: readonly FlakyTest[];
  readonly counts: TestCounts;
  readonly milliseconds: number;
}

type ToldTest = SmokeBody['tests'][number];

const order = { failed: 0, flaky: 1, passed: 2, skipped: 3 } as const;
const picture = /\.(png|jpe?g|webp|gif)$/i;

/** Tells it; without runs before there are any. */
export function reportSmoke(site: string, runs: readonly ToldRun[], agent: Agent): void {
  agent.report(() => {
    const told = runs.flatMap(testsOf).toSorted((a, b) => order[a.test.outcome] - order[b.test.outcome]);
    const pictures = told.flatMap(({ test: { screenshot }, picture: path }) =>
      screenshot === undefined || path === undefined ? [] : [{ name: screenshot, path }],
    );
    return {
      task: 'RunSeleniumSmoke',
      body: {
        site,
        runs: runs.map(({ browser, counts, flaky, milliseconds }) => ({
          browser,
          passed: counts.passed,
          failed: counts.failed,
          skipped: counts.skipped,
          flaky: flaky.length,
          milliseconds,
        })),
        tests: told.map(({ test }) => test),
        omitted: 0,
      },
      pictures,
    };
  });
}

interface WithPicture {
  readonly test: ToldTest;
  readonly picture: string | undefined;
}

function testsOf({ browser, suites, flaky }: ToldRun): WithPicture[] {
  const isFlaky = new Map(flaky.map(test => [keyOf(test), test]));
  const tests = suites.flatMap(suite =>
    suite.cases.map(test => {
      const before = isFlaky.get(keyOf(test));
      isFlaky.delete(keyOf(test));
      return tell(browser, suite.name, test, before);
    }),
  );
  // A hook that failed only once has no result of its own any more.
  const gone = [...isFlaky.values()].map(test =>
    tell(browser, '', { ...test, outcome: 'passed', seconds: 0, detail: '', output: '' }, test),
  );
  return [...tests, ...gone];
}

function tell(browser: string, suite: string, test: TestCase, flaky: FlakyTest | undefined): WithPicture {
  const shown = flaky ?? test;
  const files = [...(shown.attachments ?? []), ...attachedIn(test.output)].filter(path => existsSync(path));
  const path = files.find(file => picture.test(file));
  const failed = test.outcome === 'failed' || test.outcome === 'error';
  return {
    picture: path,
    test: {
      browser,
      suite: (test.className === '' ? suite : test.className).replace(` (${browser})`, ''),
      name: test.name,
      outcome:
        flaky !== undefined ? 'flaky' : failed ? 'failed' : test.outcome === 'skipped' ? 'skipped' : 'passed',
      seconds: test.seconds,
      message: shown.message,
      detail: flaky === undefined ? test.detail : `It passed in attempt ${flaky.attempt}.`,
      // The path is a name that no other picture of this step has.
      ...(path === undefined ? {} : { screenshot: path }),
      console: failed || flaky !== undefined ? files.flatMap(saidIn) : [],
    },
  };
}

function attachedIn(output: string): string[] {
  return [...output.matchAll(/^\[\[ATTACHMENT\|(.*)\]\]$/gm)].map(match => match[1] ?? '');
}

/** Errors among what the evidence of a test quotes of the browser: failed requests, and the console's. */
function saidIn(file: string): string[] {
  if (!/^[^.]*\.txt$/.test(basename(file))) return [];
  const [, said = ''] = readFileSync(file, 'utf8').split('\nRequests of the page that failed:\n');
  return said
    .split('\n')
    .filter(line => /^ {2}(SEVERE|ERROR)/.test(line))
    .map(line => line.trim());
}
