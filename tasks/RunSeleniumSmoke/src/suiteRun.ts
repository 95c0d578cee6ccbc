/** One run of the tests with one browser: its own WebDriver endpoint, its own processes, its own results. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import type { TestCase } from '../../../shared/core/junit.js';
import { runAttempts, type Attempts } from './attempts.js';
import { runChecks } from './checks/runChecks.js';
import { endFamily, runningFamily } from './processFamily.js';
import { readResults } from './results.js';
import type { ChecksRunner, Runner } from './runner.js';
import type { ProgramRunner } from './runners/finding.js';
import { loopbackWithoutProxy, markVariable, type WebDriver } from './webDriver.js';

/** The tests and what they are run against. */
export interface Suite {
  readonly site: string;
  readonly directory: string;
  readonly runner: Runner;
  /** At most so many more attempts for tests that failed. */
  readonly rerunFailed: number;
}

/** A run of the tests that came to an end by itself, however it went. */
export interface SuiteRun extends Attempts {
  readonly browser: string;
}

/** The agent gives a task 10 s after its first signal; browsers must be gone by then as well. */
const runnerGrace = 3000;

/** The folder into which tests put their screenshots. */
export function screenshotFolder(agent: Agent): string {
  return join(agent.resultsDirectory, 'screenshots');
}

/**
 * Runs the tests with one browser and leaves no process of theirs behind.
 * @param openWebDriver opens the endpoint for a run of this mark
 * @throws what opening the endpoint throws; the signal's reason when it was aborted
 */
export async function runSuite(
  suite: Suite,
  browser: string,
  openWebDriver: (mark: string) => Promise<WebDriver>,
  agent: Agent,
): Promise<SuiteRun> {
  const mark = randomUUID();
  const webDriver = await openWebDriver(mark);
  const common = { SITE_URL: suite.site, WEBDRIVER_URL: webDriver.url, BROWSER: browser };
  const { runner } = suite;
  try {
    const attempts = await runAttempts(
      async (attempt, failed) => {
        const folders = {
          RESULTS_DIR: join(agent.tempDirectory, 'results', String(attempt)),
          SCREENSHOT_DIR: screenshotFolder(agent),
        };
        for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
        const call = { variables: { ...common, ...folders }, failed };
        const ended =
          'checks' in runner
            ? await check(runner, call, agent)
            : await runProgram(suite, runner, call, mark, agent);
        return { ended, results: readResults(folders.RESULTS_DIR, runner.name) };
      },
      {
        most: suite.rerunFailed,
        ...('isHook' in runner ? { isHook: runner.isHook } : {}),
        info: line => {
          agent.info(line);
        },
      },
    );
    return { browser, ...attempts };
  } finally {
    const family = runningFamily(mark);
    await webDriver.close();
    await endFamily(mark, family);
  }
}

interface Call {
  readonly variables: Readonly<Record<string, string>>;
  readonly failed: readonly TestCase[] | undefined;
}

function runProgram(
  suite: Suite,
  runner: ProgramRunner,
  { variables, failed }: Call,
  mark: string,
  agent: Agent,
): Promise<ToolResult> {
  return agent.run({
    name: runner.name,
    path: runner.path,
    args: runner.args(variables, failed),
    cwd: suite.directory,
    env: { ...loopbackWithoutProxy(agent), ...variables, [markVariable]: mark },
    stopGraceMilliseconds: runnerGrace,
  });
}

/** Checks end as a program would. */
async function check({ checks }: ChecksRunner, call: Call, agent: Agent): Promise<ToolResult> {
  const { signal } = agent;
  const info = (line: string) => {
    agent.info(line);
  };
  const good = await runChecks(checks, { ...call, signal, info });
  return { exitCode: good ? 0 : 1, signal: undefined, tail: [] };
}
