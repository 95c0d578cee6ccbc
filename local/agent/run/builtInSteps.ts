/** The steps that are no tasks and no scripts: checkout, publish and download. */

import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import { artifactsFolder, upload } from '../commands/artifact.js';
import { expandMacros } from '../task/macros.js';
import type { Variables } from '../task/variables.js';
import type { CheckoutStep, DownloadStep, PublishStep } from '../yaml/model.js';
import { isMeant } from './pattern.js';
import { type StepSession, workingDirectory } from './session.js';
import { copySource } from './source.js';

/** @throws UserError when the step cannot do its work */
export function runBuiltIn(
  step: CheckoutStep | PublishStep | DownloadStep,
  session: StepSession,
  variables: Variables,
): void {
  const expand = (text: string) => expandMacros(text, name => variables.get(name)?.value);
  switch (step.kind) {
    case 'checkout':
      checkout(step, session);
      return;
    case 'publish':
      publish(
        resolve(workingDirectory(session.job, variables), expand(step.path)),
        expand(step.artifact),
        session,
      );
      return;
    case 'download':
      download(
        {
          ...step,
          artifact: expand(step.artifact),
          path: expand(step.path),
          patterns: step.patterns.map(expand),
        },
        session,
      );
  }
}

function checkout(step: CheckoutStep, session: StepSession): void {
  const { workspace, run } = session.job;
  if (step.repository === 'none') {
    session.write('Nothing is checked out.');
    return;
  }
  const target = step.path === '' ? workspace.sources : join(workspace.root, step.path);
  mkdirSync(target, { recursive: true });
  const count = copySource(run.source, target, run.out);
  session.write(`Copied ${plural(count, 'file')} from ${run.source} to ${target}.`);
  if (step.path !== '') {
    session.job.variables.set('Build.SourcesDirectory', target);
    session.job.variables.set('Build.Repository.LocalPath', target);
    session.job.variables.set('System.DefaultWorkingDirectory', target);
  }
}

function publish(path: string, artifact: string, session: StepSession): void {
  if (!existsSync(path)) throw new UserError(`There is nothing to publish at ${path}.`);
  const { job, stage, run } = session.job;
  const name = artifact === '' ? `${stage}.${job}` : artifact;
  if (existsSync(join(artifactsFolder(run.out), name)))
    throw new UserError(`The run already has an artifact '${name}'; publish this one under another name.`);
  upload(session, name, '.', path);
}

function download(step: DownloadStep, session: StepSession): void {
  const { artifact, path } = step;
  if (step.source === 'none') {
    session.write('Nothing is downloaded.');
    return;
  }
  const folder = artifactsFolder(session.job.run.out);
  const all = existsSync(folder) ? readdirSync(folder).sort() : [];
  if (artifact !== '' && !all.includes(artifact))
    throw new UserError(
      `The run has no artifact '${artifact}'${all.length === 0 ? ' nor any other' : `; it has ${all.join(', ')}`}.`,
    );
  const root = session.job.workspace.root;
  const target = path === '' ? root : isAbsolute(path) ? path : join(root, path);
  for (const name of artifact === '' ? all : [artifact]) {
    const from = join(folder, name);
    // A single artifact goes straight to a path that is given; otherwise each has a folder of its own.
    const to = path !== '' && artifact !== '' ? target : join(target, name);
    const files = readdirSync(from, { recursive: true, withFileTypes: true })
      .filter(entry => !entry.isDirectory())
      .map(entry => relative(from, join(entry.parentPath, entry.name)))
      .filter(
        file =>
          step.patterns.length === 0 ||
          isMeant(file, step.patterns) ||
          isMeant(`${name}/${file}`, step.patterns),
      );
    mkdirSync(to, { recursive: true });
    for (const file of files) cpSync(join(from, file), join(to, file), { verbatimSymlinks: true });
    session.write(`Downloaded ${plural(files.length, 'file')} of the artifact '${name}' to ${to}.`);
  }
}
