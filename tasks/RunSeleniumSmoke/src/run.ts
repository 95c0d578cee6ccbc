/** RunSeleniumSmoke's use case: wait for the site, run the tests in a browser, judge and publish, leave nothing behind. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ProblemsError, ToolError, UserError } from '../../../shared/core/errors.js';
import { mapTexts } from '../../../shared/core/junit.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { lastLines, plural } from '../../../shared/core/text.js';
import { systemClock } from '../../../shared/core/wait.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import type { inputs } from './inputs.generated.js';
import { endFamily, runningFamily } from './processFamily.js';
import { findScreenshots, readResults } from './results.js';
import { chooseRunner, type Runner } from './runner.js';
import { waitForSite } from './siteReadiness.js';
import { judge } from './verdict.js';
import {
  loopbackWithoutProxy,
  markVariable,
  startChromeDriver,
  useGrid,
  type WebDriver,
} from './webDriver.js';

type Input = Inputs<typeof inputs>;

/** The agent gives a task 10 s after its first signal; browsers must be gone by then as well. */
const runnerGrace = 3000;
/** A browser follows them as well. */
const mostRedirects = 20;

/**
 * Runs the smoke tests.
 * @returns how many tests were good
 * @throws UserError, ToolError when the site is not ready, the tests cannot be run, or their results are not good
 */
export function runSmoke(input: Input, agent: Agent): Promise<string> {
  return runGate(agent, () => smoke(input, agent));
}

async function smoke(input: Input, agent: Agent): Promise<string> {
  const { site, waitUrl, grid } = checkInputs(input);
  const mark = randomUUID();
  const directory = resolve(agent.workingDirectory, input.workingDirectory ?? '.');
  const runner = chooseRunner(
    { ...input, directory },
    { exists: existsSync, findTool: name => agent.findTool(name) },
  );
  await waitForSite(
    { url: waitUrl, text: input.waitForText, timeoutSeconds: input.waitTimeoutSeconds },
    {
      probe: createSiteProbe(agent, mostRedirects),
      clock: systemClock,
      signal: agent.signal,
      info: line => {
        agent.info(line);
      },
    },
  );
  const webDriver =
    grid === undefined
      ? await startChromeDriver(agent, mark)
      : await useGrid(grid, input.waitTimeoutSeconds, agent, systemClock);
  return await testThrough(webDriver, { site, directory, runner, mark }, input, agent);
}

interface Suite {
  readonly site: string;
  readonly directory: string;
  readonly runner: Runner;
  /** See {@link markVariable}. */
  readonly mark: string;
}

async function testThrough(webDriver: WebDriver, suite: Suite, input: Input, agent: Agent): Promise<string> {
  const folders = {
    RESULTS_DIR: join(agent.tempDirectory, 'results'),
    SCREENSHOT_DIR: join(agent.resultsDirectory, 'screenshots'),
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const variables = {
    SITE_URL: suite.site,
    WEBDRIVER_URL: webDriver.url,
    BROWSER: input.browsers ?? 'chrome',
    ...folders,
  };
  let ended: ToolResult;
  try {
    ended = await agent.run({
      name: suite.runner.name,
      path: suite.runner.path,
      args: suite.runner.args(variables),
      cwd: suite.directory,
      env: { ...loopbackWithoutProxy(agent), ...variables, [markVariable]: suite.mark },
      stopGraceMilliseconds: runnerGrace,
    });
  } finally {
    const family = runningFamily(suite.mark);
    await webDriver.close();
    await endFamily(suite.mark, family);
  }
  return concludeRun(ended, folders, suite, input, agent);
}

/** Publishes everything first, then says what the run is worth. */
function concludeRun(
  ended: ToolResult,
  folders: { readonly RESULTS_DIR: string; readonly SCREENSHOT_DIR: string },
  { site, runner }: Suite,
  input: Input,
  agent: Agent,
): string {
  const results = readResults(folders.RESULTS_DIR, runner.name);
  const suites = mapTexts(results.suites, text => agent.mask(text));
  const verdict = judge({
    ...results,
    suites,
    site,
    runner: runner.name,
    exitCode: ended.exitCode,
    signal: ended.signal,
    minimumTests: input.minimumTests,
  });
  const { counts, faults } = verdict;

  const resultsFile = join(agent.resultsDirectory, 'smoke.xml');
  writeFileSync(resultsFile, writeJunit(suites));
  for (const file of results.broken) {
    const copy = join(agent.resultsDirectory, `broken-${basename(file)}.txt`);
    writeFileSync(copy, agent.mask(readFileSync(file, 'utf8')));
    agent.keepFile(copy);
  }
  const screenshots = findScreenshots(folders.SCREENSHOT_DIR);
  for (const file of screenshots.files) agent.keepFile(file);
  if (screenshots.note !== undefined) agent.info(screenshots.note);
  if (input.publishResults && counts.total > 0)
    agent.publishTests({ files: [resultsFile], title: input.testRunTitle ?? 'Smoke tests' });
  agent.output('testsTotal', String(counts.total));
  agent.output('testsFailed', String(counts.failed));
  agent.output('resultsFile', resultsFile);
  agent.info(
    `${plural(counts.total, 'test')}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped. ${runner.name} ${describeEnd(ended)}.`,
  );

  if (faults.length === 0) return `${plural(counts.passed, 'test')} passed against ${site}.`;
  const message = `The smoke tests did not pass: ${faults.join('\n')}`;
  if (!verdict.logTellsMore) throw new UserError(message);
  throw new ToolError(
    message,
    runner.name,
    ended.exitCode,
    lastLines(ended.tail.map(line => agent.mask(line))),
  );
}

/** Checks what the types of the inputs do not say. @throws ProblemsError */
function checkInputs(input: Input): { site: string; waitUrl: string; grid: URL | undefined } {
  const problems: string[] = [];
  const site = webAddress(input.siteUrl, 'siteUrl', problems);
  const grid = input.gridUrl === undefined ? undefined : webAddress(input.gridUrl, 'gridUrl', problems);
  const browser = input.browsers ?? 'chrome';
  if (!/^[A-Za-z][\w .-]*$/.test(browser))
    problems.push(`'browsers' must name one browser, such as chrome, not '${browser}'.`);
  else if (input.gridUrl === undefined && browser.toLowerCase() !== 'chrome')
    problems.push(
      `'browsers' is '${browser}', but without 'gridUrl' only chrome (Google Chrome or Chromium) can be run.`,
    );
  if (problems.length > 0 || site === undefined)
    throw new ProblemsError('The inputs of this task are not right', problems);
  return { site: input.siteUrl, waitUrl: below(site, input.waitPath), grid };
}

function below(site: URL, path: string | undefined): string {
  return path === undefined ? site.href : `${site.href.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}`;
}
