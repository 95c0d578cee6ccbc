import assert from 'node:assert/strict';
import type { TestCase } from '../../../shared/core/junit.js';
import { chooseRunner } from '../../../tasks/RunSeleniumSmoke/src/runner.js';
import type { ProgramRunner } from '../../../tasks/RunSeleniumSmoke/src/runners/finding.js';

type Choice = Parameters<typeof chooseRunner>[0];

const nothing = { tests: undefined, command: undefined, arguments: undefined, directory: '/src' };
const choose = (choice: Partial<Choice>, files: string[], tools: Record<string, string> = {}) => {
  const runner = chooseRunner(
    { runner: 'phpunit', ...nothing, ...choice },
    {
      exists: path => files.includes(path),
      findTool: name => tools[name],
      findFiles: pattern => files.filter(file => pattern.includes(file)),
      read: () => 'pages: 3',
      environment: () => undefined,
    },
  );
  return runner as ProgramRunner;
};
const failedTest = (className: string, name: string): TestCase => ({
  className,
  name,
  seconds: 0,
  outcome: 'failed',
  message: 'no',
  detail: 'no',
  output: '',
});
const variables = { RESULTS_DIR: '/r', SITE_URL: 'http://s' };

describe('chooseRunner', () => {
  it("prefers the nearest vendor/bin/phpunit above the tests to the machine's own", () => {
    const runner = choose(
      { tests: 'app/smoke', arguments: '--filter "Log in" $SITE_URL' },
      ['/src/app/smoke', '/src/vendor/bin/phpunit', '/src/app/vendor/bin/phpunit'],
      { php: '/usr/bin/php', phpunit: '/usr/bin/phpunit' },
    );
    assert.deepEqual(
      [runner.name, runner.path, runner.args(variables)],
      [
        'PHPUnit',
        '/usr/bin/php',
        [
          '/src/app/vendor/bin/phpunit',
          '/src/app/smoke',
          '--filter',
          'Log in',
          'http://s',
          '--log-junit',
          '/r/phpunit.xml',
          '--log-teamcity',
          '/r/phpunit.teamcity',
        ],
      ],
    );
  });

  it('takes phpunit from PATH, and the tests from phpunit.xml when none are named', () => {
    const runner = choose({}, [], { phpunit: '/usr/bin/phpunit' });
    assert.deepEqual(
      [runner.path, runner.args(variables)],
      ['/usr/bin/phpunit', ['--log-junit', '/r/phpunit.xml', '--log-teamcity', '/r/phpunit.teamcity']],
    );
  });

  it('takes a command from PATH or from the working directory', () => {
    const bare = choose(
      { runner: 'command', command: 'pytest -q --junitxml "$RESULTS_DIR/a b.xml"', arguments: 'x' },
      ['/usr/bin/pytest'],
      { pytest: '/usr/bin/pytest' },
    );
    assert.deepEqual(
      [bare.name, bare.path, bare.args(variables)],
      ['pytest', '/usr/bin/pytest', ['-q', '--junitxml', '/r/a b.xml', 'x']],
    );
    assert.equal(choose({ runner: 'command', command: './run.sh' }, ['/src/run.sh']).path, '/src/run.sh');
  });

  it('finds a phar and the runners of other projects, the nearest first', () => {
    const phar = choose({ tests: 'smoke/a' }, ['/src/smoke/a', '/src/tools/phpunit.phar'], { php: '/php' });
    assert.deepEqual([phar.path, phar.args(variables)[0]], ['/php', '/src/tools/phpunit.phar']);
    const pytest = choose({ runner: 'pytest' }, ['/src/.venv/bin/pytest'], { pytest: '/usr/bin/pytest' });
    assert.deepEqual(
      [pytest.path, pytest.args(variables)],
      ['/src/.venv/bin/pytest', ['--junitxml', '/r/pytest.xml', '-o', 'cache_dir=/pytest-cache']],
    );
    assert.equal(
      choose({ runner: 'pytest' }, [], { 'pytest-3': '/usr/bin/pytest-3' }).path,
      '/usr/bin/pytest-3',
    );
    const mocha = choose(
      { runner: 'mocha', tests: 'smoke/*.js', arguments: '--timeout 5000' },
      ['/src/node_modules/mocha/bin/mocha.js'],
      { node: '/node' },
    );
    assert.deepEqual(
      [mocha.path, mocha.args(variables)],
      [
        '/node',
        [
          '/src/node_modules/mocha/bin/mocha.js',
          ...['--reporter', 'xunit', '--reporter-option', 'output=/r/mocha.xml'],
          ...['smoke/*.js', '--timeout', '5000'],
        ],
      ],
    );
  });

  it("chooses failed tests in place of the project's own choice", () => {
    const failed = [failedTest('App.Smoke.LoginTest', 'testA with data set "x (1)"')];
    const phpunit = choose({ arguments: '--filter Login --testdox --filter=X' }, [], { phpunit: '/phpunit' });
    assert.deepEqual(phpunit.args(variables, { failed }), [
      '--testdox',
      '--filter',
      String.raw`/^(?:App\\Smoke\\LoginTest::testA with data set "x \(1\)")$/s`,
      ...['--log-junit', '/r/phpunit.xml', '--log-teamcity', '/r/phpunit.teamcity'],
    ]);
    const mocha = choose({ runner: 'mocha', arguments: '-g x --bail' }, [], { mocha: '/mocha' });
    const words = mocha.args(variables, {
      failed: [failedTest('A (b)', 'c'), failedTest('A', '"before all" hook in "A"')],
    });
    assert.deepEqual(words.slice(4), ['--grep', String.raw`^(?:A \(b\) c|A(?: .*)?)$`, '--bail']);
  });

  for (const [what, choice, files, tools, message] of [
    [
      'tests that are not there and no PHPUnit, both at once',
      { tests: 'smoke' },
      [],
      {},
      /'tests' names \/src\/smoke, which does not exist(.|\n)*PHPUnit was not found/,
    ],
    [
      "no PHP for the project's PHPUnit",
      {},
      ['/src/vendor/bin/phpunit'],
      {},
      /PHP was not found on PATH; \/src\/vendor\/bin\/phpunit needs it/,
    ],
    [
      'runner command without a command',
      { runner: 'command' },
      [],
      {},
      /'command' must be given when 'runner' is command/,
    ],
    [
      'a command that is not there',
      { runner: 'command', command: 'bin/run' },
      [],
      {},
      /\/src\/bin\/run does not exist/,
    ],
    [
      'a command that is not on PATH',
      { runner: 'command', command: 'nope -x' },
      [],
      {},
      /'nope' is not on PATH/,
    ],
    [
      'a command to be run again',
      { runner: 'command', command: 'a', rerunFailed: 1 },
      ['/a'],
      { a: '/a' },
      /'rerunFailed' cannot be used when 'runner' is command/,
    ],
    [
      'no pytest and no tests, both at once',
      { runner: 'pytest', tests: 'smoke' },
      [],
      {},
      /'tests' names \/src\/smoke(.|\n)*pytest was not found/,
    ],
    [
      'no mocha',
      { runner: 'mocha' },
      [],
      {},
      /mocha was not found: there is no node_modules\/mocha in \/src or/,
    ],
    [
      "shards beside a filter of one's own",
      { arguments: '--filter=Login', shards: 2 },
      [],
      { phpunit: '/phpunit' },
      /'arguments' has --filter, which the task itself needs to split the tests/,
    ],
    [
      'shards of mocha without tests',
      { runner: 'mocha', shards: 0 },
      [],
      { mocha: '/mocha' },
      /'tests' must be given for mocha when 'shards' is not 1/,
    ],
    ['checks without a file', { runner: 'checks' }, [], {}, /'tests' must name the file of checks/],
    [
      'checks with arguments, and a bad file, both at once',
      { runner: 'checks', tests: 'c.yml', arguments: '-x' },
      ['/src/c.yml'],
      {},
      /'arguments' has no meaning(.|\n)*c\.yml, line 1: 'pages' must be a list/,
    ],
    [
      'open quotes, both at once',
      { runner: 'command', command: 'a "', arguments: "'" },
      [],
      {},
      /'arguments' has a '(.|\n)*'command' has a "/,
    ],
  ] as [string, Partial<Choice>, string[], Record<string, string>, RegExp][]) {
    it(`refuses ${what}`, () => {
      assert.throws(() => choose(choice, files, tools), { name: 'UserError', message });
    });
  }
});
