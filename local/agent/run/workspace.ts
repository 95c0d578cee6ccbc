/** The folders of a job: made anew for each, as on an agent that no job has used before. */

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { reportFiles } from '../record/releaseReport.js';
import type { Host, Workspace } from './session.js';

/** What a run writes below its folder. */
const own = ['_work', 'logs', 'attachments', 'artifacts', 'run.json', ...reportFiles];
const mark = 'counters.json';

/**
 * Empties the folder of a run of what the last run left there.
 * @throws UserError when it holds files of the same names that no run has made
 */
export function prepareOutput(out: string): void {
  const present = own.filter(name => existsSync(join(out, name)));
  if (present.length > 0 && !existsSync(join(out, mark)))
    throw new UserError(
      `${out} already holds ${present.join(', ')}, and not from a pipeline run: they would be lost. Choose another folder with --out.`,
    );
  for (const name of present) rmSync(join(out, name), { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
}

/** Empties the folder for temporary files: a job leaves nothing there, secrets least of all. */
export function emptyTemporary({ temp }: Workspace): void {
  rmSync(temp, { recursive: true, force: true });
  mkdirSync(temp, { recursive: true });
}

export function createWorkspace(out: string, host: Host, tools: string): Workspace {
  const work = join(out, '_work');
  const isBuild = host === 'build';
  const root = join(work, isBuild ? '1' : 'r1');
  const staging = join(root, 'a');
  const sources = isBuild ? join(root, 's') : staging;
  const workspace: Workspace = {
    root,
    sources,
    staging,
    binaries: join(root, 'b'),
    testResults: join(root, 'TestResults'),
    temp: join(work, '_temp'),
    tools,
    defaultWorkingDirectory: sources,
  };
  for (const folder of [root, workspace.temp]) rmSync(folder, { recursive: true, force: true });
  for (const folder of [sources, staging, workspace.temp, tools]) mkdirSync(folder, { recursive: true });
  if (isBuild)
    for (const folder of [workspace.binaries, workspace.testResults]) mkdirSync(folder, { recursive: true });
  return workspace;
}
