/** RunSeleniumSmoke's use case: wait for the site, run the tests in a browser, judge and publish, leave nothing behind. */
import { existsSync, readFileSync } from 'node:fs';
import type { Agent } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import { createSiteProbe } from '../../../shared/agent/siteProbe.js';
import { systemClock } from '../../../shared/core/wait.js';
import { concludeRun } from './conclusion.js';
import { chooseRunner } from './runner.js';
import { waitForSite } from './siteReadiness.js';
import { planSmoke, type Input, type SmokePlan } from './smokePlan.js';
import { runSuite } from './suiteRun.js';
import { startChromeDriver, useGrid } from './webDriver.js';

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
  const runner = chooseRunner(
    { ...input, directory: plan.directory },
    {
      exists: existsSync,
      findTool: name => agent.findTool(name),
      read: path => readFileSync(path, 'utf8'),
      environment: name => agent.environment(name),
    },
  );
  await untilReady(plan, input, agent);
  const suite = { ...plan, runner, rerunFailed: input.rerunFailed };
  const open = (mark: string) =>
    plan.grid === undefined
      ? startChromeDriver(agent, mark)
      : useGrid(plan.grid, input.waitTimeoutSeconds, agent, systemClock);
  const run = await runSuite(suite, plan.browsers[0], open, agent);
  return concludeRun(run, suite, input, agent);
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
