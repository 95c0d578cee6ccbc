/** Runs a built task as the agent does: a process of its own, inputs by environment, results by commands on its output. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/tasks.js';

/** What to run. */
export interface BundleCall {
  readonly task: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** The sources directory. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sees all output so far whenever there is more, for sending signals at the right moment. */
  readonly onOutput?: (output: string, child: ChildProcess) => void;
}

/** What the task said. */
export interface BundleRun {
  readonly status: number | null;
  readonly output: string;
  readonly lines: readonly string[];
  /** `task.complete`'s line. */
  readonly result: string;
  /** Output variables by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The agent's temporary directory; what the task leaves there is removed by {@link close}. */
  readonly temp: string;
  close(): void;
}

/** Runs a task of dist/extension to its end. */
export async function runBundle(call: BundleCall): Promise<BundleRun> {
  const temp = mkdtempSync(join(tmpdir(), 'agent-temp-'));
  const child = spawn(
    process.execPath,
    [join(repositoryRoot, 'dist', 'extension', 'tasks', call.task, 'index.cjs')],
    {
      cwd: call.directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        TF_BUILD: 'True',
        AGENT_VERSION: '4.265.1',
        AGENT_TEMPDIRECTORY: temp,
        SYSTEM_DEFAULTWORKINGDIRECTORY: call.directory,
        BUILD_SOURCESDIRECTORY: call.directory,
        ...Object.fromEntries(
          Object.entries(call.inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
        ),
        ...call.env,
      },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      call.onOutput?.(output, child);
    });
  }
  const [status] = (await once(child, 'close')) as [number | null];
  const lines = output.split('\n');
  const outputs: Record<string, string> = {};
  for (const line of lines) {
    const match = /^##vso\[task\.setvariable variable=(\w+);isOutput=true;issecret=false;\](.*)$/.exec(line);
    if (match !== null) outputs[match[1] ?? ''] = match[2] ?? '';
  }
  return {
    status,
    output,
    lines,
    result: lines.find(line => line.startsWith('##vso[task.complete')) ?? '',
    outputs,
    temp,
    close: () => {
      rmSync(temp, { recursive: true, force: true });
    },
  };
}
