/** Checks what the types of RunJmeterLoad's inputs do not say. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, describe } from '../../../shared/core/errors.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import { readGates, type Gates } from './gates.js';
import type { Criterion } from './criteria/criterion.js';
import { grammar, parseCriteria } from './criteria/parseCriteria.js';
import type { inputs } from './inputs.generated.js';
import { jmeterProblems } from './install/chooseJmeter.js';
import { parsePlugins, type Plugin } from './install/plugins.js';
import type { LoadShape } from './loadShape.js';
import { parseEngines, type RemoteEngines } from './remoteEngines.js';
import type { LoadRules } from './verdict.js';
import { shareOfThreads } from './shares.js';
import { abortProblems } from './watchRun.js';

/** The inputs of this task. */
export type LoadInput = Inputs<typeof inputs>;

/** What is to be run and what it must keep to. */
export interface LoadOrder {
  /** Full path of the plan. */
  readonly plan: string;
  /** The site under test; undefined leaves it to the plan. */
  readonly site: URL | undefined;
  /** Properties as the user gives them. */
  readonly properties: ReadonlyMap<string, string>;
  readonly shape: LoadShape;
  /** Hosts in the plan that the site takes the place of; `*` for all of them. */
  readonly replaceHosts: readonly string[];
  /** Full paths of property files, later ones win. */
  readonly propertyFiles: readonly string[];
  readonly plugins: readonly Plugin[];
  /** Undefined runs the plan on this agent. */
  readonly remote: RemoteEngines | undefined;
  /** A pattern of results to judge instead of running the plan. */
  readonly mergeResults: string | undefined;
  readonly rules: LoadRules;
  readonly gates: Gates;
  /** A run that one of these holds for is ended. */
  readonly abortWhen: readonly Criterion[];
}

/** Checks the inputs, all of them at once. Values that look like secrets are masked from then on. @throws ProblemsError */
export function checkInputs(input: LoadInput, agent: Agent): LoadOrder {
  const problems: string[] = [];
  const plan = resolve(agent.workingDirectory, input.testPlan);
  if (!isFile(plan)) problems.push(`'testPlan' names ${plan}, which is not a file.`);
  const allowed = input.allowedErrorPercent ?? '0';
  const allowedErrorPercent = /^\d+(\.\d+)?\s*%?$/.test(allowed) ? Number.parseFloat(allowed) : Number.NaN;
  if (!(allowedErrorPercent <= 100))
    problems.push(`'allowedErrorPercent' must be a number from 0 to 100, such as 0.5, not '${allowed}'.`);
  const site = input.siteUrl === undefined ? undefined : webAddress(input.siteUrl, 'siteUrl', problems);
  if (site !== undefined && site.search + site.hash !== '')
    problems.push(
      `'siteUrl' ends with ${site.search}${site.hash}, which no plan is given: leave it out, and put it into the plan's requests.`,
    );
  let properties: ReadonlyMap<string, string> = new Map();
  try {
    properties = parseNameValues(input.properties, 'properties');
  } catch (error) {
    problems.push(describe(error));
  }
  const propertyFiles = linesOf(input.propertyFiles).map(file => resolve(agent.workingDirectory, file));
  for (const file of propertyFiles.filter(path => !isFile(path)))
    problems.push(`'propertyFiles' names ${file}, which is not a file.`);
  problems.push(...jmeterProblems(input));
  const plugins = parsePlugins(linesOf(input.plugins), agent.workingDirectory, problems);
  const replaceHosts = (input.replaceHosts ?? '')
    .split(',')
    .map(host => host.trim())
    .filter(host => host !== '');
  if (replaceHosts.length > 0 && site === undefined && input.siteUrl === undefined)
    problems.push("'replaceHosts' says what 'siteUrl' takes the place of, and 'siteUrl' is not given.");
  const hosts = parseEngines(input.remoteHosts, problems);
  if (input.divideThreads && input.threads === 0)
    problems.push(
      "'divideThreads' divides 'threads' among the jobs of a matrix, and 'threads' is not given.",
    );
  if (input.mergeResults !== undefined && (hosts.length > 0 || input.divideThreads))
    problems.push("'mergeResults' runs nothing: leave 'remoteHosts' and 'divideThreads' out.");
  const gates = readGates(input, agent, problems);
  const abort = parseCriteria(input.abortWhen ?? '');
  if (abort.problems.length > 0)
    problems.push(`'abortWhen' cannot be read:\n${abort.problems.join('\n')}\n${grammar}`);
  problems.push(...abortProblems(abort.criteria));
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
  for (const [name, value] of properties) {
    if (/password|passwd|secret|token|key/i.test(name)) agent.secret(value);
  }
  const threads = input.divideThreads ? shareOfThreads(input.threads, agent) : input.threads;
  return {
    plan,
    site,
    properties,
    shape: {
      threads: input.threads === 0 ? undefined : threads,
      rampUpSeconds: input.rampUpSeconds === 0 ? undefined : input.rampUpSeconds,
      durationSeconds: input.durationSeconds === 0 ? undefined : input.durationSeconds,
    },
    replaceHosts,
    propertyFiles,
    plugins,
    remote: hosts.length === 0 ? undefined : { hosts, tls: input.remoteTls, exit: input.remoteExit },
    mergeResults: input.mergeResults,
    rules: {
      failOnAssertionErrors: input.failOnAssertionErrors,
      allowedErrorPercent,
      minimumSamples: input.minimumSamples,
    },
    gates,
    abortWhen: abort.criteria,
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The lines of a text that say something; those that begin with # do not. */
function linesOf(text: string | undefined): string[] {
  const lines = (text ?? '').split(/\r?\n/).map(line => line.trim());
  return lines.filter(line => line !== '' && !line.startsWith('#'));
}
