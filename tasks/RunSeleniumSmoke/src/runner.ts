/** How the tests are run: PHPUnit, or any command that writes JUnit XML. */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { ProblemsError } from '../../../shared/core/errors.js';
import { fillVariables, splitCommandLine } from '../../../shared/core/commandLine.js';

/** What decides how to run the tests. */
export interface RunnerChoice {
  readonly runner: 'phpunit' | 'command';
  readonly tests: string | undefined;
  readonly command: string | undefined;
  readonly arguments: string | undefined;
  /** Where the runner starts, an absolute path. */
  readonly directory: string;
}

/** What a choice needs to know of the machine. */
export interface Machine {
  readonly exists: (path: string) => boolean;
  readonly findTool: (name: string) => string | undefined;
}

/** The tests' program, ready but for the values of its variables. */
export interface Runner {
  /** Its name as people know it. */
  readonly name: string;
  readonly path: string;
  /** Its arguments for a given environment of the tests; their results go into the folder `RESULTS_DIR`. */
  readonly args: (variables: Readonly<Record<string, string>>) => string[];
}

/**
 * Finds the runner before anything is started.
 * @throws ProblemsError naming all that is wrong with the inputs
 */
export function chooseRunner(choice: RunnerChoice, machine: Machine): Runner {
  const problems: string[] = [];
  const words = (text: string | undefined, input: string): string[] => {
    try {
      return splitCommandLine(text ?? '', input);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return [];
    }
  };
  const more = words(choice.arguments, 'arguments');
  const runner =
    choice.runner === 'phpunit'
      ? phpunit(choice, machine, problems, more)
      : command(choice, machine, problems, words, more);
  if (runner === undefined || problems.length > 0)
    throw new ProblemsError('The tests cannot be run', problems);
  return runner;
}

function phpunit(
  { tests, directory }: RunnerChoice,
  machine: Machine,
  problems: string[],
  more: readonly string[],
): Runner | undefined {
  const target = tests === undefined ? undefined : resolve(directory, tests);
  if (target !== undefined && !machine.exists(target))
    problems.push(
      `'tests' names ${target}, which does not exist. Relative paths begin at ${directory} (input 'workingDirectory').`,
    );
  const args = (variables: Readonly<Record<string, string>>) => [
    '--log-junit',
    join(variables['RESULTS_DIR'] ?? directory, 'phpunit.xml'),
    ...(target === undefined ? [] : [target]),
    ...more.map(word => fillVariables(word, variables)),
  ];
  const own = foldersUpFrom(target ?? directory)
    .map(folder => join(folder, 'vendor', 'bin', 'phpunit'))
    .find(machine.exists);
  if (own !== undefined) {
    const php = machine.findTool('php');
    if (php !== undefined)
      return { name: 'PHPUnit', path: php, args: variables => [own, ...args(variables)] };
    problems.push(`PHP was not found on PATH; ${own} needs it. Install PHP on this agent (Debian: php-cli).`);
    return undefined;
  }
  const path = machine.findTool('phpunit');
  if (path !== undefined) return { name: 'PHPUnit', path, args };
  problems.push(
    `PHPUnit was not found: there is no vendor/bin/phpunit in ${target === undefined ? directory : dirname(target)} or a folder above it, and no phpunit on PATH. Run 'composer install' in a step before, or install PHPUnit on this agent.`,
  );
  return undefined;
}

function command(
  choice: RunnerChoice,
  machine: Machine,
  problems: string[],
  words: (text: string | undefined, input: string) => string[],
  more: readonly string[],
): Runner | undefined {
  if (choice.command === undefined) {
    problems.push(`'command' must be given when 'runner' is command.`);
    return undefined;
  }
  const [program, ...args] = words(choice.command, 'command');
  if (program === undefined) return undefined;
  // A path is taken from the working directory, a bare name from PATH, as a shell does.
  const isPath = isAbsolute(program) || /[\\/]/.test(program);
  const path = isPath ? resolve(choice.directory, program) : machine.findTool(program);
  if (path === undefined || !machine.exists(path)) {
    const where = isPath ? `${path ?? program} does not exist` : `'${program}' is not on PATH`;
    problems.push(`The program of 'command' was not found: ${where}.`);
    return undefined;
  }
  return {
    name: program,
    path,
    args: variables => [...args, ...more].map(word => fillVariables(word, variables)),
  };
}

function foldersUpFrom(path: string): string[] {
  const folders = [path];
  for (let folder = path; dirname(folder) !== folder;) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}
