/** Any command that writes JUnit XML. */
import { isAbsolute, resolve } from 'node:path';
import { fillVariables } from '../../../../shared/core/commandLine.js';
import type { Finding, ProgramRunner } from './finding.js';

/** @param words of the input `command`; undefined when it is not given */
export function command(
  { choice, machine, problems, more }: Finding,
  words: readonly string[] | undefined,
): ProgramRunner | undefined {
  if (words === undefined) {
    problems.push(`'command' must be given when 'runner' is command.`);
    return undefined;
  }
  const [program, ...args] = words;
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
    args: variables => [...args.map(word => fillVariables(word, variables)), ...more(variables)],
    reruns: false,
  };
}
