/** PHPUnit, 9 to 12: Composer's, a phar of the project, or the machine's own. */
import { delimiter, join } from 'node:path';
import { UserError } from '../../../../shared/core/errors.js';
import type { TestCase } from '../../../../shared/core/junit.js';
import { singleLine } from '../../../../shared/core/text.js';
import {
  countUnits,
  existingTarget,
  findAbove,
  placesOf,
  type Finding,
  type ProgramRunner,
  type TestUnit,
  type Variables,
} from './finding.js';
import { loaderFor } from './phpunitLoader.js';

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
  const loader =
    target !== undefined && /\.php$/i.test(target) && machine.exists(target)
      ? loaderFor(target, machine.read(target))
      : undefined;
  const loaderPath = (variables: Variables) => join(variables['RESULTS_DIR'] ?? '', loader?.name ?? '');
  const testsFor = (variables: Variables) =>
    loader !== undefined ? [loaderPath(variables)] : target === undefined ? [] : [target];
  if ((choice.shards ?? 1) !== 1 && more({}).some(isFilter))
    problems.push(
      `'arguments' has --filter, which the task itself needs to split the tests ('shards'). Choose tests by --group or by a folder in 'tests', or set 'shards' to 1.`,
    );
  // The tests and the words for them come first: tests read them from $argv, as in `phpunit site-smoke-test.php URL`.
  const args: ProgramRunner['args'] = (variables, { failed, units } = {}) => {
    const results = join(variables['RESULTS_DIR'] ?? '', 'phpunit.xml');
    const own = ['--log-junit', results, '--log-teamcity', liveLog(variables)];
    const theirs = more(variables);
    const tests = testsFor(variables);
    // PHPUnit takes one filter only.
    const filter =
      failed !== undefined ? filterFor(failed) : units !== undefined ? classFilter(units) : undefined;
    return filter === undefined
      ? [...tests, ...theirs, ...own]
      : [...tests, ...withoutFilter(theirs), '--filter', filter, ...own];
  };
  const listClasses: ProgramRunner['units'] = async (variables, ask) =>
    loader === undefined
      ? classesOf(await ask([...testsFor(variables), ...withoutUrls(more(variables)), '--list-tests']))
      : [{ name: loader.name, tests: 1 }];
  const hasUrl = (variables: Variables) => more(variables).some(word => isUrl.test(word));
  const iniFolder = (variables: Variables) => variables['RESULTS_DIR'] ?? '';
  const common = {
    name: 'PHPUnit',
    reruns: true,
    liveLog,
    files: (variables: Variables) => ({
      ...(loader === undefined ? {} : { [loaderPath(variables)]: loader.content }),
      ...(hasUrl(variables) ? preludeFiles(iniFolder(variables)) : {}),
    }),
    environment: (variables: Variables): Record<string, string> =>
      hasUrl(variables)
        ? {
            PHP_INI_SCAN_DIR: `${machine.environment('PHP_INI_SCAN_DIR') ?? ''}${delimiter}${iniFolder(variables)}`,
          }
        : {},
  };
  const found = findAbove(target ?? choice.directory, ownPlaces, machine);
  if (found !== undefined) {
    const php = machine.findTool('php');
    if (php !== undefined)
      return {
        ...common,
        path: php,
        args: (variables, selection) => [found, ...args(variables, selection)],
        units: (variables, ask) => listClasses(variables, words => ask([found, ...words])),
      };
    problems.push(
      `PHP was not found on PATH; ${found} needs it. Install PHP on this agent (Debian: php-cli).`,
    );
    return undefined;
  }
  const path = machine.findTool('phpunit');
  if (path !== undefined) return { ...common, path, args, units: listClasses };
  problems.push(
    `PHPUnit was not found: there is no vendor/bin/phpunit and no phpunit.phar in ${placesOf(choice, target)}, and no phpunit on PATH. Run 'composer install' in a step before, or install PHPUnit on this agent.`,
  );
  return undefined;
}

/**
 * Since version 10 PHPUnit takes a second word for a second test file. The URL of `phpunit FILE URL` is for the tests, which read it from
 * `$argv`; so PHPUnit, which reads `$_SERVER['argv']`, does not get to see it.
 */
function preludeFiles(folder: string): Record<string, string> {
  const prelude = join(folder, 'prelude.php');
  return {
    [join(folder, 'prelude.ini')]: `auto_prepend_file="${prelude}"\n`,
    [prelude]: `<?php
if (isset($_SERVER['argv'])) {
    $_SERVER['argv'] = array_values(preg_grep('#^https?://#', $_SERVER['argv'], PREG_GREP_INVERT));
    $_SERVER['argc'] = count($_SERVER['argv']);
}
`,
  };
}

const isUrl = /^https?:\/\//;

/**
 * A filter for exactly these tests. PHPUnit matches it against `Class::method`, with ` with data set "name"` or ` with data set #0`
 * behind it (NameFilterIterator); results files write the backslashes of a class as dots.
 */
export function filterFor(failed: readonly TestCase[]): string {
  const names = failed.map(({ className, name }) => {
    const words = className === '' ? name : `${className.replaceAll('.', '\\')}::${name}`;
    return escapePattern(words);
  });
  return `/^(?:${names.join('|')})$/s`;
}

/** A filter for all tests of these classes. */
export function classFilter(classes: readonly string[]): string {
  return `/^(?:${classes.map(escapePattern).join('|')})::/`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\.+*?[\](){}^$|/#-]/g, String.raw`\$&`);
}

/**
 * The classes that `--list-tests` lists, a line for each of their tests.
 * @throws UserError for tests without a class (`.phpt`): no filter chooses them
 */
export function classesOf(lines: readonly string[]): TestUnit[] {
  const listed = lines.flatMap(line => /^ - (.*)$/.exec(line)?.[1] ?? []);
  const other = listed.find(one => !/^[\w\\]+::/.test(one));
  if (other !== undefined)
    throw new UserError(
      `PHPUnit lists ${singleLine(other, 200)}, which is no test of a class: the task cannot split such tests. Set 'shards' to 1.`,
    );
  return countUnits(listed.map(one => one.slice(0, one.indexOf('::'))));
}

function withoutUrls(words: readonly string[]): string[] {
  return words.filter(word => !isUrl.test(word));
}

function isFilter(word: string): boolean {
  return word === '--filter' || word.startsWith('--filter=');
}

function withoutFilter(words: readonly string[]): string[] {
  return words.filter((word, index) => !isFilter(word) && words[index - 1] !== '--filter');
}
