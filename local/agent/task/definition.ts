/** The tasks that can run: every task.json of the built extension. */

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';

export interface TaskInput {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: string;
  readonly defaultValue: string;
  readonly required: boolean;
  /** When the input counts, over other inputs. */
  readonly visibleRule: string;
  /** The values of a pick list that takes no others, undefined for any other input. */
  readonly options?: readonly string[];
}

export interface TaskDefinition {
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly author: string;
  readonly helpMarkDown: string;
  readonly version: { readonly major: number; readonly text: string };
  readonly inputs: readonly TaskInput[];
  readonly outputVariables: readonly string[];
  /** Absolute path of the script of each phase that the task has. */
  readonly scripts: { readonly pre?: string; readonly main?: string; readonly post?: string };
  /** Scripts that task.json names and that are not there. */
  readonly missingScripts: readonly string[];
  readonly restricted: boolean;
  readonly settableVariables?: readonly string[];
  /** The folder that holds task.json. */
  readonly folder: string;
}

type Json = Readonly<Record<string, unknown>>;

// In the agent's order of preference; both run on the node that this runner is given.
const handlers = ['Node24', 'Node20_1', 'Node16', 'Node10', 'Node'];

/**
 * Reads every task below a folder.
 * @throws UserError when there is none, or one cannot be read
 */
export function readTasks(folder: string): TaskDefinition[] {
  const manifests = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map(name => join(folder, name, 'task.json'))
        .filter(file => existsSync(file))
    : [];
  if (manifests.length === 0)
    throw new UserError(
      `There are no tasks in ${folder}. Build them first with "npm run build", or name another folder with --tasks.`,
    );
  return manifests.map(readTask);
}

function readTask(file: string): TaskDefinition {
  let json: Json;
  try {
    json = asObject(JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, '')));
  } catch (error) {
    throw new UserError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const folder = join(file, '..');
  const version = asObject(json['version']);
  const restrictions = asObject(json['restrictions']);
  const allowed = asObject(restrictions['settableVariables'])['allowed'];
  const main = scriptOf(json['execution'], folder);
  const pre = scriptOf(json['prejobexecution'], folder);
  const post = scriptOf(json['postjobexecution'], folder);
  if (text(json['name']) === '') throw new UserError(`${file} has no name.`);
  return {
    id: text(json['id']),
    name: text(json['name']),
    friendlyName: text(json['friendlyName']),
    description: text(json['description']),
    author: text(json['author']),
    helpMarkDown: text(json['helpMarkDown']),
    version: {
      major: Number(version['Major'] ?? 0),
      text: ['Major', 'Minor', 'Patch'].map(part => text(version[part] ?? 0)).join('.'),
    },
    inputs: list(json['inputs']).map(readInput),
    outputVariables: list(json['outputVariables']).map(output => text(output['name'])),
    scripts: {
      ...(pre !== undefined && { pre }),
      ...(main !== undefined && { main }),
      ...(post !== undefined && { post }),
    },
    missingScripts: [pre, main, post].flatMap(script =>
      script === undefined || existsSync(script) ? [] : [script],
    ),
    restricted: text(asObject(restrictions['commands'])['mode']).toLowerCase() === 'restricted',
    ...(Array.isArray(allowed) && { settableVariables: allowed.map(text) }),
    folder,
  };
}

function readInput(json: Json): TaskInput {
  const type = text(json['type']);
  const editable =
    text(asObject(json['properties'])['EditableOptions']).toLowerCase() === 'true' ||
    text(asObject(json['properties'])['MultiSelect']).toLowerCase() === 'true';
  const isList = type.toLowerCase() === 'picklist' || type.toLowerCase() === 'radio';
  const options = Object.keys(asObject(json['options']));
  const aliases = json['aliases'];
  return {
    name: text(json['name']),
    aliases: Array.isArray(aliases) ? aliases.map(text) : [],
    type,
    defaultValue: text(json['defaultValue']),
    required: text(json['required']).toLowerCase() === 'true',
    visibleRule: text(json['visibleRule']),
    ...(isList && !editable && options.length > 0 && { options }),
  };
}

function scriptOf(phase: unknown, folder: string): string | undefined {
  const execution = asObject(phase);
  for (const handler of handlers) {
    const target = asObject(execution[handler])['target'];
    if (typeof target === 'string') return join(folder, target);
  }
  return undefined;
}

function asObject(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
