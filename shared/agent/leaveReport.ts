/** Leaves a step's part of the release report with the run: as an attachment, and as a page of the job so far. */
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble, runOf } from '../report/assemble.js';
import { changeTexts } from '../report/bounds.js';
import type { ReleaseReport, ReportPart } from '../report/format.js';
import {
  fileName,
  partAttachment,
  partName,
  pictureAttachment,
  reportArtifact,
  reportFile,
} from '../report/names.js';
import { makePart, pictureKey, type EndedStep, type Variable } from '../report/part.js';
import { readPicture, readPictures } from '../report/pictures.js';
import { standalonePage, standaloneTemplate } from '../report/standalone.js';
import type { Agent } from './agent.js';

/** A page with many pictures is slow to open, and every attachment is one more upload. */
const mostPictures = 30;
const pictureBytes = 8 * 1024 * 1024;

/** Leaves it. Never throws: the step's verdict does not hang on its report, what goes wrong is a warning. */
export function leaveReport(ended: EndedStep, agent: Agent): void {
  const folder = join(agent.resultsDirectory, 'report');
  const part = attempt('The release report lacks this step', agent, () => leavePart(ended, folder, agent));
  if (part === undefined) return;
  attempt("The job's page of the release report could not be kept", agent, () => {
    leaveJobReport(part, folder, agent);
  });
}

function attempt<T>(complaint: string, agent: Agent, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    agent.warning(`${complaint}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function leavePart(ended: EndedStep, folder: string, agent: Agent): ReportPart {
  mkdirSync(folder);
  const pictures = keepPictures(ended, folder, agent);
  const part = makePart(ended, pictures, variableOf(agent), text => agent.mask(text));
  const name = partName(part);
  const file = join(folder, name);
  writeFileSync(file, `${JSON.stringify(part)}\n`);
  agent.attach(partAttachment, name, file);
  for (const picture of pictures.values()) agent.attach(pictureAttachment, picture, join(folder, picture));
  return part;
}

/** Copies what is a picture and fits; the report's names for them by the step's own. */
function keepPictures(ended: EndedStep, folder: string, agent: Agent): Map<string, string> {
  const kept = new Map<string, string>();
  let left = pictureBytes;
  for (const { name, path } of ended.content?.pictures ?? []) {
    if (kept.size >= mostPictures) break;
    const picture = readPicture(path, left);
    if (picture === undefined) continue;
    left -= picture.bytes.length;
    const number = String(kept.size + 1).padStart(2, '0');
    const own = `${pictureKey(ended, variableOf(agent))}-${number}.${picture.extension}`;
    writeFileSync(join(folder, own), picture.bytes);
    kept.set(name, own);
  }
  return kept;
}

function variableOf(agent: Agent): Variable {
  return name => agent.variable(name);
}

/**
 * The parts that this job's steps have left so far lie side by side in the agent's temporary directory, which is emptied with the
 * job. No path is uploaded twice: the last file of a job's folder is the whole of it.
 */
function leaveJobReport(part: ReportPart, own: string, agent: Agent): void {
  const temp = agent.variable('Agent.TempDirectory');
  if (temp === undefined) return;
  const soFar = join(temp, reportArtifact);
  mkdirSync(soFar, { recursive: true });
  for (const file of readdirSync(own)) copyFileSync(join(own, file), join(soFar, file));
  const parts = readdirSync(soFar)
    .filter(file => extname(file) === '.json')
    .flatMap(file => readPart(join(soFar, file)));
  const run = changeTexts(runOf(variableOf(agent)), text => agent.mask(text));
  const report = assemble(run, parts, null);

  const upload = join(own, 'upload');
  const { stage, job, stageAttempt, jobAttempt } = part.step;
  const jobId = agent.variable('System.JobId')?.slice(0, 8) ?? '';
  const folder = fileName(
    [stage, job, stageAttempt, jobAttempt, jobId].filter(text => text !== '').join('-'),
  );
  const name = `${String(parts.length).padStart(2, '0')}-${part.task}`;
  mkdirSync(join(upload, folder), { recursive: true });
  const data = join(upload, folder, `${name}-${reportFile}`);
  writeFileSync(data, `${JSON.stringify(report)}\n`);
  const page = writePage(report, soFar, join(upload, folder, `${name}-${standaloneTemplate}`));
  const host = agent.variable('System.HostType');
  if (host === 'build') agent.publishArtifact(reportArtifact, upload);
  // A classic release has no artifacts that a task could add to.
  else if (host !== undefined) agent.keepFile(page ?? data);
}

function readPart(file: string): ReportPart[] {
  try {
    return [JSON.parse(readFileSync(file, 'utf8')) as ReportPart];
  } catch {
    // Something else of the job has written here.
    return [];
  }
}

/** @returns the page, undefined where this program was built without one */
function writePage(report: ReleaseReport, pictures: string, file: string): string | undefined {
  const template = fileURLToPath(new URL(standaloneTemplate, import.meta.url));
  if (statSync(template, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  writeFileSync(file, standalonePage(readFileSync(template, 'utf8'), report, readPictures(pictures)));
  return file;
}
