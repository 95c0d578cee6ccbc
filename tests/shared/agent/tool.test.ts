import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, ToolError } from '../../../shared/core/errors.js';
import { onWindows, runTool, startTool } from '../../../shared/agent/tool.js';
import { hasEnded } from '../../fakes/processes.js';

const idle = new AbortController().signal;

function script(code: string, args: string[] = []) {
  return { name: 'node', path: process.execPath, args: ['-e', code, ...args] };
}

describe('tool', () => {
  it('gives whole lines of both streams without colours, and the exit code', async () => {
    const log: string[] = [];
    const lines: string[] = [];
    const result = await runTool(
      {
        ...script(
          'process.stdout.write("\\u001b[31mone\\u001b[0m\\r\\ntw");setTimeout(()=>{process.stdout.write("o\\nthree");process.stderr.write("four\\n");process.exitCode=3},50)',
        ),
        onLine: (line, stream) => lines.push(`${stream}:${line}`),
      },
      { signal: idle, log: line => log.push(line) },
    );
    assert.equal(result.exitCode, 3);
    assert.deepEqual(log.toSorted(), ['four', 'one', 'three', 'two']);
    assert.deepEqual(
      lines.filter(line => line.startsWith('stdout')),
      ['stdout:one', 'stdout:two', 'stdout:three'],
    );
  });

  it('passes arguments as they are and takes variables away', async () => {
    process.env['TOOL_TEST_GONE'] = 'here';
    const log: string[] = [];
    await runTool(
      {
        ...script(
          'console.log(JSON.stringify([process.argv.slice(1),process.env.TOOL_TEST_GONE,process.env.GIVEN]))',
          ['$(touch x)', 'a b', '"'],
        ),
        env: { TOOL_TEST_GONE: undefined, GIVEN: 'yes' },
      },
      { signal: idle, log: line => log.push(line) },
    );
    delete process.env['TOOL_TEST_GONE'];
    assert.deepEqual(JSON.parse(log[0]!), [['$(touch x)', 'a b', '"'], null, 'yes']);
  });

  it('says which program could not be started', async () => {
    await assert.rejects(
      runTool({ name: 'Packer', path: '/nowhere/packer', args: [] }, { signal: idle, log: () => undefined }),
      (error: Error) =>
        error instanceof ToolError &&
        error.message ===
          'Packer could not be started (/nowhere/packer): there is no such file, or no such interpreter as its first line names.',
    );
  });

  it('says that a program is not executable, and that a working directory is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tool-'));
    const path = join(folder, 'tests');
    writeFileSync(path, '#!/bin/sh\n', { mode: 0o644 });
    const host = { signal: idle, log: () => undefined };
    await assert.rejects(
      runTool({ name: 'tests', path, args: [] }, host),
      /tests\): it is not executable for the agent's user\.$/,
    );
    await assert.rejects(
      runTool({ ...script(''), cwd: join(folder, 'gone') }, host),
      /its working directory .*gone does not exist/,
    );
    rmSync(folder, { recursive: true });
  });

  it('starts nothing once the task is cancelled', () => {
    assert.throws(
      () =>
        startTool(script(''), {
          signal: AbortSignal.abort(new CancelledError('stopped')),
          log: () => undefined,
        }),
      CancelledError,
    );
  });

  it('starts what puts things in order even then, and lets it go on', async () => {
    const { exitCode } = await startTool(
      { ...script('setTimeout(() => process.exit(3), 50)'), evenWhenCancelled: true },
      { signal: AbortSignal.abort(new CancelledError('stopped')), log: () => undefined },
    ).ended;
    assert.equal(exitCode, 3);
  });

  it('hands batch files to the interpreter of Windows, and no argument that it would change', () => {
    const java = String.raw`C:\jdk\bin\java.exe`;
    assert.deepEqual(onWindows(java, ['a b', '100%']), {
      path: java,
      args: ['a b', '100%'],
      verbatim: false,
    });
    const batch = String.raw`C:\Program Files\jmeter.BAT`;
    assert.deepEqual(onWindows(batch, ['-t', 'a & b', 'C:\\x\\']).args, [
      '/d',
      '/s',
      '/v:off',
      '/c',
      String.raw`""C:\Program Files\jmeter.BAT" "-t" "a & b" "C:\x\\""`,
    ]);
    for (const unfit of ['%PATH%', 'a" & calc "', 'a\nb'])
      assert.throws(() => onWindows(batch, [unfit]), /leave out quotes and percent signs/);
  });

  it('cuts an endless line instead of keeping it', async () => {
    const lengths: number[] = [];
    await runTool(
      { ...script('process.stdout.write("x".repeat(300000))'), onLine: line => lengths.push(line.length) },
      { signal: idle, log: () => undefined },
    );
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      300_000,
    );
    assert.ok(Math.max(...lengths) <= 64 * 1024);
  });

  it('asks a cancelled program to end and gives it time to clean up', async () => {
    const abort = new AbortController();
    const log: string[] = [];
    const running = runTool(
      {
        ...script(
          'process.on("SIGTERM",()=>{setTimeout(()=>{console.log("cleaned up");process.exit(0)},100)});setInterval(()=>{},1000);console.log("ready")',
        ),
        onLine: line => {
          if (line === 'ready') abort.abort(new CancelledError('stopped'));
        },
      },
      { signal: abort.signal, log: line => log.push(line) },
    );
    await assert.rejects(running, CancelledError);
    assert.deepEqual(log, ['ready', 'cleaned up']);
  });

  it('asks a program in its own way first, and by the signal when that has not ended it', async () => {
    for (const [listens, end] of [
      [true, { exitCode: 5, signal: undefined }],
      [false, { exitCode: undefined, signal: 'SIGTERM' }],
    ] as const) {
      const directory = mkdtempSync(join(tmpdir(), 'ask-'));
      const word = join(directory, 'end');
      const abort = new AbortController();
      const waits = `const f=require('fs');console.log('ready');setInterval(()=>{if(${listens}&&f.existsSync(process.argv[1]))process.exit(5)},20)`;
      const tool = startTool(
        {
          ...script(waits, [word]),
          onLine: () => {
            abort.abort();
          },
          askToEnd: async () => {
            writeFileSync(word, '');
            if (listens) await tool.ended;
            else throw new Error('nobody listens');
          },
          stopGraceMilliseconds: 60_000,
        },
        { signal: abort.signal, log: () => undefined },
      );
      const { exitCode, signal } = await tool.ended;
      rmSync(directory, { recursive: true });
      assert.deepEqual({ exitCode, signal }, end);
    }
  });

  it('kills a program that does not listen, with all that it started', async () => {
    const abort = new AbortController();
    let grandchild = 0;
    const running = runTool(
      {
        ...script(
          'const c=require("child_process").spawn(process.execPath,["-e","process.on(\'SIGTERM\',()=>{});setInterval(()=>{},1000)"],{stdio:"inherit"});process.on("SIGTERM",()=>{});setInterval(()=>{},1000);setTimeout(()=>console.log(c.pid),200)',
        ),
        stopGraceMilliseconds: 1000,
        onLine: line => {
          grandchild = Number(line);
          abort.abort(new CancelledError('stopped'));
        },
      },
      { signal: abort.signal, log: () => undefined },
    );
    await assert.rejects(running, CancelledError);
    assert.ok(grandchild > 0);
    assert.ok(await hasEnded(grandchild));
  });

  it('leaves no process of a program that ended by itself', async () => {
    const lines: string[] = [];
    await runTool(
      {
        ...script(
          'const c=require("child_process").spawn("sleep",["60"],{stdio:"inherit"});console.log(c.pid);c.unref();process.exit(0)',
        ),
        onLine: line => lines.push(line),
      },
      { signal: idle, log: () => undefined },
    );
    assert.ok(await hasEnded(Number(lines[0])));
  });

  it('runs beside the task until it is stopped', async () => {
    const tool = startTool(script('setInterval(()=>{},1000)'), { signal: idle, log: () => undefined });
    await tool.stop();
    const result = await tool.ended;
    assert.equal(result.signal, 'SIGTERM');
    assert.ok(await hasEnded(tool.pid));
  });
});
