/** RunSeleniumSmoke's use case: wait for the site, run the tests in browsers, judge and publish, leave nothing behind. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Agent } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { systemClock } from '../../../shared/core/wait.js';
import { browserNamed, capabilitiesFor } from './browsers.js';
import { concludeRuns, type SettledRun } from './conclusion.js';
import { findXvfb, startDisplay } from './display.js';
import { warnOfOtherVersion } from './driverVersions.js';
import { hidePassword, useGrid, type Grid } from './grid.js';
import { runSideBySide } from './matrix.js';
import { reportSmoke } from './reportSmoke.js';
import { chooseRunner } from './runner.js';
import { waitForSite } from './siteReadiness.js';
import type { Shard } from './shards.js';
import { splitTests } from './splitTests.js';
import { planSmoke, type Input, type SmokePlan } from './smokePlan.js';
import { runSuite, type BrowserRun, type Suite } from './suiteRun.js';
import { needsOfThisMachine, startDriver } from './webDriver.js';

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
  const plan = planSmoke(input, agent.workingDirectory);
  hidePassword(new URL(plan.site), agent);
  reportSmoke(plan.site, [], agent);
  const runner = chooseRunner(
    { ...input, directory: plan.directory },
    {
      exists: existsSync,
      findTool: name => agent.findTool(name),
      findFiles: (patterns, root) => agent.findFiles(patterns, root),
      read: path => readFileSync(path, 'utf8'),
      environment: name => agent.environment(name),
    },
  );
  const xvfb = plan.xvfb ? findXvfb(agent) : undefined;
  await untilReady(plan, input, agent);
  const display = xvfb === undefined ? undefined : await startDisplay(xvfb, input.windowSize, agent);
  try {
    const suite = {
      ...plan,
      runner,
      rerunFailed: input.rerunFailed,
      evidence: input.evidence,
      environment: display?.environment ?? {},
    };
    const settled = await runAll(plan, suite, input, agent);
    return await concludeRuns(settled, suite, input, agent);
  } finally {
    await display?.close();
  }
}

/** Runs the tests with every browser, in as many parts as are asked for. */
async function runAll(
  plan: SmokePlan,
  suite: Suite & SmokePlan,
  input: Input,
  agent: Agent,
): Promise<SettledRun[]> {
  const grid =
    plan.grid === undefined
      ? undefined
      : await useGrid(plan.grid, input.waitTimeoutSeconds, agent, systemClock);
  const places = grid === undefined ? availableParallelism() : grid.slots;
  const shards = await splitTests(suite, grid === undefined ? availableParallelism() : grid.free, agent);
  const jobs = plan.browsers.flatMap(browser =>
    shards.map(shard => browserRun(browser, shard, suite, grid, input, agent)),
  );
  const local = grid === undefined ? plan.browsers.flatMap(name => browserNamed(name) ?? []) : [];
  // Beside the tests, which need not wait for it.
  const looked = Promise.all(
    local.map(browser => warnOfOtherVersion(browser, plan.driverPath, plan.settings, agent)),
  ).catch(() => undefined);
  const results = await runSideBySide(jobs, places ?? jobs.length, job => runSuite(suite, job, agent));
  await looked;
  agent.signal.throwIfAborted();
  return jobs.flatMap((job, index) => {
    const result = results[index];
    return result === undefined ? [] : { job, result };
  });
}

async function untilReady(plan: SmokePlan, input: Input, agent: Agent): Promise<void> {
  await waitForSite(
    { url: plan.waitUrl, text: input.waitForText, timeoutSeconds: input.waitTimeoutSeconds },
    {
      probe: createSiteProbe(agent, mostRedirects),
      clock: systemClock,
      signal: agent.signal,
      info: line => {
        agent.info(line);
      },
    },
  );
}

/** How the sessions of one browser of the plan are made, for one part of the tests. */
function browserRun(
  name: string,
  shard: Shard,
  { browsers, settings, driverPath, environment, runner }: Suite & SmokePlan,
  grid: Grid | undefined,
  input: Input,
  agent: Agent,
): BrowserRun {
  const browser = browserNamed(name);
  const browserName = browser?.browserName ?? name;
  // Checks show for themselves what failed, and know better on which page.
  const watch = { evidence: input.evidence && !('checks' in runner), browserName };
  const label = [
    ...(browsers.length > 1 ? [name] : []),
    ...(shard.of > 1 ? [`shard ${shard.number} of ${shard.of}`] : []),
  ].join(', ');
  const common = { browser: name, browserName, shard, label };
  if (grid !== undefined || browser === undefined) {
    const { url = '', authorization } = grid ?? {};
    return {
      ...common,
      open: () => Promise.resolve({ url, authorization, close: () => Promise.resolve() }),
      watch: { ...watch, capabilities: capabilitiesFor(browser, settings) },
    };
  }
  const program = browser.programs.map(one => agent.findTool(one)).find(one => one !== undefined);
  const needs = needsOfThisMachine(browser);
  return {
    ...common,
    open: mark => startDriver(browser, mark, driverPath, agent, environment),
    watch: { ...watch, capabilities: capabilitiesFor(browser, settings, program, needs) },
  };
}
