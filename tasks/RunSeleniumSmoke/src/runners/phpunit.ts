/** PHPUnit, 9 to 12: Composer's, a phar of the project, or the machine's own. */
import { join } from 'node:path';
import type { TestCase } from '../../../../shared/core/junit.js';
import {
  existingTarget,
  findAbove,
  placesOf,
  type Finding,
  type ProgramRunner,
  type Variables,
} from './finding.js';

/** Where a project keeps its PHPUnit; Composer, PHIVE and people put it there. */
const ownPlaces = [
  ['vendor', 'bin', 'phpunit'],
  ['phpunit.phar'],
  ['tools', 'phpunit.phar'],
  ['tools', 'phpunit'],
];

const liveLog = (variables: Variables) => join(variables['RESULTS_DIR'] ?? '', 'phpunit.teamcity');

/** PHPUnit for these tests; undefined with a problem when it cannot be run. */
export function phpunit({ choice, machine, problems, more }: Finding): ProgramRunner | undefined {
  const target = existingTarget(choice, machine, problems);
  const args: ProgramRunner['args'] = (variables, failed) => {
    const results = join(variables['RESULTS_DIR'] ?? '', 'phpunit.xml');
    const own = [
      '--log-junit',
      results,
      '--log-teamcity',
      liveLog(variables),
      ...(target === undefined ? [] : [target]),
    ];
    const theirs = more(variables);
    // PHPUnit takes one filter only.
    return failed === undefined
      ? [...own, ...theirs]
      : ['--filter', filterFor(failed), ...own, ...withoutFilter(theirs)];
  };
  const found = findAbove(target ?? choice.directory, ownPlaces, machine);
  if (found !== undefined) {
    const php = machine.findTool('php');
    if (php !== undefined)
      return {
        name: 'PHPUnit',
        path: php,
        args: (variables, failed) => [found, ...args(variables, failed)],
        reruns: true,
        liveLog,
      };
    problems.push(
      `PHP was not found on PATH; ${found} needs it. Install PHP on this agent (Debian: php-cli).`,
    );
    return undefined;
  }
  const path = machine.findTool('phpunit');
  if (path !== undefined) return { name: 'PHPUnit', path, args, reruns: true, liveLog };
  problems.push(
    `PHPUnit was not found: there is no vendor/bin/phpunit and no phpunit.phar in ${placesOf(choice, target)}, and no phpunit on PATH. Run 'composer install' in a step before, or install PHPUnit on this agent.`,
  );
  return undefined;
}

/**
 * A filter for exactly these tests. PHPUnit matches it against `Class::method`, with ` with data set "name"` or ` with data set #0`
 * behind it (NameFilterIterator); results files write the backslashes of a class as dots.
 */
export function filterFor(failed: readonly TestCase[]): string {
  const names = failed.map(({ className, name }) => {
    const words = className === '' ? name : `${className.replaceAll('.', '\\')}::${name}`;
    return words.replace(/[\\.+*?[\](){}^$|/#-]/g, String.raw`\$&`);
  });
  return `/^(?:${names.join('|')})$/s`;
}

function withoutFilter(words: readonly string[]): string[] {
  return words.filter(
    (word, index) => word !== '--filter' && !word.startsWith('--filter=') && words[index - 1] !== '--filter',
  );
}
