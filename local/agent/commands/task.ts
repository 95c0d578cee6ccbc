/** The commands of the area `task`. */

import { isAbsolute, relative } from 'node:path';
import type { Issue, Result } from '../record/record.js';
import { resultName, worse } from '../record/record.js';
import { type StepSession, addIssue, isDebug, warning } from '../run/session.js';
import type { Command } from '../task/command.js';
import { attach, attachByPath } from './attachments.js';
import { logDetail } from './details.js';
import { type CommandTable, allowed, flag, required, unrestricted } from './table.js';

export const taskCommands: CommandTable = {
  setvariable: allowed(setVariable),
  setsecret: allowed((step, { data }) => {
    if (data !== '') step.job.run.masker.add(data);
  }),
  settaskvariable: allowed((step, command) => {
    const name = required(command, 'variable');
    refuseMultiLineSecret(step, command);
    step.taskVariables.set(name, command.data, {
      secret: flag(command, 'issecret'),
      readOnly: flag(command, 'isreadonly'),
    });
  }),
  logissue: allowed(logIssue),
  issue: allowed(logIssue),
  complete: allowed(complete),
  setprogress: allowed((step, command) => {
    const value = Number(required(command, 'value'));
    if (!Number.isInteger(value) || value < 0 || value > 100)
      throw new Error('The progress must be a whole number from 0 to 100.');
    step.progress = Math.max(step.progress, value);
  }),
  logdetail: allowed(logDetail),
  debug: allowed((step, { data }) => {
    if (isDebug(step.job)) step.write(data.replace(/^/gm, '##[debug]'));
  }),
  prependpath: allowed((step, { data }) => {
    if (data === '') throw new Error('The folder for PATH is missing.');
    if (!isSettable(step, 'PATH')) return;
    const paths = step.job.prependedPaths;
    const before = paths.indexOf(data);
    if (before >= 0) paths.splice(before, 1);
    paths.push(data);
  }),
  uploadsummary: unrestricted((step, { data }) => {
    attachByPath(step, 'Distributedtask.Core.Summary', data);
  }),
  uploadfile: unrestricted((step, { data }) => {
    attachByPath(step, 'Distributedtask.Core.FileAttachment', data);
  }),
  addattachment: unrestricted((step, command) => {
    attach(step, required(command, 'type'), required(command, 'name'), command.data);
  }),
  setendpoint: unrestricted(setEndpoint),
};

function setVariable(step: StepSession, command: Command): void {
  const { job } = step;
  const name = required(command, 'variable');
  const value = command.data;
  if (!isSettable(step, name)) return;
  refuseMultiLineSecret(step, command);
  const secret = flag(command, 'issecret');
  if (secret) job.run.masker.add(value);
  const options = {
    secret,
    readOnly: flag(command, 'isreadonly'),
    preserveCase: flag(command, 'preservecase'),
  };
  const declared = step.outputNames.some(output => output.toLowerCase() === name.toLowerCase());
  if (flag(command, 'isoutput') || declared) {
    // An output is not visible under its bare name, not even in its own job.
    job.variables.set(`${step.name}.${name}`, value, options);
    job.outputs.set(`${step.name}.${name}`, value);
    step.outputs.set(name, secret ? '***' : value);
    return;
  }
  if (job.variables.get(name)?.readOnly === true) {
    if (job.variables.get('agent.readOnlyVariables')?.value.toLowerCase() === 'true')
      throw new Error(`The variable '${name}' is read-only.`);
    warning(step, `Overwriting readonly variable '${name}'. This behavior will be disabled in the future.`);
  }
  job.variables.set(name, value, options);
}

function refuseMultiLineSecret(step: StepSession, command: Command): void {
  const isAllowed =
    step.job.variables.get('SYSTEM_UNSAFEALLOWMULTILINESECRET')?.value.toLowerCase() === 'true' ||
    step.job.run.environment['SYSTEM_UNSAFEALLOWMULTILINESECRET']?.toLowerCase() === 'true';
  if (flag(command, 'issecret') && /[\r\n]/.test(command.data) && !isAllowed)
    throw new Error(
      `The secret '${required(command, 'variable')}' has several lines; secrets must be one line each.`,
    );
}

/** Whether every restriction of the step lets it set a variable; says so when not. */
function isSettable(step: StepSession, name: string): boolean {
  const refused = step.restrictions.some(
    ({ settableVariables }) =>
      settableVariables !== undefined && !settableVariables.some(pattern => matches(pattern, name)),
  );
  if (refused) warning(step, `Setting the variable '${name}' is not allowed for this step; it is ignored.`);
  return !refused;
}

function matches(pattern: string, name: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(name);
}

function logIssue(step: StepSession, { properties, data }: Command): void {
  const written = properties.get('type');
  if (written === undefined) {
    warning(step, "Can't create TaskIssue from logging event.");
    return;
  }
  const type = written.toLowerCase();
  if (type !== 'error' && type !== 'warning')
    throw new Error(`issue type ${written} is not an expected issue type.`);
  const path = properties.get('sourcepath');
  if (path === undefined) {
    addIssue(step, { type, message: data });
    return;
  }
  const { sources } = step.job.workspace;
  const inside = isAbsolute(path) && !relative(sources, path).startsWith('..');
  const sourcePath = inside ? relative(sources, path) : path;
  const line = properties.get('linenumber') ?? '0';
  const column = properties.get('columnnumber') ?? '0';
  const code = properties.get('code');
  const issue: Issue = {
    type,
    message: `${sourcePath}(${line},${column}): ${type} ${code ?? ''}: ${data}`,
    sourcePath,
    line,
    column,
    ...(code !== undefined && { code }),
  };
  addIssue(step, issue);
}

const results: readonly Result[] = ['succeeded', 'succeededWithIssues', 'failed', 'canceled', 'skipped'];

function complete(step: StepSession, command: Command): void {
  const written = required(command, 'result');
  const result = results.find(name => name.toLowerCase() === written.toLowerCase());
  if (result === undefined)
    throw new Error(
      `Command doesn't have valid result value '${written}'; valid are ${results.map(resultName).join(', ')}.`,
    );
  step.commandResult = worse(step.commandResult, result);
  step.progress = 100;
  if (flag(command, 'done')) step.onDone();
}

function setEndpoint({ job }: StepSession, command: Command): void {
  const id = required(command, 'id').toLowerCase();
  const field = required(command, 'field').toLowerCase();
  const endpoint = job.endpoints.get(id);
  if (endpoint === undefined) throw new Error(`There is no service connection with the id '${id}'.`);
  const { data } = command;
  if (data === '') throw new Error('The value is missing.');
  if (field === 'url') job.endpoints.set(id, { ...endpoint, url: new URL(data).href });
  else if (field === 'authparameter') {
    job.run.masker.add(data);
    const parameters = { ...endpoint.parameters, [required(command, 'key')]: data };
    job.endpoints.set(id, { ...endpoint, parameters });
  } else if (field === 'dataparameter')
    job.endpoints.set(id, { ...endpoint, data: { ...endpoint.data, [required(command, 'key')]: data } });
  else throw new Error(`The field must be authParameter, dataParameter or url, not '${field}'.`);
}
