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
          '--log-junit',
          '/r/phpunit.xml',
          '/src/app/smoke',
          '--filter',
          'Log in',
          'http://s',
        ],
      ],
    );
  });

  it('takes phpunit from PATH, and the tests from phpunit.xml when none are named', () => {
    const runner = choose({}, [], { phpunit: '/usr/bin/phpunit' });
    assert.deepEqual(
      [runner.path, runner.args(variables)],
      ['/usr/bin/phpunit', ['--log-junit', '/r/phpunit.xml']],
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
