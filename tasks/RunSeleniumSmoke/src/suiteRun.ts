/** One run of the tests with one browser: its own WebDriver endpoint, its own processes, its own results. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import { endFamily, runningFamily } from './processFamily.js';
import { readResults, type RunResults } from './results.js';
import type { Runner } from './runner.js';
import { loopbackWithoutProxy, markVariable, type WebDriver } from './webDriver.js';

/** The tests and what they are run against. */
export interface Suite {
  readonly site: string;
  readonly directory: string;
  readonly runner: Runner;
}

/** A run of the tests that came to an end by itself, however it went. */
export interface SuiteRun {
  readonly browser: string;
  readonly ended: ToolResult;
  readonly results: RunResults;
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
  const folders = {
    RESULTS_DIR: join(agent.tempDirectory, 'results'),
    SCREENSHOT_DIR: screenshotFolder(agent),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const variables = { SITE_URL: suite.site, WEBDRIVER_URL: webDriver.url, BROWSER: browser, ...folders };
  try {
    const ended = await agent.run({
      name: suite.runner.name,
      path: suite.runner.path,
      args: suite.runner.args(variables),
      cwd: suite.directory,
      env: { ...loopbackWithoutProxy(agent), ...variables, [markVariable]: mark },
      stopGraceMilliseconds: runnerGrace,
    });
    return { browser, ended, results: readResults(folders.RESULTS_DIR, suite.runner.name) };
  } finally {
    const family = runningFamily(mark);
    await webDriver.close();
    await endFamily(mark, family);
  }
}
