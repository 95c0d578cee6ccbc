/** The tasks of this repository as the scripts see them: their folders and their task.json. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** One entry of `inputs` in task.json. */
export interface TaskInput {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly helpMarkDown: string;
  readonly required?: boolean;
  readonly defaultValue?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly visibleRule?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly groupName?: string;
  readonly aliases?: readonly string[];
}

/** The parts of task.json that the scripts and checks read. */
export interface TaskManifest {
  readonly id: string;
  readonly name: string;
  readonly friendlyName: string;
  readonly description: string;
  readonly version: { readonly Major: number; readonly Minor: number; readonly Patch: number };
  readonly groups?: readonly { readonly name: string }[];
  readonly inputs: readonly TaskInput[];
  readonly outputVariables?: readonly { readonly name: string; readonly description: string }[];
  readonly restrictions?: { readonly settableVariables?: { readonly allowed?: readonly string[] } };
  readonly execution: Readonly<Record<string, { readonly target: string }>>;
  readonly prejobexecution?: Readonly<Record<string, { readonly target: string }>>;
  readonly postjobexecution?: Readonly<Record<string, { readonly target: string }>>;
}

/** The names of all tasks, in order. */
export function taskNames(): string[] {
  const tasks = join(repositoryRoot, 'tasks');
  return readdirSync(tasks)
    .filter(name => existsSync(join(tasks, name, 'task.json')))
    .sort();
}

/** A task's task.json. */
export function readManifest(name: string): TaskManifest {
  return JSON.parse(readFileSync(join(repositoryRoot, 'tasks', name, 'task.json'), 'utf8')) as TaskManifest;
}
