/** pytest: of the project's virtual environment, or the machine's own. */
import { join } from 'node:path';
import { existingTarget, findAbove, placesOf, type Finding, type ProgramRunner } from './finding.js';

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
    args: (variables, failed) => {
      const folder = variables['RESULTS_DIR'] ?? '';
      return [
        '--junitxml',
        join(folder, 'pytest.xml'),
        // pytest itself keeps the exact ids of what failed, which a results file does not hold; kept apart from the project's own cache.
        '-o',
        `cache_dir=${join(folder, '..', 'pytest-cache')}`,
        ...(failed === undefined ? [] : ['--last-failed', '--last-failed-no-failures', 'none']),
        ...(target === undefined ? [] : [target]),
        ...more(variables),
      ];
    },
    reruns: true,
  };
}
