/** Keeps the files that a step attaches. */

import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { StepSession } from '../run/session.js';

/** `task.uploadsummary` and `task.uploadfile`: the file's own name is the attachment's. */
export function attachByPath(step: StepSession, type: string, path: string): void {
  if (path === '') throw new Error('The path of the file is missing.');
  attach(step, type, basename(path), path);
}

/** @throws Error when there is no such file, or type or name could not be part of a path */
export function attach(step: StepSession, type: string, name: string, path: string): void {
  for (const [what, text] of [
    ['type', type],
    ['name', name],
  ] as const)
    if (/[/\0]/.test(text) || text === '.' || text === '..')
      throw new Error(
        `The ${what} of the attachment holds characters that a file name cannot hold: '${text}'.`,
      );
  if (path === '' || !existsSync(path) || !statSync(path).isFile())
    throw new Error(`Cannot attach '${path}': there is no such file.`);
  const { run, stage, job } = step.job;
  const folder = join(run.out, 'attachments', stage, job, step.name, type);
  mkdirSync(folder, { recursive: true });
  const kept = freeName(folder, name);
  copyFileSync(path, kept);
  step.attachments.push({ type, name, path: relative(run.out, kept) });
}

/** A path in a folder that nothing is at yet. */
export function freeName(folder: string, name: string): string {
  let path = join(folder, name);
  for (let count = 2; existsSync(path); count++) path = join(folder, `${count}-${name}`);
  return path;
}
