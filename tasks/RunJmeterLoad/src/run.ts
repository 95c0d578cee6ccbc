/** RunJmeterLoad's use case: run the plan, read its samples, publish, judge. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import { runGate } from '../../../shared/agent/gate.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ProblemsError, ToolError, UserError } from '../../../shared/core/errors.js';
import { writeJunit } from '../../../shared/core/junitWriter.js';
import { mapTexts } from '../../../shared/core/junit.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { lastLines, listOf, plural } from '../../../shared/core/text.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import { analyseJtl, copyMasked } from './files.js';
import type { inputs } from './inputs.generated.js';
import {
  checkJava,
  findJmeter,
  ownProperties,
  propertiesFile,
  propertiesRead,
  siteProperties,
} from './jmeter.js';
import type { JtlAnalysis } from './jtl.js';
import { summarise, type LoadSummary } from './loadSummary.js';
import { faultsOf, junitSuites, logTable, markdownSummary } from './report.js';
import { formatPercent, judgeLoad, type LoadRules, type LoadVerdict } from './verdict.js';

type Input = Inputs<typeof inputs>;

const jmeterGrace = 5000;
/** A run keeps files up to this size among its logs; larger ones are better published as an artifact. */
const keepLimit = 100 * 1024 * 1024;

/**
 * Runs the load test.
 * @returns the figures that matter
 * @throws UserError, ToolError when it cannot be run or its samples are not good
 */
export function runLoad(input: Input, agent: Agent): Promise<string> {
  return runGate(agent, () => load(input, agent));
}

async function load(input: Input, agent: Agent): Promise<string> {
  const { plan, properties, rules } = checkInputs(input, agent);
  const jmeter = findJmeter(input.jmeterHome, agent);
  agent.info(`JMeter: ${jmeter}, ${await checkJava(agent)}`);
  // Fresh names in a fresh folder: JMeter appends to results that are there already.
  const files = {
    jtl: join(agent.tempDirectory, 'results.jtl'),
    log: join(agent.tempDirectory, 'jmeter.log'),
    properties: join(agent.tempDirectory, 'task.properties'),
  };
  writeFileSync(files.properties, propertiesFile(properties), { mode: 0o600 });
  let testStart: number | undefined;
  const ended = await agent.run({
    name: 'JMeter',
    path: jmeter,
    args: ['-n', '-t', plan, '-l', files.jtl, '-j', files.log, '-q', files.properties],
    cwd: dirname(plan),
    echo: false,
    stopGraceMilliseconds: jmeterGrace,
    onLine: line => {
      // Log4j's complaint about JMeter's own configuration, the same in every run.
      if (!line.startsWith('WARN StatusConsoleListener')) agent.info(line);
      testStart ??= startOfTest(line);
    },
  });
  const log = await keepLog(files.log, agent);
  if (!existsSync(files.jtl)) {
    const hints = log.filter(line => / (ERROR|FATAL) /.test(line));
    throw new ToolError(
      `JMeter ${describeEnd(ended)} without any results. The plan ${plan} did not run.`,
      'JMeter',
      ended.exitCode,
      lastLines([...ended.tail, ...hints].map(line => agent.mask(line))),
    );
  }
  const analysis = await analyseJtl(files.jtl, { seconds: input.warmUpSeconds, testStart });
  const resultsFile = join(agent.resultsDirectory, 'results.jtl');
  await copyMasked(files.jtl, resultsFile, text => agent.mask(text));
  agent.output('resultsFile', resultsFile);
  keep(resultsFile, agent);
  return await concludeRun(input, rules, plan, analysis, ended, agent);
}

/** Publishes everything first, then says what the run is worth. */
async function concludeRun(
  input: Input,
  rules: LoadRules,
  plan: string,
  analysis: JtlAnalysis,
  ended: ToolResult,
  agent: Agent,
): Promise<string> {
  const summary = summarise(analysis, plan);
  const verdict = judgeLoad(summary, analysis, rules);
  for (const line of logTable(summary)) agent.info(line);
  if (analysis.unlisted > 0)
    agent.warning(
      `The plan makes more labels than are listed; ${plural(analysis.unlisted, 'sample')} are counted among all samples only. Give samplers names without ids, or use transaction controllers.`,
    );
  const title = input.testRunTitle ?? 'Load test';
  await publish(summary, verdict, rules, title, input.publishResults, agent);

  const faults = faultsOf(verdict);
  if (ended.exitCode !== 0) faults.push(`JMeter ${describeEnd(ended)}.`);
  if (faults.length === 0) return sentenceOf(summary, verdict);
  const message = `The load test did not pass: ${faults.join('\n')}`;
  if (ended.exitCode === 0) throw new UserError(message);
  throw new ToolError(message, 'JMeter', ended.exitCode, lastLines(ended.tail.map(line => agent.mask(line))));
}

async function publish(
  summary: LoadSummary,
  verdict: LoadVerdict,
  rules: LoadRules,
  title: string,
  publishResults: boolean,
  agent: Agent,
): Promise<void> {
  const summaryFile = join(agent.resultsDirectory, 'load-summary.json');
  writeFileSync(summaryFile, agent.mask(`${JSON.stringify(summary, undefined, 2)}\n`));
  keep(summaryFile, agent);
  await agent.summary(title, markdownSummary(summary, verdict));
  if (publishResults) {
    const junit = join(agent.resultsDirectory, 'load.xml');
    const suites = mapTexts(junitSuites(summary, verdict, rules, title), text => agent.mask(text));
    writeFileSync(junit, writeJunit(suites));
    agent.publishTests({ files: [junit], title });
  }
  const { samples, p50, p95, p99, throughput } = summary.overall;
  agent.output('samples', String(samples));
  agent.output('errorPercent', number(verdict.errorPercent));
  agent.output('p50', String(p50 ?? ''));
  agent.output('p95', String(p95 ?? ''));
  agent.output('p99', String(p99 ?? ''));
  agent.output('throughput', number(throughput));
  agent.output('summaryFile', summaryFile);
}

/** A number with as many digits as it needs, at most four behind the point: `12.5`, `0.0313`. */
function number(value: number): string {
  return String(Math.round(value * 10_000) / 10_000);
}

function sentenceOf({ overall }: LoadSummary, { errorPercent }: LoadVerdict): string {
  return `${plural(overall.samples, 'sample')}, ${formatPercent(errorPercent)} errors, p95 ${overall.p95 ?? '-'} ms, ${overall.throughput.toFixed(1)} a second.`;
}

/** Keeps JMeter's log with the run; its lines. */
async function keepLog(path: string, agent: Agent): Promise<string[]> {
  if (!existsSync(path)) return [];
  const copy = join(agent.resultsDirectory, 'jmeter.log');
  await copyMasked(path, copy, text => agent.mask(text));
  keep(copy, agent);
  return statSync(copy).size > keepLimit ? [] : readFileSync(copy, 'utf8').split('\n');
}

function keep(path: string, agent: Agent): void {
  if (statSync(path).size <= keepLimit) agent.keepFile(path);
  else
    agent.info(
      `${path} is larger than ${keepLimit / 1024 / 1024} MiB and is not kept with the run; publish it as a pipeline artifact.`,
    );
}

/** The moment JMeter gives when a test starts: `Starting standalone test @ 2026 Nov 23 01:47:17 UTC (1795398437078)`. */
export function startOfTest(line: string): number | undefined {
  const match = /^Starting .*test .*@ .*\((\d{13})\)$/.exec(line);
  return match === null ? undefined : Number(match[1]);
}

interface Checked {
  readonly plan: string;
  readonly properties: ReadonlyMap<string, string>;
  readonly rules: LoadRules;
}

/** Checks what the types of the inputs do not say. @throws ProblemsError */
function checkInputs(input: Input, agent: Agent): Checked {
  const problems: string[] = [];
  const plan = resolve(agent.workingDirectory, input.testPlan);
  if (!statSync(plan, { throwIfNoEntry: false })?.isFile())
    problems.push(`'testPlan' names ${plan}, which is not a file.`);
  const allowed = input.allowedErrorPercent ?? '0';
  const allowedErrorPercent = /^\d+(\.\d+)?\s*%?$/.test(allowed) ? Number.parseFloat(allowed) : Number.NaN;
  if (!(allowedErrorPercent <= 100))
    problems.push(`'allowedErrorPercent' must be a number from 0 to 100, such as 0.5, not '${allowed}'.`);
  const site = input.siteUrl === undefined ? undefined : webAddress(input.siteUrl, 'siteUrl', problems);
  let own: ReadonlyMap<string, string> = new Map();
  try {
    own = parseNameValues(input.properties, 'properties');
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  }
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
  for (const [name, value] of own) {
    if (/password|passwd|secret|token|key/i.test(name)) agent.secret(value);
  }
  if (site !== undefined) warnOfUnreadSite(plan, input.siteUrl ?? '', agent);
  const fromSite = site === undefined ? {} : siteProperties(site);
  const given = [...Object.entries(fromSite).map(([name, value]) => `${name}=${value}`), ...own.keys()];
  if (given.length > 0) agent.info(`Properties given to the plan: ${given.join(', ')}`);
  return {
    plan,
    properties: new Map([...Object.entries(fromSite), ...own, ...Object.entries(ownProperties)]),
    rules: {
      failOnAssertionErrors: input.failOnAssertionErrors,
      allowedErrorPercent,
      minimumSamples: input.minimumSamples,
    },
  };
}

/** A plan with hard-coded hosts would test another site and say nothing. */
function warnOfUnreadSite(plan: string, siteUrl: string, agent: Agent): void {
  const read = propertiesRead(readFileSync(plan, 'utf8'));
  if (read.has('host')) return;
  const others = ['protocol', 'port', 'path'].filter(name => read.has(name));
  const also = others.length === 0 ? '' : ` (it does read ${listOf(others)})`;
  agent.warning(
    `The plan ${plan} does not read the property 'host'${also}, so it does not go to ${siteUrl} but where its samplers say. Put \${__P(host)} into their server names to use 'siteUrl'.`,
  );
}
