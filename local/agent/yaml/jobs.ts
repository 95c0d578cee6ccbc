/** Reads jobs and deployment jobs. */

import type { Condition, Hook, Job, Phase, Step, VariableDefinition } from './model.js';
import {
  type Fields,
  accept,
  asBoolean,
  asCondition,
  asCount,
  asItems,
  asName,
  asText,
  asTexts,
  readFields,
  refuse,
} from './reader.js';
import { type Node, type Report, valueOf } from './source.js';
import { readSteps } from './steps.js';
import { readVariables } from './variables.js';
import { jobVocabulary } from './vocabularies.js';

type Draft = { -readonly [Key in keyof Job]: Job[Key] };

export function readJobs(node: Node, report: Report): Job[] {
  const jobs = asItems(node, 'jobs', report).flatMap(item => {
    if (valueOf(item, 'job') ?? valueOf(item, 'deployment')) return [readJob(item, report)];
    const first = item.kind === 'map' ? item.entries[0]?.key : undefined;
    report(first?.at ?? item.at, "a job must begin with 'job', 'deployment' or 'template'");
    return [];
  });
  let count = 0;
  return jobs.map(job => {
    count++;
    if (job.name !== '') return job;
    const name = `Job${count}`;
    return { ...job, name, displayName: job.displayName === '' ? name : job.displayName };
  });
}

/** The keys that a job of steps has, wherever it is written: in a list of jobs or as the whole file. */
export const stepsOnlyJobKeys = [
  'displayName',
  'continueOnError',
  'timeoutInMinutes',
  'cancelTimeoutInMinutes',
  'container',
  'strategy',
  'steps',
  'services',
  'workspace',
  'pool',
];

/** @param implied for a file that is one job: its name, and no `job:` key */
export function readJob(node: Node, report: Report, implied?: string, others: Fields = {}): Job {
  const isDeployment = valueOf(node, 'deployment') !== undefined;
  const draft: Draft = {
    name: implied ?? '',
    displayName: '',
    dependsOn: [],
    variables: [],
    continueOnError: false,
    timeoutInMinutes: 60,
    cancelTimeoutInMinutes: 5,
    phases: [],
    at: node.at,
  };
  let condition: Condition | undefined;
  let variables: readonly VariableDefinition[] = [];
  let steps: Step[] | undefined;
  const readName = (value: Node) => {
    draft.at = value.at;
    if (value.kind !== 'scalar' || value.text !== '')
      draft.name = asName(value, 'the name of the job', report);
  };
  const common: Fields = {
    displayName: value => (draft.displayName = asText(value, 'displayName', report)),
    dependsOn: value => (draft.dependsOn = asTexts(value, 'dependsOn', report)),
    condition: value => (condition = asCondition(value, jobVocabulary, report)),
    continueOnError: value => (draft.continueOnError = asBoolean(value, 'continueOnError', report)),
    timeoutInMinutes: value => (draft.timeoutInMinutes = asCount(value, 'timeoutInMinutes', 35_791, report)),
    cancelTimeoutInMinutes: value =>
      (draft.cancelTimeoutInMinutes = asCount(value, 'cancelTimeoutInMinutes', 35_791, report)),
    variables: value => (variables = readVariables(value, report)),
    // This machine is the pool.
    pool: value => {
      if (value.kind === 'scalar' && value.text === 'server')
        report(value.at, "a job of the pool 'server' runs in the service itself, not on an agent");
    },
    workspace: accept,
    uses: accept,
    container: refuse(report, 'is not supported: jobs run on this machine itself'),
    services: refuse(report, 'is not supported: jobs run on this machine itself'),
    templateContext: accept,
  };
  const own: Fields = isDeployment
    ? {
        deployment: readName,
        environment: value => (draft.environment = readEnvironment(value, report)),
        strategy: value => (draft.phases = readDeploymentStrategy(value, report)),
      }
    : {
        job: readName,
        steps: value => (steps = readSteps(value, report)),
        strategy: value => {
          readPlainStrategy(value, report);
        },
      };
  readFields(
    node,
    isDeployment ? 'a deployment job' : 'a job',
    implied === undefined ? { ...own, ...common } : { ...own, ...common, ...others },
    report,
  );
  if (!isDeployment) {
    if (steps === undefined) report(draft.at, `the job '${draft.name}' has no steps`);
    draft.phases = [{ hook: '', steps: withCheckout(steps ?? []) }];
  } else if (draft.phases.length === 0)
    report(draft.at, `the deployment job '${draft.name}' needs 'strategy: runOnce: deploy: steps:'`);
  return {
    ...draft,
    displayName: draft.displayName === '' ? draft.name : draft.displayName,
    variables,
    ...(condition && { condition }),
  };
}

function readEnvironment(node: Node, report: Report): string {
  const elsewhere = 'of an environment cannot be deployed to locally: jobs run on this machine';
  if (node.kind === 'scalar') {
    const [name = '', resource] = node.text.split('.');
    if (resource !== undefined) report(node.at, `the resource '${resource}' ${elsewhere}`);
    return name;
  }
  let name = '';
  const noResource = refuse(report, elsewhere);
  readFields(
    node,
    'an environment',
    {
      name: value => (name = asText(value, 'name', report)),
      resourceName: noResource,
      resourceId: noResource,
      resourceType: noResource,
      tags: noResource,
    },
    report,
  );
  return name;
}

function readPlainStrategy(node: Node, report: Report): void {
  const no = refuse(report, 'is not supported: write the jobs out, or use ${{ each }}');
  readFields(node, 'a strategy', { matrix: no, parallel: no, maxParallel: no }, report);
}

function readDeploymentStrategy(node: Node, report: Report): readonly Phase[] {
  const phases: Phase[] = [];
  const no = refuse(report, "is not supported: only 'runOnce' is");
  const hook =
    (name: Hook) =>
    (value: Node): void => {
      readFields(
        value,
        `the hook '${name}'`,
        {
          steps: list =>
            phases.push({ hook: name, steps: withDownload(name, readSteps(list, report), list) }),
          pool: accept,
        },
        report,
      );
    };
  readFields(
    node,
    'a strategy',
    {
      runOnce: value => {
        readFields(
          value,
          'runOnce',
          {
            preDeploy: hook('preDeploy'),
            deploy: hook('deploy'),
            routeTraffic: hook('routeTraffic'),
            postRouteTraffic: hook('postRouteTraffic'),
            on: on => {
              readFields(on, "'on'", { failure: hook('failure'), success: hook('success') }, report);
            },
          },
          report,
        );
      },
      rolling: no,
      canary: no,
    },
    report,
  );
  const order: readonly string[] = [
    'preDeploy',
    'deploy',
    'routeTraffic',
    'postRouteTraffic',
    'failure',
    'success',
  ];
  return phases.sort((left, right) => order.indexOf(left.hook) - order.indexOf(right.hook));
}

const settings = {
  continueOnError: false,
  enabled: true,
  timeoutInMinutes: 0,
  retryCountOnTaskFailure: 0,
  env: new Map<string, string>(),
  target: { restricted: false },
};

/** A job checks out its repository first unless it says something about it itself. */
function withCheckout(steps: readonly Step[]): readonly Step[] {
  const [first] = steps;
  if (first === undefined || steps.some(step => step.kind === 'checkout')) return steps;
  const name = '__checkout';
  const at = first.at;
  return [
    {
      ...settings,
      kind: 'checkout',
      name,
      displayName: 'Checkout',
      at,
      repository: 'self',
      path: '',
    },
    ...steps,
  ];
}

/** The deploy hook downloads the artifacts of the run first unless it says something about them itself. */
function withDownload(hook: Hook, steps: readonly Step[], { at }: Node): readonly Step[] {
  if (hook !== 'deploy' || steps.some(step => step.kind === 'download')) return steps;
  return [
    {
      ...settings,
      kind: 'download',
      name: '__download',
      displayName: 'Download',
      at,
      source: 'current',
      artifact: '',
      patterns: [],
      path: '',
    },
    ...steps,
  ];
}
