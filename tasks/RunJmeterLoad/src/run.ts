/** RunJmeterLoad's use case: run the plan, read its samples, publish, judge. */
import { dirname } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ToolError, UserError } from '../../../shared/core/errors.js';
import { lastLines, plural } from '../../../shared/core/text.js';
import { checkInputs, type LoadInput } from './checkInputs.js';
import { analyseJtl } from './files.js';
import { checkJava, findJmeter } from './jmeter.js';
import { keepResults } from './keepFiles.js';
import { summarise, type LoadSummary } from './loadSummary.js';
import { planProperties } from './planProperties.js';
import { publishLoad } from './publishLoad.js';
import { faultsOf } from './report.js';
import { runJmeter } from './runJmeter.js';
import { formatPercent, judgeLoad, type LoadVerdict } from './verdict.js';

/**
 * Runs the load test.
 * @returns the figures that matter
 * @throws UserError, ToolError when it cannot be run or its samples are not good
 */
export function runLoad(input: LoadInput, agent: Agent): Promise<string> {
  return runGate(agent, () => load(input, agent));
}

async function load(input: LoadInput, agent: Agent): Promise<string> {
  const order = checkInputs(input, agent);
  const { plan, rules } = order;
  const properties = planProperties(order, agent);
  const jmeter = findJmeter(input.jmeterHome, agent);
  agent.info(`JMeter: ${jmeter}, ${await checkJava(agent)}`);

  const { jtl, testStart, ended } = await runJmeter(
    { jmeter, plan, directory: dirname(plan), properties },
    agent,
  );
  const analysis = await analyseJtl(jtl, { seconds: input.warmUpSeconds, testStart });
  await keepResults(jtl, agent);

  const summary = summarise(analysis, plan);
  const verdict = judgeLoad(summary, analysis, rules);
  if (analysis.unlisted > 0)
    agent.warning(
      `The plan makes more labels than are listed; ${plural(analysis.unlisted, 'sample')} are counted among all samples only. Give samplers names without ids, or use transaction controllers.`,
    );
  const title = input.testRunTitle ?? 'Load test';
  await publishLoad({ summary, verdict, rules, title, publishResults: input.publishResults }, agent);
  return conclude(summary, verdict, ended, agent);
}

/** Says what the run is worth, after everything has been published. */
function conclude(summary: LoadSummary, verdict: LoadVerdict, ended: ToolResult, agent: Agent): string {
  const faults = faultsOf(verdict);
  if (ended.exitCode !== 0) faults.push(`JMeter ${describeEnd(ended)}.`);
  if (faults.length === 0) return sentenceOf(summary, verdict);
  const message = `The load test did not pass: ${faults.join('\n')}`;
  if (ended.exitCode === 0) throw new UserError(message);
  throw new ToolError(message, 'JMeter', ended.exitCode, lastLines(ended.tail.map(line => agent.mask(line))));
}

function sentenceOf({ overall }: LoadSummary, { errorPercent }: LoadVerdict): string {
  return `${plural(overall.samples, 'sample')}, ${formatPercent(errorPercent)} errors, p95 ${overall.p95 ?? '-'} ms, ${overall.throughput.toFixed(1)} a second.`;
}
