/** What finding a runner is about, and what all runners' findings share. */
import { dirname, join, resolve } from 'node:path';
import type { TestCase } from '../../../../shared/core/junit.js';

/** What decides how to run the tests. */
export interface RunnerChoice {
  readonly runner: 'phpunit' | 'pytest' | 'mocha' | 'command' | 'checks';
  readonly tests: string | undefined;
  readonly command: string | undefined;
  readonly arguments: string | undefined;
  /** Where the runner starts, an absolute path. */
  readonly directory: string;
  /** Into how many parts the tests are split; 0 for as many as can run at once, 1 unless given. */
  readonly shards?: number;
}

/** What a choice needs to know of the machine. */
export interface Machine {
  readonly exists: (path: string) => boolean;
  readonly findTool: (name: string) => string | undefined;
  /** See `Agent.findFiles`. */
  readonly findFiles: (patterns: string, root: string) => string[];
  readonly read: (path: string) => string;
  readonly environment: (name: string) => string | undefined;
}

/** The variables of the tests' environment. */
export type Variables = Readonly<Record<string, string>>;

/** What a part of the tests is put together from: a test file, or what a runner has in its place. */
export interface TestUnit {
  /** As the runner's {@link Selection} wants it. */
  readonly name: string;
  /** How many tests it holds, as far as that is known; at least 1. */
  readonly tests: number;
}

/** Which tests are to run; all of them unless it says so. */
export interface Selection {
  /** Only what failed, again; never given to a runner that does not rerun. */
  readonly failed?: readonly TestCase[] | undefined;
  /** Only these units, by their names. */
  readonly units?: readonly string[] | undefined;
}

/** Runs the runner's program with these arguments, to its end; what it wrote to its standard output. */
export type AskRunner = (args: readonly string[]) => Promise<readonly string[]>;

/** A program that runs the tests, ready but for the values of its variables. */
export interface ProgramRunner {
  /** Its name as people know it. */
  readonly name: string;
  readonly path: string;
  /** Its arguments for a given environment of the tests; their results go into the folder `RESULTS_DIR`. */
  readonly args: (variables: Variables, selection?: Selection) => string[];
  /** What must be written before it runs: full paths and contents. */
  readonly files?: (variables: Variables) => Readonly<Record<string, string>>;
  /** More variables of its own. */
  readonly environment?: (variables: Variables) => Readonly<Record<string, string>>;
  /** What its tests can be split into; not there where only the program itself knows. @throws UserError when it cannot be told */
  readonly units?: (variables: Variables, ask: AskRunner) => Promise<TestUnit[]>;
  /** The file, in the folder `RESULTS_DIR`, into which it writes while it runs which test runs, as messages for TeamCity. */
  readonly liveLog?: (variables: Variables) => string;
  /** Whether it can be told to run some tests only. */
  readonly reruns: boolean;
  /** Whether an entry of the results is no test but what is done around tests, which is not there when it went well. */
  readonly isHook?: (test: TestCase) => boolean;
}

/** A runner to be found. */
export interface Finding {
  readonly choice: RunnerChoice;
  readonly machine: Machine;
  /** What is wrong with the inputs is put here. */
  readonly problems: string[];
  /** The words of the input `arguments`. */
  readonly more: (variables: Variables) => string[];
}

/** The full path of the tests; a problem when there is nothing. */
export function existingTarget(
  { tests, directory }: RunnerChoice,
  machine: Machine,
  problems: string[],
): string | undefined {
  if (tests === undefined) return undefined;
  const target = resolve(directory, tests);
  if (!machine.exists(target))
    problems.push(
      `'tests' names ${target}, which does not exist. Relative paths begin at ${directory} (input 'workingDirectory').`,
    );
  return target;
}

/** Where a project's own runner was looked for, for messages. */
export function placesOf({ directory }: RunnerChoice, target: string | undefined): string {
  return `${target === undefined ? directory : dirname(target)} or a folder above it`;
}

/** The path itself and all folders above it, the nearest first. */
function foldersUpFrom(path: string): string[] {
  const folders = [path];
  for (let folder = path; dirname(folder) !== folder;) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}

/** The nearest of these places in or above the tests. */
export function findAbove(
  from: string,
  places: readonly (readonly string[])[],
  machine: Machine,
): string | undefined {
  return foldersUpFrom(from)
    .flatMap(folder => places.map(place => join(folder, ...place)))
    .find(machine.exists);
}

/** Units by the names of their tests, in the order in which they come first. */
export function countUnits(names: readonly string[]): TestUnit[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, tests]) => ({ name, tests }));
}
