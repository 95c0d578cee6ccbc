/** pytest: of the project's virtual environment, or the machine's own. */
import { join, resolve } from 'node:path';
import { UserError } from '../../../../shared/core/errors.js';
import {
  countUnits,
  existingTarget,
  findAbove,
  placesOf,
  type Finding,
  type ProgramRunner,
  type TestUnit,
} from './finding.js';

const ownPlaces = ['.venv', 'venv'].flatMap(folder => [
  [folder, 'bin', 'pytest'],
  [folder, 'Scripts', 'pytest.exe'],
]);

/** pytest for these tests; undefined with a problem when it cannot be run. */
export function pytest({ choice, machine, problems, more }: Finding): ProgramRunner | undefined {
  const target = existingTarget(choice, machine, problems);
  const path =
    findAbove(target ?? choice.directory, ownPlaces, machine) ??
    machine.findTool('pytest') ??
    machine.findTool('pytest-3');
  if (path === undefined) {
    problems.push(
      `pytest was not found: there is no .venv/bin/pytest and no venv/bin/pytest in ${placesOf(choice, target)}, and no pytest on PATH. Make the virtual environment in a step before ('python3 -m venv .venv && .venv/bin/pip install pytest selenium'), or install pytest on this agent (Debian: python3-pytest).`,
    );
    return undefined;
  }
  return {
    name: 'pytest',
    path,
    args: (variables, { failed, units } = {}) => {
      const folder = variables['RESULTS_DIR'] ?? '';
      return [
        '--junitxml',
        join(folder, 'pytest.xml'),
        // pytest itself keeps the exact ids of what failed, which a results file does not hold; kept apart from the project's own cache.
        '-o',
        `cache_dir=${join(folder, '..', 'pytest-cache')}`,
        ...(failed === undefined ? [] : ['--last-failed', '--last-failed-no-failures', 'none']),
        ...(units ?? (target === undefined ? [] : [target])),
        ...more(variables),
      ];
    },
    units: async (variables, ask) => {
      const { directory } = choice;
      const where = ['--rootdir', directory, ...(target === undefined ? [] : [target])];
      const lines = await ask(['--collect-only', '-q', '-q', ...where, ...more(variables)]);
      return filesOf(lines).map(({ name, tests }) => ({ name: resolve(directory, name), tests }));
    },
    reruns: true,
  };
}

/**
 * The files that pytest lists: `FILE: COUNT`, or with a `-v` of the project's own `FILE::TEST` for each test.
 * @throws UserError when it lists them in a way that is not known
 */
export function filesOf(lines: readonly string[]): TestUnit[] {
  const counted = lines.flatMap(line => {
    const [, name, tests] = /^(\S.*\.py): (\d+)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, tests: Number(tests) }];
  });
  const named = lines.flatMap(line => /^(\S.*?\.py)::/.exec(line)?.[1] ?? []);
  if (counted.length === 0 && named.length === 0 && lines.some(line => /^\s*<\w+ /.test(line)))
    throw new UserError(
      "pytest lists its tests as a tree, from which the task cannot split them: take '-v' out of 'arguments' or 'addopts', or set 'shards' to 1.",
    );
  return [...counted, ...countUnits(named)];
}
