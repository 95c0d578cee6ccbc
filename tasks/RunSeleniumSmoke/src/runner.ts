/** How the tests are run: by a test runner, by any command that writes JUnit XML, or as checks by the task itself. */
import { fillVariables, splitCommandLine } from '../../../shared/core/commandLine.js';
import { ProblemsError } from '../../../shared/core/errors.js';
import { parseChecks, type Checks } from './checks/checksFile.js';
import { command } from './runners/command.js';
import {
  existingTarget,
  type Finding,
  type Machine,
  type ProgramRunner,
  type RunnerChoice,
  type TestUnit,
} from './runners/finding.js';
import { mocha } from './runners/mocha.js';
import { phpunit } from './runners/phpunit.js';
import { pytest } from './runners/pytest.js';

/** Checks, which need no program. */
export interface ChecksRunner {
  readonly name: string;
  readonly checks: Checks;
  /** Its pages. */
  readonly units: () => Promise<TestUnit[]>;
  readonly reruns: boolean;
}

/** What runs the tests. */
export type Runner = ProgramRunner | ChecksRunner;

/**
 * Finds the runner before anything is started.
 * @throws ProblemsError naming all that is wrong with the inputs and the file of checks
 */
export function chooseRunner(
  choice: RunnerChoice & { readonly rerunFailed?: number },
  machine: Machine,
): Runner {
  const problems: string[] = [];
  const words = (text: string | undefined, input: string): string[] => {
    try {
      return splitCommandLine(text ?? '', input);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return [];
    }
  };
  const theirs = words(choice.arguments, 'arguments');
  const finding: Finding = {
    choice,
    machine,
    problems,
    more: variables => theirs.map(word => fillVariables(word, variables)),
  };
  const find: Record<RunnerChoice['runner'], () => Runner | undefined> = {
    phpunit: () => phpunit(finding),
    pytest: () => pytest(finding),
    mocha: () => mocha(finding),
    command: () =>
      command(finding, choice.command === undefined ? undefined : words(choice.command, 'command')),
    checks: () => checks(choice, machine, problems),
  };
  const runner = find[choice.runner]();
  if (choice.runner === 'command' && (choice.rerunFailed ?? 0) > 0)
    problems.push(
      `'rerunFailed' cannot be used when 'runner' is command: the task does not know how to tell your program which tests to run again. Let the program do it (Maven: -Dsurefire.rerunFailingTestsCount=2), or leave 'rerunFailed' at 0.`,
    );
  if (runner === undefined || problems.length > 0)
    throw new ProblemsError('The tests cannot be run', problems);
  return runner;
}

function checks(choice: RunnerChoice, machine: Machine, problems: string[]): ChecksRunner | undefined {
  if (choice.tests === undefined) {
    problems.push(`'tests' must name the file of checks when 'runner' is checks.`);
    return undefined;
  }
  if (choice.arguments !== undefined)
    problems.push(`'arguments' has no meaning when 'runner' is checks; empty it.`);
  const before = problems.length;
  const file = existingTarget(choice, machine, problems);
  if (file === undefined || problems.length > before) return undefined;
  const parsed = parseChecks(machine.read(file), choice.tests, machine.environment);
  problems.push(...parsed.problems);
  if (parsed.checks === undefined) return undefined;
  const { pages } = parsed.checks;
  const units = pages.map(({ name, text, element, clicks }) => ({
    name,
    tests: 1 + text.length + element.length + clicks.length,
  }));
  return {
    name: 'The checks',
    checks: parsed.checks,
    units: () => Promise.resolve(units),
    reruns: true,
  };
}
