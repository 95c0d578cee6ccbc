/** Checks what the types of RunJmeterLoad's inputs do not say. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { ProblemsError, describe } from '../../../shared/core/errors.js';
import { parseNameValues } from '../../../shared/core/nameValues.js';
import { webAddress } from '../../../shared/core/webAddress.js';
import type { inputs } from './inputs.generated.js';
import type { LoadRules } from './verdict.js';

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
  readonly rules: LoadRules;
}

/** Checks the inputs, all of them at once. Values that look like secrets are masked from then on. @throws ProblemsError */
export function checkInputs(input: LoadInput, agent: Agent): LoadOrder {
  const problems: string[] = [];
  const plan = resolve(agent.workingDirectory, input.testPlan);
  if (!statSync(plan, { throwIfNoEntry: false })?.isFile())
    problems.push(`'testPlan' names ${plan}, which is not a file.`);
  const allowed = input.allowedErrorPercent ?? '0';
  const allowedErrorPercent = /^\d+(\.\d+)?\s*%?$/.test(allowed) ? Number.parseFloat(allowed) : Number.NaN;
  if (!(allowedErrorPercent <= 100))
    problems.push(`'allowedErrorPercent' must be a number from 0 to 100, such as 0.5, not '${allowed}'.`);
  const site = input.siteUrl === undefined ? undefined : webAddress(input.siteUrl, 'siteUrl', problems);
  let properties: ReadonlyMap<string, string> = new Map();
  try {
    properties = parseNameValues(input.properties, 'properties');
  } catch (error) {
    problems.push(describe(error));
  }
  if (problems.length > 0) throw new ProblemsError('The inputs of this task are not right', problems);
  for (const [name, value] of properties) {
    if (/password|passwd|secret|token|key/i.test(name)) agent.secret(value);
  }
  return {
    plan,
    site,
    properties,
    rules: {
      failOnAssertionErrors: input.failOnAssertionErrors,
      allowedErrorPercent,
      minimumSamples: input.minimumSamples,
    },
  };
}
