/** Reads the summary file of an earlier run. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../../shared/core/errors.js';
import { listOf, singleLine } from '../../../../shared/core/text.js';
import { summaryName, summaryVersion } from '../loadSummary.js';
import type { Timeline } from '../timeline/timeline.js';
import { fromTimelineData } from './timelineFile.js';
import { fromTimelineV2 } from './timelineFileV2.js';

/** An earlier run. */
export interface Baseline {
  /** The file it was read from. */
  readonly file: string;
  readonly testPlan: string;
  /** SHA-256 of the plan's text. */
  readonly planDigest: string;
  readonly startTime: string;
  readonly timeline: Timeline;
}

/** How the timeline is read, by the version of the summary. */
const readable = new Map<unknown, (data: unknown) => Timeline | undefined>([
  [2, fromTimelineV2],
  [summaryVersion, fromTimelineData],
]);
/** A summary is some hundred kilobytes, those of version 2 a few thousand; a file larger than this is something else. */
const sizeLimit = 256 * 1024 * 1024;

/**
 * Reads it.
 * @param path a summary file, or a folder (a downloaded artifact) with one somewhere below
 * @returns undefined when there is no such file
 * @throws UserError when the file is no summary, is of another version or without samples, or when a folder holds several
 */
export function readBaseline(path: string): Baseline | undefined {
  const file = findSummary(path);
  if (file === undefined) return undefined;
  if (statSync(file).size > sizeLimit) throw new UserError(noSummary(file, 'it is too large'));
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UserError(noSummary(file, singleLine(error instanceof Error ? error.message : String(error))));
  }
  if (typeof data !== 'object' || data === null) throw new UserError(noSummary(file, 'it is no object'));
  const { version, testPlan, planDigest, startTime, timeline } = data as Partial<Record<string, unknown>>;
  if (typeof version === 'number' && !readable.has(version))
    throw new UserError(
      `The baseline ${file} is of version ${version} of the summary; this task reads the versions ${listOf([...readable.keys()].map(String))}. Make it with a task of the same version.`,
    );
  if (typeof testPlan !== 'string' || typeof planDigest !== 'string')
    throw new UserError(noSummary(file, "it names no 'testPlan' and 'planDigest'"));
  if (timeline === null)
    throw new UserError(`The baseline ${file} is of a run without samples. Take the summary of another run.`);
  const read = readable.get(version)?.(timeline);
  if (read === undefined || !isWhole(read))
    throw new UserError(noSummary(file, "its 'timeline' is not readable"));
  return { file, testPlan, planDigest, startTime: String(startTime), timeline: read };
}

/** One without labels would be nothing to compare with, and one without time would make chance of everything. */
function isWhole({ start, end, blockMilliseconds, labels }: Timeline): boolean {
  return labels.length > 0 && blockMilliseconds >= 1 && start <= end;
}

function noSummary(file: string, why: string): string {
  return `The baseline ${file} is not a summary of this task (${summaryName}): ${why}.`;
}

function findSummary(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (!found.isDirectory()) return path;
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name === summaryName)
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
  if (files.length > 1)
    throw new UserError(
      `The folder ${path} holds ${files.length} files ${summaryName}; 'baselineFile' must name one of them: ${files.slice(0, 5).join(', ')}`,
    );
  return files[0];
}
