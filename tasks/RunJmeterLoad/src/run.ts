/** RunJmeterLoad's use case: run the plan, read its samples, publish, judge. */
import { dirname, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ToolError, UserError, describe } from '../../../shared/core/errors.js';
import { lastLines, plural } from '../../../shared/core/text.js';
import { checkInputs, type LoadInput, type LoadOrder } from './checkInputs.js';
import { courseLines } from './course.js';
import { stepFor } from './criteria/judgeCriteria.js';
import { digestOf, readResults } from './files.js';
import { baselineNotes, judgeGates, withLastRun } from './gates.js';
import { chooseJmeter } from './install/chooseJmeter.js';
import { fetchPlugins } from './install/plugins.js';
import { checkJava } from './jmeter.js';
import { otherLabel } from './analysis/statistics.js';
import { attempt, keepResults } from './keepFiles.js';
import { summarise, summaryName, type LoadSummary } from './loadSummary.js';
import { preparePlan } from './preparePlan.js';
import { publishLoad } from './publishLoad.js';
import { faultsOf } from './report.js';
import { reportLoad, reportPlan } from './reportLoad.js';
import { runJmeter, type JmeterRun } from './runJmeter.js';
import { readShares } from './shares.js';
import { collectTimeline } from './timeline/collectTimeline.js';
import type { Seen } from './watchRun.js';
import { countedKinds, formatPercent, judgeLoad, type LoadVerdict, type RunEnd } from './verdict.js';

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
  reportPlan(order.plan, agent);
  const { plan, rules, mergeResults } = order;
  const gates = await withLastRun(order.gates, input.baselineRequired, agent);
  const { analysis, timeline, run, end } =
    mergeResults === undefined
      ? await runPlan(order, input, agent)
      : await mergeShares(mergeResults, order, input, agent);
  const summary = summarise(analysis, plan, digestOf(plan), timeline);
  const criteria = judgeGates(gates, timeline, countedKinds(rules), analysis.unlisted);
  const verdict = judgeLoad(summary, analysis, rules, criteria, end);
  if (analysis.unlisted > 0)
    agent.warning(
      `The plan makes more labels than are listed; ${plural(analysis.unlisted, 'sample')} are counted together as '${otherLabel}'. Give samplers names without ids, or use transaction controllers.`,
    );
  const title = input.testRunTitle ?? 'Load test';
  const remarks = {
    course: courseLines(timeline),
    notes: baselineNotes(gates, summary),
    comparisonMissing: gates.missing !== undefined,
  };
  const { baseline } = gates;
  reportLoad({ plan, summary, analysis, verdict, timeline, baseline, notes: remarks.notes }, agent);
  const { publishResults } = input;
  await publishLoad({ summary, verdict, rules, remarks, title, publishResults }, agent);
  if (run !== undefined) await attempt('The results', () => keepResults(run.jtl, agent), agent);
  if (run !== undefined && agent.signal.aborted) for (const fault of await run.faults) agent.warning(fault);
  // What there was of a run that is cancelled or late has been published all the same.
  agent.signal.throwIfAborted();
  const sentence = conclude(summary, verdict, run, agent);
  // Only a run that passes is one to compare with.
  if (gates.lastRun !== undefined)
    agent.publishArtifact(gates.lastRun.artifact, join(agent.resultsDirectory, summaryName));
  return sentence;
}

/** The samples of a test, and the run that took them where that was this one. */
interface Outcome extends Seen {
  readonly run: JmeterRun | undefined;
  readonly end: RunEnd;
}

async function mergeShares(
  pattern: string,
  { gates }: LoadOrder,
  { warmUpSeconds }: LoadInput,
  agent: Agent,
): Promise<Outcome> {
  const course = collectTimeline(stepFor(gates.criteria));
  const { analysis, faults } = await readShares(pattern, warmUpSeconds, course, agent);
  return { analysis, timeline: course.timeline(), run: undefined, end: { faults } };
}

async function runPlan(order: LoadOrder, input: LoadInput, agent: Agent): Promise<Outcome> {
  const { file, properties } = preparePlan(order, agent);
  const java = await checkJava(agent);
  const jmeter = await chooseJmeter(input, agent);
  agent.info(`JMeter: ${jmeter}, ${java}`);
  const plugins = await fetchPlugins(order.plugins, input.pluginsBaseUrl, agent);
  const run = await runJmeter(
    {
      jmeter,
      plan: file,
      directory: dirname(order.plan),
      properties,
      plugins,
      propertyFiles: order.propertyFiles,
      jvmArguments: input.jvmArguments,
      remote: order.remote,
      watch: {
        abortWhen: order.abortWhen,
        countedErrors: countedKinds(order.rules),
        silenceSeconds: input.silenceSeconds,
        durationSeconds: order.shape.durationSeconds,
        warmUpSeconds: input.warmUpSeconds,
        stepMilliseconds: stepFor(order.gates.criteria),
      },
    },
    agent,
  );
  const faults = await faultsIn(run, agent);
  // Of a JMeter that did not end itself the last samples may be counted and not written, or the other way round.
  const taken = run.ended.exitCode === 0 ? run.taken : undefined;
  // A cancelled step has seconds, too few to read large results once more.
  const seen = agent.signal.aborted ? await run.seen() : undefined;
  if (seen !== undefined) return { ...seen, run, end: { taken, faults } };
  const course = collectTimeline(stepFor(order.gates.criteria));
  const warmUp = { seconds: input.warmUpSeconds, testStart: run.testStart };
  const { analysis, fault } = await readResults(run.jtl, warmUp, course);
  if (fault !== undefined) faults.push(fault);
  return { analysis, timeline: course.timeline(), run, end: { taken, faults } };
}

/** What went wrong in a run before anybody looks at its samples. */
async function faultsIn(
  { ended, endedBecause, faults: known }: JmeterRun,
  { signal }: Agent,
): Promise<string[]> {
  if (signal.aborted) return [describe(signal.reason)];
  const faults = [...(await known)];
  if (endedBecause !== undefined) faults.unshift(`the run was ended early: ${endedBecause}`);
  else if (ended.exitCode !== 0) faults.unshift(`JMeter ${describeEnd(ended)}.`);
  return faults;
}

/** Says what the run is worth, after everything has been published. */
function conclude(
  summary: LoadSummary,
  verdict: LoadVerdict,
  run: JmeterRun | undefined,
  agent: Agent,
): string {
  const faults = faultsOf(verdict);
  if (faults.length === 0) return sentenceOf(summary, verdict);
  const message = `The load test did not pass: ${faults.join('\n')}`;
  if (run === undefined || run.ended.exitCode === 0 || run.endedBecause !== undefined)
    throw new UserError(message);
  const { ended } = run;
  throw new ToolError(message, 'JMeter', ended.exitCode, lastLines(ended.tail.map(line => agent.mask(line))));
}

function sentenceOf({ overall }: LoadSummary, { errorPercent }: LoadVerdict): string {
  return `${plural(overall.samples, 'sample')}, ${formatPercent(errorPercent)} errors, p95 ${overall.p95 ?? '-'} ms, ${overall.throughput.toFixed(1)} a second.`;
}
