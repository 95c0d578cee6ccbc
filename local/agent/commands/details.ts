/** `task.logdetail`: nested timeline records of a step. */

import type { Detail } from '../record/record.js';
import type { StepSession } from '../run/session.js';
import type { Command } from '../task/command.js';
import { required } from './table.js';

const guid = /^[{(]?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}[)}]?$/i;

export function logDetail(step: StepSession, command: Command): void {
  const { properties, data } = command;
  const records = step.job.details;
  const id = guidOf(required(command, 'id'), 'id');
  const written = properties.get('parentid');
  const parentId = written === undefined ? undefined : guidOf(written, 'parentid');
  const before = records.get(id);
  const name = properties.get('name') ?? before?.name;
  const type = properties.get('type') ?? before?.type;
  if (name === undefined) throw new Error('The first detail of a record needs the property name.');
  if (type === undefined) throw new Error('The first detail of a record needs the property type.');
  if (before !== undefined && parentId !== undefined && parentId !== before.parentId)
    throw new Error('The parent of a detail record cannot change.');
  if (before === undefined && parentId !== undefined && !records.has(parentId))
    throw new Error(`The parent record '${parentId}' has not been created.`);
  const order = countOf(properties.get('order'));
  const progress = countOf(properties.get('progress'));
  const parent = parentId ?? before?.parentId;
  const detail: Detail = {
    state: 'InProgress',
    startTime: new Date().toISOString(),
    ...before,
    id,
    name,
    type,
    ...(parent !== undefined && { parentId: parent }),
    ...(order !== undefined && { order }),
    ...(progress !== undefined && { progress: Math.min(progress, 100) }),
    ...optional('state', stateOf(properties.get('state'))),
    ...optional('result', properties.get('result')),
    ...optional('startTime', properties.get('starttime')),
    ...optional('finishTime', properties.get('finishtime')),
    ...optional('currentOperation', data === '' ? undefined : data),
  };
  const completed =
    detail.state === 'Completed' ? { progress: 100, finishTime: new Date().toISOString() } : {};
  records.set(id, { ...completed, ...detail });
  step.detailIds.add(id);
}

function guidOf(text: string, property: string): string {
  if (!guid.test(text)) throw new Error(`The property ${property} must be a GUID, not '${text}'.`);
  return text.toLowerCase().replace(/[{}()]/g, '');
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function stateOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const known = ['Unknown', 'Initialized', 'InProgress', 'Completed'];
  return known.find(state => state.toLowerCase() === text.toLowerCase()) ?? 'Unknown';
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}
