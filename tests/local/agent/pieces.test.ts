import assert from 'node:assert/strict';
import { join } from 'node:path';
import { buildNumber } from '../../../local/agent/buildNumber.js';
import { readConnections } from '../../../local/agent/connections.js';
import { createCounters } from '../../../local/agent/counters.js';
import { readOptions } from '../../../local/agent/options.js';
import { createScreen } from '../../../local/agent/record/log.js';
import { readJUnit } from '../../../local/agent/record/junit.js';
import { combine, worse } from '../../../local/agent/record/record.js';
import { readTasks } from '../../../local/agent/task/definition.js';
import { removeFolders, temporaryFolder, writeFiles } from './support.js';

after(removeFolders);

describe('the number of a run', () => {
  const facts = {
    now: new Date(2026, 1, 3, 4, 5, 6),
    variable: (name: string) => ({ 'Build.BuildId': '7', mine: 'x' })[name],
    revision: (prefix: string) => prefix.length,
  };
  for (const [pattern, expected] of [
    [undefined, '20260203.9'],
    ['$(Date:yyyy-MM-dd HH:mm:ss)', '2026-02-03 04:05:06'],
    ['v$(BuildID)-$(mine)-$(none)', 'v7-x-$(none)'],
    ['ab$(Rev:.rrr)', 'ab.002'],
    ['$(DayOfYear) $(Year:yy) $(Month)', '34 26 2'],
  ] as const)
    it(`is ${expected} for ${pattern ?? 'no pattern'}`, () => {
      assert.equal(buildNumber(pattern, facts), expected);
    });
});

describe('counters', () => {
  it('go on from run to run, and stay within one', () => {
    const file = join(temporaryFolder(), 'deep/counters.json');
    const first = createCounters(file);
    assert.deepEqual([first('a', 5), first('a', 5), first('b', 1)], [5, 5, 1]);
    assert.equal(createCounters(file)('a', 5), 6);
    writeFiles(join(file, '..'), { 'counters.json': 'no JSON' });
    assert.equal(createCounters(file)('a', 5), 5);
  });
});

describe('results', () => {
  it('of a step only get worse', () => {
    assert.equal(worse(undefined, 'succeeded'), 'succeeded');
    assert.equal(worse('failed', 'succeeded'), 'failed');
    assert.equal(worse('succeededWithIssues', 'failed'), 'failed');
  });
  it('of parts make the result of the whole', () => {
    assert.equal(combine([]), 'succeeded');
    assert.equal(combine(['skipped', 'skipped']), 'skipped');
    assert.equal(combine(['skipped', 'succeeded']), 'succeeded');
    assert.equal(combine(['succeededWithIssues', 'succeeded']), 'succeededWithIssues');
    assert.equal(combine(['failed', 'canceled']), 'canceled');
  });
});

describe('JUnit files', () => {
  for (const text of ['', 'no xml', '<html/>', '<testsuite><testcase name="a"></testsuite>'])
    it(`that are none are refused: ${text}`, () => {
      assert.throws(() => readJUnit(text));
    });
  it('keep hostile names as text', () => {
    const { failures } = readJUnit(
      '<testsuite><testcase name="&lt;b&gt; ##vso[task.complete]"><failure message="x&#10;y"/></testcase></testsuite>',
    );
    assert.deepEqual(failures, [{ name: '<b> ##vso[task.complete]', message: 'x\ny' }]);
  });
});

describe('the screen', () => {
  it('has colours only on a terminal', () => {
    const shown: string[] = [];
    const write = (text: string) => shown.push(text);
    createScreen(write, true)('##[error]x');
    createScreen(write, false)('##[error]x');
    createScreen(write, true)('plain');
    assert.deepEqual(shown, ['\u001b[31m##[error]x\u001b[0m\n', '##[error]x\n', 'plain\n']);
  });
});

describe('the options', () => {
  it('are read with their defaults', () => {
    const options = readOptions(['a.yml'], {});
    assert.equal(options?.file, 'a.yml');
    assert.equal(options.host, 'build');
    assert.equal(options.azure, 'none');
    assert.equal(options.out, 'out/pipeline');
    assert.equal(options.tasks, 'dist/extension/tasks');
    assert.equal(options.node, process.execPath);
  });
  it('that make no difference are refused', () => {
    assert.throws(() => readOptions(['a.yml', '--resource-group', 'a=b'], {}), /needs --azure local/);
    assert.throws(() => readOptions(['a.yml', 'b.yml'], {}), /only one pipeline file/);
  });
});

describe('a file of connections', () => {
  const read = (text: string) => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'c.json': text });
    return readConnections(join(folder, 'c.json'));
  };
  it('is read', () => {
    const [endpoint] = read(
      '{"A b": {"id": "ABC", "scheme": "ManagedServiceIdentity", "url": "https://x/"}}',
    );
    assert.deepEqual(endpoint, {
      id: 'abc',
      name: 'A b',
      scheme: 'ManagedServiceIdentity',
      url: 'https://x/',
      parameters: {},
      data: {},
    });
  });
  it('is refused with all that is wrong in it, and without quoting it', () => {
    assert.throws(
      () => read('{"A": {"url": 1, "parameters": {"k": 2}, "extra": true}}'),
      /unknown key 'extra'[^]*needs 'scheme'[^]*needs 'url'[^]*'parameters.k' that is no text/,
    );
    assert.throws(
      () => read('{"A": {"parameters": {"key": "hunter2"'),
      (error: Error) => /no JSON/.test(error.message) && !error.message.includes('hunter2'),
    );
    assert.throws(() => read('[]'), /must be an object/);
  });
});

describe('the tasks of a folder', () => {
  it('are refused when a manifest cannot be read', () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'A/task.json': '{' });
    assert.throws(() => readTasks(folder), /A\/task\.json is no JSON/);
  });
  it('say which of their scripts are missing', () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'A/task.json': JSON.stringify({
        name: 'A',
        version: { Major: 2 },
        execution: { Node20_1: { target: 'x.js' } },
      }),
    });
    const [task] = readTasks(folder);
    assert.deepEqual(task?.missingScripts, [join(folder, 'A/x.js')]);
    assert.equal(task.version.text, '2.0.0');
  });
});
