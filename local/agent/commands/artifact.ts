/** The commands of the area `artifact`: files of a step kept as artifacts of the run. */

import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative, resolve } from 'node:path';
import { type StepSession, warning } from '../run/session.js';
import { type CommandTable, required, unrestricted } from './table.js';

/** The folder of the run's artifacts. */
export function artifactsFolder(out: string): string {
  return join(out, 'artifacts');
}

export const artifactCommands: CommandTable = {
  upload: unrestricted((step, command) => {
    if (step.job.run.host === 'release')
      throw new Error('Uploading artifacts is not supported in a classic release.');
    const artifact = required(command, 'artifactname');
    const folder = command.properties.get('containerfolder') ?? artifact;
    const path = command.data;
    if (path === '' || !existsSync(path)) throw new Error(`There is nothing to upload at '${path}'.`);
    step.afterwards.push(() => {
      upload(step, artifact, folder, path);
    });
  }),
  associate: unrestricted((step, command) => {
    required(command, 'artifactname');
    required(command, 'type');
    if (command.data === '') throw new Error('The location of the artifact is missing.');
    if (step.job.run.host === 'release')
      throw new Error('Associating artifacts is not supported in a classic release.');
  }),
};

/** @throws Error when the names lead out of the folder of artifacts */
export function upload(step: StepSession, artifact: string, folder: string, path: string): void {
  const root = artifactsFolder(step.job.run.out);
  // With the artifact's own name as its folder, as tasks give it, files lie directly in the artifact.
  const target = resolve(root, artifact, folder === artifact ? '.' : relative('/', join('/', folder)));
  if (artifact === '' || basename(artifact) !== artifact || artifact === '..' || artifact === '.')
    throw new Error(`'${artifact}' cannot be the name of an artifact.`);
  if (!isAbsolute(path)) throw new Error(`The path of an upload must be absolute, not '${path}'.`);
  if (statSync(path).isDirectory()) {
    if (readdirSync(path).length === 0) {
      warning(step, `The folder '${path}' is empty; nothing is added to the artifact '${artifact}'.`);
      return;
    }
    cpSync(path, target, { recursive: true, verbatimSymlinks: true });
  } else cpSync(path, join(target, basename(path)));
  step.write(`Uploaded '${path}' to the artifact '${artifact}'.`);
}
