import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, ToolError } from '../../../shared/core/errors.js';
import { runTool, startTool } from '../../../shared/agent/tool.js';

const idle = new AbortController().signal;

function script(code: string, args: string[] = []) {
  return { name: 'node', path: process.execPath, args: ['-e', code, ...args] };
}

async function gone(pid: number): Promise<boolean> {
  for (let round = 0; round < 100; round++) {
    if (!existsSync(`/proc/${pid}`)) return true;
    await delay(50);
  }
  return false;
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
        error instanceof ToolError && error.message.includes('Packer could not be started (/nowhere/packer)'),
    );
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

  it('kills a program that does not listen, with all that it started', async () => {
    const abort = new AbortController();
    let grandchild = 0;
    const running = runTool(
      {
        ...script(
          'const c=require("child_process").spawn(process.execPath,["-e","process.on(\'SIGTERM\',()=>{});setInterval(()=>{},1000)"],{stdio:"inherit"});process.on("SIGTERM",()=>{});setInterval(()=>{},1000);setTimeout(()=>console.log(c.pid),200)',
        ),
        stopGraceMilliseconds: 200,
        onLine: line => {
          grandchild = Number(line);
          abort.abort(new CancelledError('stopped'));
        },
      },
      { signal: abort.signal, log: () => undefined },
    );
    await assert.rejects(running, CancelledError);
    assert.ok(grandchild > 0);
    assert.ok(await gone(grandchild));
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
    assert.ok(await gone(Number(lines[0])));
  });

  it('runs beside the task until it is stopped', async () => {
    const tool = startTool(script('setInterval(()=>{},1000)'), { signal: idle, log: () => undefined });
    await tool.stop();
    const result = await tool.ended;
    assert.equal(result.signal, 'SIGTERM');
    assert.ok(await gone(tool.pid));
  });
});
