/** Reads the expanded tree of a pipeline file into the model, in all its forms: stages, jobs only, steps only. */

import { inDependencyOrder } from './graph.js';
import { readJob, readJobs, stepsOnlyJobKeys } from './jobs.js';
import type { Condition, Job, Pipeline, Stage, VariableDefinition } from './model.js';
import {
  type Fields,
  accept,
  asCondition,
  asItems,
  asMap,
  asName,
  asText,
  asTexts,
  readFields,
  refuse,
} from './reader.js';
import { type Node, type Report, valueOf } from './source.js';
import { readVariables } from './variables.js';
import { stageVocabulary } from './vocabularies.js';

export function readPipeline(root: Node, report: Report): Pipeline {
  let name: string | undefined;
  let variables: readonly VariableDefinition[] = [];
  let stages: readonly Stage[] | undefined;
  const map = asMap(root, 'a pipeline', report);
  if (map === undefined) return { variables: [], stages: [] };
  const forms = ['stages', 'jobs', 'steps'].filter(form => valueOf(map, form) !== undefined);
  const [form, other] = forms;
  if (form === undefined) report(map.at, "a pipeline needs 'stages', 'jobs' or 'steps'");
  if (other !== undefined)
    report(valueOf(map, other)?.at ?? map.at, `'${other}' cannot stand beside '${form ?? ''}'`);
  const common: Fields = {
    name: value => (name = asText(value, 'name', report)),
    variables: value => (variables = readVariables(value, report)),
    parameters: accept,
    // What starts a run, and what else it could use, makes no difference to a run that is started here.
    trigger: accept,
    pr: accept,
    schedules: accept,
    resources: value => {
      readResources(value, report);
    },
    pool: accept,
    appendCommitMessageToRunName: accept,
    lockBehavior: accept,
  };
  if (form === 'steps') {
    const job = readJob(map, report, 'Job', common);
    return pipelineOf(name, variables, [implicitStage([job], map)]);
  }
  readFields(
    map,
    'a pipeline',
    {
      ...common,
      stages: value => (stages = readStages(value, report)),
      jobs: value => (stages = [implicitStage(orderJobs(readJobs(value, report), report), map)]),
      steps: accept,
      ...Object.fromEntries(
        stepsOnlyJobKeys
          .filter(key => key !== 'steps' && key !== 'pool')
          .map(key => [key, refuse(report, `can only stand at the top of a file of steps`)]),
      ),
    },
    report,
  );
  return pipelineOf(name, variables, inDependencyOrder(stages ?? [], 'stage', report));
}

function pipelineOf(
  name: string | undefined,
  variables: readonly VariableDefinition[],
  stages: readonly Stage[],
): Pipeline {
  return { variables, stages, ...(name !== undefined && { name }) };
}

function implicitStage(jobs: readonly Job[], { at }: Node): Stage {
  return { name: '__default', displayName: '__default', dependsOn: [], variables: [], jobs, at };
}

function readStages(node: Node, report: Report): Stage[] {
  const stages: Stage[] = [];
  for (const item of asItems(node, 'stages', report)) {
    if (valueOf(item, 'stage') === undefined) {
      report(item.at, "a stage must begin with 'stage' or 'template'");
      continue;
    }
    stages.push(readStage(item, stages.at(-1)?.name, report));
  }
  return stages;
}

function readStage(node: Node, previous: string | undefined, report: Report): Stage {
  let name = '';
  let displayName = '';
  // Without `dependsOn` a stage waits for the one before it in the file.
  let dependsOn: readonly string[] = previous === undefined ? [] : [previous];
  let condition: Condition | undefined;
  let variables: readonly VariableDefinition[] = [];
  let jobs: readonly Job[] = [];
  let at = node.at;
  readFields(
    node,
    'a stage',
    {
      stage: value => {
        at = value.at;
        name = asName(value, 'the name of the stage', report);
      },
      displayName: value => (displayName = asText(value, 'displayName', report)),
      dependsOn: value => (dependsOn = asTexts(value, 'dependsOn', report)),
      condition: value => (condition = asCondition(value, stageVocabulary, report)),
      variables: value => (variables = readVariables(value, report)),
      jobs: value => (jobs = orderJobs(readJobs(value, report), report)),
      pool: accept,
      lockBehavior: accept,
      trigger: refuse(report, 'of a stage waits for a person in Azure DevOps and cannot be honoured locally'),
      isSkippable: accept,
      templateContext: accept,
    },
    report,
  );
  if (jobs.length === 0) report(at, `the stage '${name}' has no jobs`);
  return {
    name,
    displayName: displayName === '' ? name : displayName,
    dependsOn,
    variables,
    jobs,
    at,
    ...(condition && { condition }),
  };
}

function orderJobs(jobs: readonly Job[], report: Report): readonly Job[] {
  return inDependencyOrder(jobs, 'job', report);
}

function readResources(node: Node, report: Report): void {
  const no = refuse(report, 'are not available locally');
  readFields(
    node,
    'resources',
    {
      repositories: value => {
        for (const item of asItems(value, 'repositories', report)) {
          const alias = valueOf(item, 'repository');
          if (alias?.kind !== 'scalar' || alias.text !== 'self')
            report(item.at, "only the repository 'self' is available locally");
        }
      },
      pipelines: no,
      builds: no,
      containers: no,
      packages: no,
      webhooks: no,
    },
    report,
  );
}
