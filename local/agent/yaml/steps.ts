/** Reads the steps of a job. */

import { singleLine } from '../../../shared/core/text.js';
import type { Condition, Located, Step, StepSettings, StepTarget } from './model.js';
import {
  type Fields,
  accept,
  asBoolean,
  asCondition,
  asCount,
  asItems,
  asName,
  asText,
  asTextMap,
  asTexts,
  readFields,
  refuse,
  uniqueEntries,
} from './reader.js';
import { type Node, type Report, valueOf } from './source.js';
import { stepVocabulary } from './vocabularies.js';

type Settings = { -readonly [Key in keyof StepSettings]: StepSettings[Key] };

const elsewhere: Readonly<Record<string, string>> = {
  pwsh: 'needs PowerShell, which this runner does not start; use bash',
  powershell: 'needs Windows PowerShell, which this runner does not start; use bash',
  getPackage: 'downloads from the service and cannot run locally',
  reviewApp: 'needs a Kubernetes environment and cannot run locally',
  downloadBuild: 'downloads from the service and cannot run locally',
};

/** What each kind of step is named after when it has no `name:`, as the service names them. */
const defaultNames = {
  script: 'CmdLine',
  bash: 'Bash',
  checkout: 'Checkout',
  publish: 'PublishPipelineArtifact',
  download: 'DownloadPipelineArtifact',
};

/** The steps of one job (or one hook of a deployment job), every one with a name of its own. */
export function readSteps(node: Node, report: Report): Step[] {
  const steps = asItems(node, 'steps', report).flatMap(item => readStep(item, report) ?? []);
  const taken = new Set<string>();
  for (const step of steps) {
    if (step.name === '') continue;
    if (taken.has(step.name.toLowerCase()))
      report(step.at, `two steps of this job are named '${step.name}'; outputs could not be told apart`);
    taken.add(step.name.toLowerCase());
  }
  return steps.map(step => {
    if (step.name !== '') return step;
    const base =
      step.kind === 'task' ? step.task.text.replace(/@.*$/, '').replace(/\W/g, '_') : defaultNames[step.kind];
    let name = base;
    for (let count = 1; taken.has(name.toLowerCase()); count++) name = `${base}${count}`;
    taken.add(name.toLowerCase());
    return { ...step, name };
  });
}

function readStep(node: Node, report: Report): Step | undefined {
  if (node.kind !== 'map') {
    report(node.at, 'a step must be a map, as in "- script: echo hello"');
    return undefined;
  }
  for (const [key, why] of Object.entries(elsewhere)) {
    const value = node.entries.find(entry => entry.key.text === key);
    if (value !== undefined) {
      report(value.key.at, `'${key}' ${why}`);
      return undefined;
    }
  }
  if (valueOf(node, 'task')) return readTask(node, report);
  if (valueOf(node, 'script')) return readScript('script', node, report);
  if (valueOf(node, 'bash')) return readScript('bash', node, report);
  if (valueOf(node, 'checkout')) return readCheckout(node, report);
  if (valueOf(node, 'publish')) return readPublish(node, report);
  if (valueOf(node, 'download')) return readDownload(node, report);
  const first = node.entries[0]?.key;
  report(
    first?.at ?? node.at,
    `a step must be one of task, script, bash, checkout, publish, download or template${first === undefined ? '' : `; this one begins with '${first.text}'`}`,
  );
  return undefined;
}

function readTask(node: Node, report: Report): Step {
  let task: Located = { text: '', at: node.at };
  const inputs = new Map<string, Located>();
  const settings = readSettings(node, report, textOf(valueOf(node, 'task')).replace(/@.*$/, ''), {
    task: value => (task = { text: asText(value, 'task', report), at: value.at }),
    inputs: value => {
      if (value.kind === 'scalar' && value.text === '') return;
      for (const entry of uniqueEntries(value, 'inputs', report))
        inputs.set(entry.key.text, {
          text: asText(entry.value, `the input '${entry.key.text}'`, report),
          at: entry.key.at,
        });
    },
  });
  return { ...settings, kind: 'task', task, inputs };
}

function readScript(kind: 'script' | 'bash', node: Node, report: Report): Step {
  let script = '';
  let workingDirectory = '';
  let failOnStderr = false;
  const settings = readSettings(node, report, kind === 'script' ? 'CmdLine' : 'Bash', {
    [kind]: (value: Node) => (script = asText(value, kind, report)),
    workingDirectory: value => (workingDirectory = asText(value, 'workingDirectory', report)),
    failOnStderr: value => (failOnStderr = asBoolean(value, 'failOnStderr', report)),
  });
  return { ...settings, kind, script, workingDirectory, failOnStderr };
}

function readCheckout(node: Node, report: Report): Step {
  let repository: 'self' | 'none' = 'self';
  let path = '';
  const settings = readSettings(node, report, 'Checkout', {
    checkout: value => {
      const text = asText(value, 'checkout', report);
      if (text === 'self' || text === 'none') repository = text;
      else report(value.at, `only 'self' and 'none' can be checked out locally, not '${text}'`);
    },
    // Every job begins with empty folders anyway.
    clean: accept,
    path: value => {
      path = asText(value, 'path', report);
      if (path.startsWith('/') || path.split('/').includes('..'))
        report(value.at, `the checkout path '${path}' must stay inside the workspace`);
    },
    fetchDepth: accept,
    fetchFilter: accept,
    fetchTags: accept,
    lfs: accept,
    submodules: accept,
    persistCredentials: accept,
    workspaceRepo: accept,
  });
  return { ...settings, kind: 'checkout', repository, path };
}

function readPublish(node: Node, report: Report): Step {
  let path = '';
  let artifact = '';
  const settings = readSettings(node, report, 'PublishPipelineArtifact', {
    publish: value => (path = asText(value, 'publish', report)),
    artifact: value => (artifact = asText(value, 'artifact', report)),
  });
  return { ...settings, kind: 'publish', path, artifact };
}

function readDownload(node: Node, report: Report): Step {
  let source: 'current' | 'none' = 'current';
  let artifact = '';
  let patterns: readonly string[] = [];
  let path = '';
  const settings = readSettings(node, report, 'Download', {
    download: value => {
      const text = asText(value, 'download', report);
      if (text === 'current' || text === 'none') source = text;
      else
        report(value.at, `only artifacts of the 'current' run can be downloaded locally, not of '${text}'`);
    },
    artifact: value => (artifact = asText(value, 'artifact', report)),
    patterns: value =>
      (patterns = asTexts(value, 'patterns', report)
        .flatMap(text => text.split('\n'))
        .map(text => text.trim())
        .filter(text => text !== '')),
    path: value => (path = asText(value, 'path', report)),
  });
  return { ...settings, kind: 'download', source, artifact, patterns, path };
}

function textOf(node: Node | undefined): string {
  return node?.kind === 'scalar' ? node.text : '';
}

/** What all steps have, beside the fields of their own kind. */
function readSettings(node: Node, report: Report, defaultName: string, own: Fields): Settings {
  const settings: Settings = {
    name: '',
    displayName: defaultName,
    continueOnError: false,
    enabled: true,
    timeoutInMinutes: 0,
    retryCountOnTaskFailure: 0,
    env: new Map(),
    target: { restricted: false },
    at: node.at,
  };
  let condition: Condition | undefined;
  readFields(
    node,
    'this step',
    {
      ...own,
      name: value => (settings.name = asName(value, 'the name of the step', report)),
      displayName: value => (settings.displayName = singleLine(asText(value, 'displayName', report), 1000)),
      condition: value => (condition = asCondition(value, stepVocabulary, report)),
      continueOnError: value => (settings.continueOnError = asBoolean(value, 'continueOnError', report)),
      enabled: value => (settings.enabled = asBoolean(value, 'enabled', report)),
      timeoutInMinutes: value =>
        (settings.timeoutInMinutes = asCount(value, 'timeoutInMinutes', 35_791, report)),
      retryCountOnTaskFailure: value =>
        (settings.retryCountOnTaskFailure = asCount(value, 'retryCountOnTaskFailure', 10, report)),
      env: value => (settings.env = asTextMap(value, 'env', report)),
      target: value => (settings.target = readTarget(value, report)),
    },
    report,
  );
  if (condition) settings.condition = condition;
  return settings;
}

function readTarget(node: Node, report: Report): StepTarget {
  if (node.kind === 'scalar') {
    if (node.text !== 'host')
      report(node.at, `a step can only run on the 'host' locally, not in '${node.text}'`);
    return { restricted: false };
  }
  let restricted = false;
  let settableVariables: readonly string[] | undefined;
  readFields(
    node,
    'target',
    {
      container: (value, key) => {
        if (asText(value, 'container', report) !== 'host')
          refuse(report, 'of a step is not supported: steps run on this machine')(value, key);
      },
      commands: value => {
        const text = asText(value, 'commands', report);
        if (text !== 'any' && text !== 'restricted')
          report(value.at, `commands must be any or restricted, not '${text}'`);
        restricted = text === 'restricted';
      },
      settableVariables: value =>
        (settableVariables =
          value.kind === 'scalar' && value.text === 'none'
            ? []
            : asTexts(value, 'settableVariables', report)),
    },
    report,
  );
  return { restricted, ...(settableVariables && { settableVariables }) };
}
