/** Child processes: the one place that starts any. Own process group, whole lines, and nothing left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { ToolError, UserError } from '../core/errors.js';
import { stripAnsi } from '../core/text.js';
import type { RunningTool, ToolCall, ToolResult } from './agent.js';

const isWindows = process.platform === 'win32';
const tailLength = 200;
const defaultGraceMilliseconds = 10_000;
/** A line longer than this is cut into pieces, so that one endless line cannot fill the memory. */
const longestLine = 64 * 1024;

/** What a tool runs in. */
export interface ToolContext {
  /** Ends the tool when it is aborted. */
  readonly signal: AbortSignal;
  /** Takes each line that the log shows. */
  readonly log: (line: string) => void;
}

/**
 * Runs a program to its end.
 * @throws ToolError when it cannot be started
 * @throws the signal's reason when it was aborted, after the program and all it started have ended
 */
export async function runTool(call: ToolCall, context: ToolContext): Promise<ToolResult> {
  const tool = startTool(call, context);
  const result = await tool.ended;
  context.signal.throwIfAborted();
  return result;
}

/**
 * Starts a program. It ends by itself, by `stop()`, or when the signal is aborted: first asked by its stop signal, sent to its
 * whole process group, then killed with the group when its grace is over. Windows knows no asking: there the whole tree is ended at once.
 * @throws ToolError when the system will not start it at all
 * @throws the signal's reason when it was aborted before, unless the program runs even then
 */
export function startTool(call: ToolCall, { signal, log }: ToolContext): RunningTool {
  const withTask = call.evenWhenCancelled !== true;
  if (withTask) signal.throwIfAborted();
  const child = spawned(call);
  const tail: string[] = [];
  const take = (line: string, stream: 'stdout' | 'stderr') => {
    const clean = stripAnsi(line);
    tail.push(clean);
    if (tail.length > tailLength) tail.shift();
    if (call.echo !== false) log(clean);
    call.onLine?.(clean, stream);
  };
  splitLines(child.stdout, line => {
    take(line, 'stdout');
  });
  splitLines(child.stderr, line => {
    take(line, 'stderr');
  });

  let killTimer: NodeJS.Timeout | undefined;
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  let asked: Promise<void> | undefined;
  const end = () => {
    const signalEnd = () => {
      signalGroup(child, call.stopSignal ?? 'SIGTERM');
    };
    if (call.askToEnd === undefined) signalEnd();
    else {
      asked ??= call.askToEnd().catch(() => undefined);
      void asked.then(() => {
        if (isRunning()) signalEnd();
      });
    }
    killTimer ??= setTimeout(() => {
      signalGroup(child, 'SIGKILL');
    }, call.stopGraceMilliseconds ?? defaultGraceMilliseconds);
  };
  if (withTask) signal.addEventListener('abort', end, { once: true });

  const ended = new Promise<ToolResult>((resolve, reject) => {
    child.once('error', error => {
      signal.removeEventListener('abort', end);
      clearTimeout(killTimer);
      reject(notStarted(call, error));
    });
    // A grandchild may hold the pipes open after the tool has ended: the group is ended first, then the pipes close.
    // Windows has no groups, and the number of a process that has ended may be another's by now.
    child.once('exit', () => {
      if (!isWindows) signalGroup(child, 'SIGKILL');
    });
    child.once('close', (code, signalName) => {
      clearTimeout(killTimer);
      signal.removeEventListener('abort', end);
      resolve({ exitCode: code ?? undefined, signal: signalName ?? undefined, tail });
    });
  });
  // Whoever waits for the end sees the rejection; nobody waiting must not end the process.
  ended.catch(() => undefined);

  return {
    pid: child.pid ?? 0,
    ended,
    async stop() {
      if (isRunning()) end();
      await ended.catch(() => undefined);
    },
  };
}

function spawned(call: ToolCall) {
  const { path, args, verbatim } = isWindows
    ? onWindows(call.path, call.args)
    : { path: call.path, args: call.args, verbatim: false };
  const options = {
    cwd: call.cwd,
    env: mergedEnvironment(call.env ?? {}),
    detached: !isWindows,
    windowsHide: true,
    windowsVerbatimArguments: verbatim,
  };
  try {
    if (call.input === undefined) return spawn(path, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const child = spawn(path, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    // A program may end before it has read all: its own end tells more than the broken pipe.
    child.stdin.on('error', () => undefined).end(call.input);
    return child;
  } catch (error) {
    throw notStarted(call, error);
  }
}

/** The system says ENOENT for a folder that is not there as well, and names the program. */
function notStarted(call: ToolCall, error: unknown): ToolError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const why =
    call.cwd !== undefined && !existsSync(call.cwd)
      ? `its working directory ${call.cwd} does not exist`
      : code === 'ENOENT'
        ? 'there is no such file, or no such interpreter as its first line names'
        : code === 'EACCES'
          ? "it is not executable for the agent's user"
          : error instanceof Error
            ? error.message
            : String(error);
  return new ToolError(
    `${call.name} could not be started (${call.path}): ${why}.`,
    call.name,
    undefined,
    [],
    {
      cause: error,
    },
  );
}

/**
 * What Windows is to start: a batch file goes through its interpreter, for Node starts none by itself. In quotes cmd.exe takes everything
 * literally but quotes and percent signs. Pure.
 * @throws UserError for an argument that a batch file cannot be given unchanged
 */
export function onWindows(
  path: string,
  args: readonly string[],
): { readonly path: string; readonly args: readonly string[]; readonly verbatim: boolean } {
  if (!/\.(bat|cmd)$/i.test(path)) return { path, args, verbatim: false };
  const unfit = [path, ...args].find(text => /["%\r\n]/.test(text));
  if (unfit !== undefined) {
    throw new UserError(
      `${path} is a batch file, and Windows cannot hand it ${JSON.stringify(unfit)} unchanged: leave out quotes and percent signs.`,
    );
  }
  // A backslash before the closing quote would take it along.
  const quoted = [path, ...args].map(text => `"${text.replace(/(\\+)$/, '$1$1')}"`).join(' ');
  return { path: 'cmd.exe', args: ['/d', '/s', '/v:off', '/c', `"${quoted}"`], verbatim: true };
}

/** The agent's environment with the call's variables on top; undefined takes one away. */
function mergedEnvironment(own: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const merged: NodeJS.ProcessEnv = { ...process.env };
  for (const [name, value] of Object.entries(own)) {
    if (value === undefined) Reflect.deleteProperty(merged, name);
    else merged[name] = value;
  }
  return merged;
}

function signalGroup(child: ChildProcess, signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  if (isWindows) {
    const kill = spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], {
      stdio: 'ignore',
      windowsHide: true,
    });
    kill.once('error', () => child.kill());
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function splitLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    while (rest.length > longestLine) {
      onLine(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    take(decoder.write(chunk));
  });
  stream.on('end', () => {
    take(decoder.end());
    if (rest !== '') onLine(rest.replace(/\r$/, ''));
    rest = '';
  });
}
