/** The release report of a run on this machine: what its steps have left put together, as data and as a page. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble, previousOf } from '../../../shared/report/assemble.js';
import {
  partAttachment,
  pictureAttachment,
  releaseReport,
  reportPart,
  type ReleaseReport,
  type ReportPart,
  type ReportRun,
} from '../../../shared/report/format.js';
import { reportFile } from '../../../shared/report/names.js';
import { readPicture } from '../../../shared/report/pictures.js';
import { standalonePage, standaloneTemplate } from '../../../shared/report/standalone.js';
import type { RunRecord } from './record.js';

/** The files of the report in a run's folder. */
export const reportFiles = [reportFile, standaloneTemplate] as const;

/** What the report of a folder's last run of this pipeline hands on to the next; null when there is none. */
export function readPrevious(out: string, pipeline: string): ReleaseReport['previous'] {
  const file = join(out, reportFile);
  if (!existsSync(file)) return null;
  const report = parsed(releaseReport, file);
  return report?.run.pipeline === pipeline ? previousOf(report) : null;
}

/**
 * Writes the report of a run that has ended.
 * @param pages folders in which the built page may lie
 * @returns lines that say where it is; none when no step has left anything
 */
export function writeReport(
  {
    out,
    record,
    run,
    previous,
  }: {
    readonly out: string;
    readonly record: RunRecord;
    readonly run: ReportRun;
    readonly previous: ReleaseReport['previous'];
  },
  pages: readonly string[],
): string[] {
  const attachments = record.stages
    .flatMap(stage => stage.jobs)
    .flatMap(job => job.steps)
    .flatMap(step => step.attachments.map(attachment => ({ ...attachment, log: step.log })))
    .map(({ path, ...attachment }) => ({ ...attachment, path: join(out, path) }));
  const files = attachments.filter(({ type }) => type === partAttachment);
  const parts = files.flatMap(({ path }): ReportPart[] => {
    const part = parsed(reportPart, path);
    return part === undefined ? [] : [part];
  });
  if (parts.length === 0) return [];
  const report = assemble(run, parts, previous);
  const data = join(out, reportFile);
  writeFileSync(data, `${JSON.stringify(report)}\n`);
  const unread = files.length - parts.length;
  const lines =
    unread === 0
      ? []
      : [`##[warning]The release report lacks ${unread} attached by steps: not in its format.`];
  const template = pages.map(folder => join(folder, standaloneTemplate)).find(file => existsSync(file));
  if (template === undefined) return [...lines, `Release report: ${data}`];
  const pictures = attachments
    .filter(({ type }) => type === pictureAttachment)
    .flatMap(({ name, path }) => {
      const picture = readPicture(path, Infinity);
      if (picture === undefined) return [];
      return [[name, `data:${picture.type};base64,${picture.bytes.toString('base64')}`] as const];
    });
  const page = join(out, standaloneTemplate);
  const beside = {
    logs: files.map(({ name, log }) => [name, addressOf(log)] as const),
    artifacts: record.artifacts.map(name => ({ name, url: addressOf(join('artifacts', name)) })),
  };
  writeFileSync(page, standalonePage(readFileSync(template, 'utf8'), report, new Map(pictures), beside));
  return [...lines, `Release report: ${page}`];
}

/** The address of a file beside the page. */
function addressOf(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** What a file holds in this format; undefined when it is something else, as any step may attach what it likes. */
function parsed<T>(
  format: { safeParse(value: unknown): { readonly success: boolean; readonly data?: T } },
  file: string,
): T | undefined {
  try {
    return format.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
