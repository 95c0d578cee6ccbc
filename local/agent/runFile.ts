/** Runs one pipeline file from reading it to the record of its run. */

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { UserError, describe } from '../../shared/core/errors.js';
import { formatDuration } from '../../shared/core/duration.js';
import { buildNumber } from './buildNumber.js';
import { azureConnection, checkConnections, readConnections } from './connections.js';
import { createCounters } from './counters.js';
import { type LocalAzure, azureEnvironment, startLocalAzure } from './localAzure.js';
import type { Options } from './options.js';
import type { Screen } from './record/log.js';
import { type RunRecord, type StageRecord, combine } from './record/record.js';
import { readPrevious, writeReport } from './record/releaseReport.js';
import { artifactsFolder } from './commands/artifact.js';
import { runPipeline } from './run/pipeline.js';
import type { RunSession } from './run/session.js';
import { readSource } from './run/source.js';
import { runVariables } from './run/systemVariables.js';
import { prepareOutput } from './run/workspace.js';
import { checkTasks } from './task/check.js';
import { readTasks } from './task/definition.js';
import { type Endpoint, secretsOf } from './task/endpoints.js';
import { createMasker } from './task/masking.js';
import { type Patience, agentPatience } from './task/process.js';
import { Variables } from './task/variables.js';
import { loadPipeline } from './yaml/load.js';

/** What a run gets from the machine. */
export interface Machine {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Agent.ToolsDirectory. */
  readonly tools: string;
  readonly screen: Screen;
  readonly cancel: AbortSignal;
  readonly kill: AbortSignal;
  readonly patience?: Patience;
  /** The command that starts the local Azure. */
  readonly azureCommand?: readonly string[];
}

// What the service makes when the run is queued cannot be seen by `${{ }}`.
const knownOnlyInRun = /^(Build\.(BuildId|BuildUri|BuildNumber|ContainerId)|System\.PlanId|Release\..*)$/;
const azureCommand = [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  join(import.meta.dirname, '../azure/main.ts'),
];

/** @throws UserError when the file, the tasks or the options cannot be used: nothing has run then */
export async function runFile(options: Options, machine: Machine): Promise<RunRecord> {
  const file = resolve(options.file);
  if (!existsSync(file)) throw new UserError(`There is no pipeline file ${file}.`);
  const sourceFolder = resolve(options.source ?? dirname(file));
  if (!existsSync(sourceFolder)) throw new UserError(`There is no source folder ${sourceFolder}.`);
  const out = resolve(options.out);
  const tasks = readTasks(resolve(options.tasks));
  const connections = options.connections === undefined ? [] : readConnections(resolve(options.connections));
  const source = readSource(sourceFolder);
  const definition = basename(file, extname(file));
  const facts = { host: options.host, definition, source, out };
  // The ids come with the run: whether the file can be run does not hang on them.
  const early = Object.entries(runVariables({ ...facts, buildId: 0, buildNumber: '' })).filter(
    ([name]) => !knownOnlyInRun.test(name),
  );
  const known = new Map([...early, ...options.variables]);
  const loaded = loadPipeline({
    file,
    root: sourceFolder,
    parameters: options.parameters,
    variables: known,
    check: (model, report) => {
      checkTasks(model, tasks, report);
      if (options.azure === 'none') checkConnections(model, tasks, connections, known, report);
    },
  });
  // A secret takes the place of a variable of the file as any other variable of the run does, but is never seen by `${{ }}`.
  const secretNames = new Set([...options.secrets.keys()].map(name => name.toLowerCase()));
  const pipeline = {
    ...loaded,
    variables: loaded.variables.filter(({ name }) => !secretNames.has(name.toLowerCase())),
  };
  const previous = readPrevious(out, definition);
  prepareOutput(out);
  const count = createCounters(join(out, 'counters.json'));
  const buildId = count('Build.BuildId', 1);
  const masker = createMasker();
  const variables = new Variables(masker.addAtStart);
  const setAll = (values: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(values)) variables.set(name, value, { readOnly: true });
  };
  setAll(runVariables({ ...facts, buildId, buildNumber: '' }));
  for (const [name, value] of options.variables) variables.set(name, value);
  for (const [name, value] of options.secrets) variables.set(name, value, { secret: true });
  const now = new Date();
  const plain = new Map(pipeline.variables.map(({ name, value }) => [name.toLowerCase(), value]));
  const number = buildNumber(pipeline.name, {
    now,
    variable: name => plain.get(name.toLowerCase()) ?? variables.get(name)?.value,
    revision: prefix => count(`Rev ${prefix}`, 1),
  });
  setAll({ 'Build.BuildNumber': number });
  const azure = await startAzure(options, machine, out);
  try {
    const connection = (name: string): Endpoint | undefined => {
      const found = connections.find(other =>
        [other.name, other.id].some(known => known.toLowerCase() === name.toLowerCase()),
      );
      const endpoint = found ?? (azure && azureConnection(name, azure.facts, options.connectionScheme));
      if (endpoint !== undefined) secretsOf(endpoint).forEach(masker.addAtStart);
      return endpoint;
    };
    if (azure !== undefined) {
      const { clientSecret, systemAccessToken } = azure.facts;
      [clientSecret, systemAccessToken].forEach(masker.addAtStart);
    }
    for (const endpoint of connections) secretsOf(endpoint).forEach(masker.addAtStart);
    const run: RunSession = {
      host: options.host,
      tasks,
      out,
      source: sourceFolder,
      node: options.node,
      masker,
      screen: line => {
        machine.screen(masker.mask(line));
      },
      patience: machine.patience ?? agentPatience,
      environment:
        azure === undefined ? machine.environment : azureEnvironment(machine.environment, azure.facts),
      connection,
      ...(azure === undefined ? {} : { accessToken: azure.facts.systemAccessToken }),
      variables,
      cancel: machine.cancel,
      kill: machine.kill,
      tags: new Set(),
      count,
    };
    const stages = await runPipeline(run, pipeline, machine.tools);
    const record = writeRecord(out, {
      result: machine.cancel.aborted ? 'canceled' : combine(stages.map(stage => stage.result)),
      pipeline: definition,
      buildNumber: masker.mask(variables.get('Build.BuildNumber')?.value ?? number),
      startTime: now.toISOString(),
      finishTime: new Date().toISOString(),
      artifacts: existsSync(artifactsFolder(out)) ? readdirSync(artifactsFolder(out)).sort() : [],
      tags: [...run.tags].map(masker.mask),
      stages,
    });
    for (const line of summary(record, Date.now() - now.getTime())) machine.screen(masker.mask(line));
    const facts = {
      pipeline: definition,
      number: record.buildNumber,
      url: null,
      commit: source.commit === '' ? null : source.commit,
      branch: source.branch,
      repository: source.name,
    };
    const pages = tasks.map(({ folder }) => folder);
    for (const line of writeReport({ out, record, run: facts, previous }, pages))
      machine.screen(masker.mask(line));
    return record;
  } finally {
    await azure?.stop();
  }
}

async function startAzure(options: Options, machine: Machine, out: string): Promise<LocalAzure | undefined> {
  if (options.azure === 'none') return undefined;
  machine.screen('##[section]Starting the local Azure');
  return startLocalAzure({
    command: [
      ...(machine.azureCommand ?? azureCommand),
      ...options.resourceGroups.flatMap(group => ['--resource-group', group]),
    ],
    trafficFile: join(out, 'azure-traffic.jsonl'),
    signal: machine.cancel,
    onDeath: error => {
      for (const line of describe(error).split('\n')) machine.screen(`##[error]${line}`);
    },
  });
}

function writeRecord(out: string, record: RunRecord): RunRecord {
  writeFileSync(join(out, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

function summary({ result, stages }: RunRecord, milliseconds: number): string[] {
  const lines = stages.flatMap((stage: StageRecord) => [
    `  ${stage.displayName}: ${stage.result}`,
    ...stage.jobs.flatMap(job => [
      `    ${job.displayName}: ${job.result}`,
      ...job.steps.map(step => `      ${step.displayName}: ${step.result}`),
    ]),
  ]);
  return ['##[section]Summary', ...lines, `Run ${result} in ${formatDuration(milliseconds)}.`];
}
