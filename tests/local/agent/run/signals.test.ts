import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { agentPatience } from '../../../../local/agent/task/process.js';
import { eventually, hasEnded } from '../../../fakes/processes.js';
import {
  fixtureTasks,
  readRecord,
  removeFolders,
  run,
  steps,
  temporaryFolder,
  writeFiles,
} from '../support.js';

/** Short, but not for a process of a busy machine that has to answer a signal. */
const patience = {
  ...agentPatience,
  interrupt: 2000,
  terminate: 2000,
  output: 2000,
  completion: 500,
  minute: 400,
};
/** For what ends by itself and must not be hurried. */
const unhurried = { ...patience, interrupt: 60_000, terminate: 60_000, minute: 60_000 };

function hang(name: string, marker: string, inputs = '', more = ''): string {
  return `- task: Hang@1\n  name: ${name}\n${more}  inputs:\n    marker: ${marker}\n${inputs}`;
}

function notes(marker: string): string[] {
  return readFileSync(marker, 'utf8').trim().split('\n');
}

/** Processes whose environment mentions a folder: whatever a run in it has left behind. */
function leftovers(folder: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder);
      } catch {
        return false;
      }
    });
}

describe('time limits and cancellation', function () {
  this.timeout(120_000);
  after(removeFolders);

  /** Runs steps and cancels the run as soon as the fixture task has said that it hangs. */
  async function cancelled(yaml: string, own = { ...patience, minute: 60_000 }) {
    const cancel = new AbortController();
    return run(yaml, {
      machine: { patience: own, cancel: cancel.signal },
      onLine: line => {
        if (line === 'hanging') cancel.abort(new Error('test'));
      },
    });
  }

  it('fails a step that takes too long, and does not try it again', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const { step, text } = await run(
      steps(
        `${hang('h', marker, '    ignore: SIGINT,SIGTERM\n', '  timeoutInMinutes: 1\n  retryCountOnTaskFailure: 3\n')}\n- bash: echo cleaned up\n  condition: always()`,
      ),
      { machine: { patience } },
    );
    assert.equal(step('h').result, 'failed');
    assert.equal(step('h').attempts, 1);
    assert.deepEqual(
      step('h').issues.map(({ message }) => message),
      ['The task has timed out.'],
    );
    assert.match(text, /^cleaned up$/m);
  });

  it('fails a step that took too long even when it ended well on SIGINT', async () => {
    const { step } = await run(
      steps("- bash: trap 'exit 0' INT; while true; do sleep 0.1; done\n  name: h\n  timeoutInMinutes: 1"),
      { machine: { patience: { ...patience, minute: 2000 } } },
    );
    assert.equal(step('h').result, 'failed');
  });

  it('stops a step with SIGINT, then SIGTERM, then SIGKILL', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const { step } = await cancelled(steps(hang('h', marker, '    ignore: SIGINT,SIGTERM\n')));
    assert.equal(step('h').result, 'canceled');
    assert.deepEqual(notes(marker), ['started', 'SIGINT', 'SIGTERM']);
  });

  it('waits for the signals as long as the variables of the job say', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const long = { ...unhurried, interrupt: 600_000, terminate: 600_000 };
    const { step } = await cancelled(
      `variables: {PROCESS_SIGINT_TIMEOUT: '2000', PROCESS_SIGTERM_TIMEOUT: '2000'}\n${steps(hang('h', marker, '    ignore: SIGINT,SIGTERM\n'))}`,
      long,
    );
    assert.equal(step('h').result, 'canceled');
    assert.deepEqual(notes(marker), ['started', 'SIGINT', 'SIGTERM']);
  });

  it('cancels a job that takes too long', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const { record } = await run(
      `jobs:\n- job: A\n  timeoutInMinutes: 1\n  steps:\n  - task: Hang@1\n    inputs: {marker: ${marker}}\n- job: B\n  dependsOn: A\n  steps: [{bash: echo}]\n`,
      { machine: { patience } },
    );
    const [first, second] = record.stages[0]?.jobs ?? [];
    assert.equal(first?.result, 'canceled');
    assert.match(first.issues[0]?.message ?? '', /longer than the maximum time of 1 minutes/);
    assert.equal(second?.result, 'skipped');
    assert.equal(record.result, 'canceled');
  });

  it('cancels a run: the step is stopped, what is meant for it runs, the rest does not', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const cancel = new AbortController();
    const yaml = `stages:
- stage: One
  jobs:
  - job: A
    steps:
    - task: Phases@1
      inputs: {name: one}
    - task: Hang@1
      name: h
      inputs: {marker: ${marker}}
    - bash: echo never
    - bash: echo "meant $(Agent.JobStatus)"
      condition: canceled()
- stage: Two
  jobs: [{job: B, steps: [{bash: echo never}]}]
- stage: Three
  condition: always()
  jobs: [{job: C, steps: [{bash: echo always}]}]
`;
    const { record, step, text } = await run(yaml, {
      machine: { patience: unhurried, cancel: cancel.signal },
      onLine: line => {
        if (line === 'hanging') cancel.abort(new Error('test'));
      },
    });
    assert.equal(step('h').result, 'canceled');
    assert.deepEqual(notes(marker), ['started', 'SIGINT']);
    assert.match(text, /^meant Canceled$/m);
    assert.match(text, /^post one kept one$/m);
    assert.match(text, /^always$/m);
    assert.doesNotMatch(text, /^never$/m);
    assert.deepEqual(
      record.stages.map(({ result }) => result),
      ['canceled', 'skipped', 'succeeded'],
    );
    assert.equal(record.result, 'canceled');
  });

  it('lets a step run on that is meant for cancelled jobs, until nobody wants to wait', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const cancel = new AbortController();
    const kill = new AbortController();
    const { step } = await run(
      steps(
        `${hang('h', marker, '    ignore: SIGINT,SIGTERM\n', '  condition: always()\n')}\n- bash: echo x\n  name: last\n  condition: always()`,
      ),
      {
        machine: { patience, cancel: cancel.signal, kill: kill.signal },
        onLine: line => {
          if (line !== 'hanging') return;
          cancel.abort(new Error('test'));
          setTimeout(() => {
            kill.abort(new Error('test'));
          }, 50);
        },
      },
    );
    assert.equal(step('h').result, 'canceled');
    assert.throws(() => step('last'));
  });

  it('sweeps what a step has left behind when the job ends, not before', async () => {
    const file = join(temporaryFolder(), 'pid');
    const { text } = await run(
      steps(
        `- task: Grandchild@1\n  inputs: {pidFile: ${file}}\n- bash: kill -0 $(cat ${file}) && echo still there`,
      ),
    );
    assert.match(text, /^still there$/m);
    assert.match(text, /Terminate orphan process: pid \(\d+\) \(sleep 300\)/);
    assert.ok(await hasEnded(Number(readFileSync(file, 'utf8'))));
  });

  it('does not wait long for output that a grandchild holds open', async () => {
    const file = join(temporaryFolder(), 'pid');
    const { step, text } = await run(
      steps(`- task: Grandchild@1\n  name: g\n  inputs: {pidFile: ${file}, holdOutput: true}`),
      { machine: { patience } },
    );
    assert.equal(step('g').result, 'succeeded');
    assert.match(text, /^left one behind$/m);
    assert.ok(await hasEnded(Number(readFileSync(file, 'utf8'))));
  });

  it('ends a step that says it is done, although its process goes on', async () => {
    const { step, text, folder } = await run(
      steps(
        "- bash: |\n    echo '##vso[task.complete result=SucceededWithIssues;done=true]x'\n    exec sleep 300\n  name: s",
      ),
      { machine: { patience } },
    );
    assert.equal(step('s').result, 'succeededWithIssues');
    assert.match(text, /Terminate orphan process/);
    assert.ok(await eventually(() => leftovers(folder).length === 0));
  });
});

describe('the command line', function () {
  this.timeout(120_000);
  after(removeFolders);

  const main = join(import.meta.dirname, '../../../../local/agent/main.ts');

  /** Runs the program as people do; `onOutput` can act on what it says. */
  function start(
    args: readonly string[],
    env = {},
    onOutput: (said: string, pid: number) => void = () => undefined,
  ) {
    return new Promise<{ code: number | null; out: string; err: string }>(resolve => {
      const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        onOutput(out, child.pid ?? 0);
      });
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.on('close', code => {
        resolve({ code, out, err });
      });
    });
  }

  it('keeps secrets out of the environment of steps', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'p.yml');
    writeFiles(folder, {
      'p.yml': 'steps:\n- bash: echo "plain=[${KEY}] own=$(printf %s "$OWN" | rev)"\n  env: {OWN: $(KEY)}\n',
    });
    const { code, out } = await start(
      [file, '--secret-env', 'KEY', '--out', join(folder, 'out'), '--tasks', fixtureTasks],
      { KEY: 'password' },
    );
    assert.equal(code, 0, out);
    assert.match(out, /^plain=\[\] own=drowssap$/m);
  });

  it('tells how it is used', async () => {
    const { code, out } = await start(['--help']);
    assert.equal(code, 0);
    assert.match(out, /npm run pipeline -- FILE\.yml/);
  });

  it('ends with 2 and all problems when the command line is wrong', async () => {
    const { code, err } = await start([
      '--var',
      'novalue',
      '--host',
      'moon',
      '--secret-env',
      'NO_SUCH_VARIABLE',
    ]);
    assert.equal(code, 2);
    for (const text of [
      /--var takes NAME=VALUE, not 'novalue'/,
      /--host takes build or release/,
      /NO_SUCH_VARIABLE/,
      /file is missing/,
    ])
      assert.match(err, text);
    assert.equal((await start(['a.yml', '--frob'])).code, 2);
  });

  it('ends with 2 when the file is wrong, and runs nothing', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { 'p.yml': 'steps:\n- bash: x\n  colour: red\n' });
    const out = join(folder, 'out');
    const { code, err } = await start([join(folder, 'p.yml'), '--tasks', fixtureTasks, '--out', out]);
    assert.equal(code, 2);
    assert.match(err, /p\.yml:3:3: 'colour' is not a key of this step/);
    assert.equal(existsSync(out), false);
  });

  it('ends with 0 or 1 as the run does, with variables, secrets and parameters given', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, {
      'p.yml':
        'parameters: [{name: code, type: number}]\nsteps:\n- bash: echo "$(a) $(KEY)"; exit ${{ parameters.code }}\n',
    });
    const args = [
      join(folder, 'p.yml'),
      '--tasks',
      fixtureTasks,
      '--out',
      join(folder, 'out'),
      '--var',
      'a=b=c',
      '--secret-env',
      'KEY',
    ];
    const good = await start([...args, '--param', 'code=0'], { KEY: 'abcdefg' });
    assert.equal(good.code, 0, good.err);
    assert.match(good.out, /^b=c \*\*\*$/m);
    assert.equal((await start([...args, '--param', 'code=3'], { KEY: 'abcdefg' })).code, 1);
  });

  it('cancels on SIGINT, leaves nothing behind and writes the record', async () => {
    const folder = temporaryFolder();
    const marker = join(folder, 'marker');
    writeFiles(folder, {
      'p.yml': steps(
        `${hang('h', marker)}\n- bash: sleep 300 > /dev/null 2>&1 & echo cleaning\n  condition: always()`,
      ),
    });
    const out = join(folder, 'out');
    let sent = false;
    const { code, out: said } = await start(
      [join(folder, 'p.yml'), '--tasks', fixtureTasks, '--out', out],
      {},
      (text, pid) => {
        if (sent || !text.includes('hanging')) return;
        sent = true;
        process.kill(pid, 'SIGINT');
      },
    );
    assert.equal(code, 1);
    assert.match(said, /^cleaning$/m);
    assert.equal(readRecord(out).result, 'canceled');
    assert.deepEqual(notes(marker), ['started', 'SIGINT']);
    assert.ok(await eventually(() => leftovers(folder).length === 0));
  });
});
