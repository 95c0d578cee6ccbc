/** The files that a test run leaves: JUnit XML to judge, screenshots to keep. */
import { lstatSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TestSuite } from '../../../shared/core/junit.js';
import { readJunit } from '../../../shared/core/junitReader.js';
import { plural } from '../../../shared/core/text.js';

/** What the results folder holds. */
export interface RunResults {
  readonly suites: readonly TestSuite[];
  /** One sentence for each file that cannot be judged, or for there being none. */
  readonly unreadable: readonly string[];
  /** The files that cannot be judged. */
  readonly broken: readonly string[];
}

/** A results file larger than this would not fit into memory twice. */
const sizeLimit = 128 * 1024 * 1024;
const screenshotLimit = 100;

/** Reads every XML file of a folder as JUnit. */
export function readResults(folder: string, runner: string): RunResults {
  const files = filesIn(folder).filter(file => /\.xml$/i.test(file));
  if (files.length === 0)
    return {
      suites: [],
      unreadable: [`${runner} wrote no results file (JUnit XML in ${folder}).`],
      broken: [],
    };
  const suites: TestSuite[] = [];
  const unreadable: string[] = [];
  const broken: string[] = [];
  for (const file of files) {
    const where = `The results file ${relative(folder, file)}`;
    try {
      if (lstatSync(file).size > sizeLimit)
        throw new Error(`${where} is larger than ${sizeLimit / 1024 / 1024} MiB.`);
      suites.push(...readJunit(readFileSync(file, 'utf8'), where));
    } catch (error) {
      unreadable.push(error instanceof Error ? error.message : String(error));
      broken.push(file);
    }
  }
  return { suites, unreadable, broken };
}

/** The pictures among a folder's files, and a sentence when there are more than are worth keeping. */
export function findScreenshots(folder: string): { files: string[]; note: string | undefined } {
  const files = filesIn(folder).filter(file => /\.(png|jpe?g|webp|gif)$/i.test(file));
  const note =
    files.length > screenshotLimit
      ? `The tests took ${plural(files.length, 'screenshot')}; the first ${screenshotLimit} are kept with the run.`
      : undefined;
  return { files: files.slice(0, screenshotLimit), note };
}

/** The regular files of a folder and its folders, in order; links are left out, they could lead anywhere. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path);
      return entry.isFile() ? [path] : [];
    });
}
