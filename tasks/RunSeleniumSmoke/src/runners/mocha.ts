/** mocha: of the project, or the machine's own. Its results come from the reporter xunit, which every mocha has. */
import { join, resolve } from 'node:path';
import type { TestCase } from '../../../../shared/core/junit.js';
import { findAbove, placesOf, type Finding, type ProgramRunner } from './finding.js';

/** The program's file in the package; the second is that of mocha before 9. */
const ownPlaces = [
  ['node_modules', 'mocha', 'bin', 'mocha.js'],
  ['node_modules', 'mocha', 'bin', 'mocha'],
];

/** mocha for these tests, which may be a pattern; undefined with a problem when it cannot be run. */
export function mocha({ choice, machine, problems, more }: Finding): ProgramRunner | undefined {
  const { tests, directory } = choice;
  const pattern = tests !== undefined && /[*?{[]/.test(tests);
  const target = tests === undefined ? undefined : pattern ? tests : resolve(directory, tests);
  if (target !== undefined && !pattern && !machine.exists(target))
    problems.push(
      `'tests' names ${target}, which does not exist. Relative paths begin at ${directory} (input 'workingDirectory').`,
    );
  if (target === undefined && (choice.shards ?? 1) !== 1)
    problems.push(
      `'tests' must be given for mocha when 'shards' is not 1: a folder, or better a pattern such as smoke/**/*.spec.js.`,
    );
  const args: ProgramRunner['args'] = (variables, { failed, units } = {}) => [
    '--reporter',
    'xunit',
    '--reporter-option',
    `output=${join(variables['RESULTS_DIR'] ?? '', 'mocha.xml')}`,
    ...(failed === undefined ? [] : ['--grep', grepFor(failed)]),
    ...(units ?? (target === undefined ? [] : [target])),
    ...(failed === undefined ? more(variables) : withoutGrep(more(variables))),
  ];
  const files = () => {
    const patterns = pattern ? withoutBraces(tests) : patternsOf(target ?? directory, more({}));
    return machine.findFiles(patterns.join('\n'), directory).map(name => ({
      name,
      tests: Math.max(1, machine.read(name).match(/^\s*(?:it|test|specify)\b/gm)?.length ?? 0),
    }));
  };
  // mocha is not asked: to list its tests it would load them, and a file may open its browser as it is loaded.
  const units = () => Promise.resolve(files());
  const common = { name: 'mocha', reruns: true, isHook, units };
  const own = findAbove(pattern ? directory : (target ?? directory), ownPlaces, machine);
  if (own !== undefined) {
    const node = machine.findTool('node');
    if (node !== undefined)
      return { ...common, path: node, args: (variables, selection) => [own, ...args(variables, selection)] };
    problems.push(
      `Node.js was not found on PATH; ${own} needs it. Install Node.js on this agent (task NodeTool).`,
    );
    return undefined;
  }
  const path = machine.findTool('mocha');
  if (path !== undefined) return { ...common, path, args };
  problems.push(
    `mocha was not found: there is no node_modules/mocha in ${placesOf(choice, pattern ? undefined : target)}, and no mocha on PATH. Run 'npm ci' in a step before, or install mocha on this agent.`,
  );
  return undefined;
}

/** What mocha takes of a folder; a file is itself. */
function patternsOf(target: string, words: readonly string[]): string[] {
  if (/\.[cm]?[jt]s$/.test(target)) return [target];
  const folder = words.includes('--recursive') ? `${target}/**` : target;
  return ['js', 'cjs', 'mjs'].map(extension => `${folder}/*.${extension}`);
}

/** The patterns that a pattern with `{a,b}` stands for. */
export function withoutBraces(pattern: string): string[] {
  const [whole, before = '', inner = '', after = ''] = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(pattern) ?? [];
  if (whole === undefined) return [pattern];
  return inner.split(',').flatMap(one => withoutBraces(`${before}${one}${after}`));
}

/** mocha writes what is done around tests as if it were a test: `"before each" hook for "logs in"`. */
function isHook({ name }: TestCase): boolean {
  return /^"(?:before|after) (?:all|each)" hook/.test(name);
}

/** A pattern for exactly these tests; for a failed hook all tests of its suite. mocha matches it against the titles of suites and test, with blanks between. */
export function grepFor(failed: readonly TestCase[]): string {
  const titles = failed.map(test => {
    const suite = escapePattern(test.className);
    if (isHook(test)) return `${suite}(?: .*)?`;
    return suite === '' ? escapePattern(test.name) : `${suite} ${escapePattern(test.name)}`;
  });
  return `^(?:${titles.join('|')})$`;
}

function escapePattern(text: string): string {
  return text.replace(/[\\.+*?[\](){}^$|/]/g, String.raw`\$&`);
}

/** Without the project's own choice: mocha refuses two, and `--fgrep` beside `--grep`. */
function withoutGrep(words: readonly string[]): string[] {
  const choosing = ['--grep', '-g', '--fgrep', '-f'];
  return words.filter(
    (word, index) =>
      !choosing.includes(word) &&
      !choosing.some(name => word.startsWith(`${name}=`)) &&
      !choosing.includes(words[index - 1] ?? ''),
  );
}
