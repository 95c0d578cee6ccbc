/** Runs pipeline texts in temporary folders, with the tasks of the fixtures. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Options } from '../../../local/agent/options.js';
import type { JobRecord, RunRecord, StepRecord } from '../../../local/agent/record/record.js';
import { type Machine, runFile } from '../../../local/agent/runFile.js';

export const fixtureTasks = join(import.meta.dirname, 'fixtures/tasks');

export interface Run {
  readonly record: RunRecord;
  readonly lines: readonly string[];
  readonly text: string;
  readonly out: string;
  readonly folder: string;
  readonly step: (name: string) => StepRecord;
  readonly job: (name: string) => JobRecord;
}

export interface RunSettings {
  readonly options?: Partial<Options>;
  readonly machine?: Partial<Machine>;
  /** More files beside the pipeline's, by relative path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Sees every line as it is shown. */
  readonly onLine?: (line: string) => void;
}

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'local-agent-test-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Runs a pipeline; tests of this file's users remove the folders with {@link removeFolders}. */
export async function run(yaml: string, settings: RunSettings = {}): Promise<Run> {
  const folder = temporaryFolder();
  const source = join(folder, 'source');
  writeFiles(source, { 'pipeline.yml': yaml, ...settings.files });
  const lines: string[] = [];
  const options: Options = {
    file: join(source, 'pipeline.yml'),
    variables: new Map(),
    secrets: new Map(),
    parameters: new Map(),
    host: 'build',
    out: join(folder, 'out'),
    azure: 'none',
    connectionScheme: 'ServicePrincipal',
    resourceGroups: [],
    tasks: fixtureTasks,
    node: process.execPath,
    ...settings.options,
  };
  const record = await runFile(options, {
    environment: process.env,
    tools: join(folder, 'tools'),
    screen: line => {
      lines.push(line);
      settings.onLine?.(line);
    },
    cancel: new AbortController().signal,
    kill: new AbortController().signal,
    ...settings.machine,
  });
  const jobs = record.stages.flatMap(stage => stage.jobs);
  return {
    record,
    lines,
    text: lines.join('\n'),
    out: options.out,
    folder: source,
    step: name =>
      find(
        jobs.flatMap(job => job.steps),
        name,
      ),
    job: name => find(jobs, name),
  };
}

/** The record that run.json holds. */
export function readRecord(out: string): RunRecord {
  return JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunRecord;
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** A pipeline of one job with these steps, written as a YAML list. */
export function steps(list: string): string {
  return `steps:\n${list
    .split('\n')
    .map(line => `  ${line}`)
    .join('\n')}\n`;
}

/** A step of the fixture task `Print` that prints these lines. */
export function print(name: string, lines: readonly string[], more = ''): string {
  const text = lines.map(line => `      ${line}`).join('\n');
  return `- task: Print@1\n  name: ${name}\n  inputs:\n    lines: |\n${text}\n${more}`;
}

function find<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find(item => item.name === name);
  if (found === undefined)
    throw new Error(`nothing named '${name}' among ${items.map(item => item.name).join(', ')}`);
  return found;
}
