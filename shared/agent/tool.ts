/** Child processes: the one place that starts any. Own process group, whole lines, and nothing left behind. */
import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import { ToolError } from '../core/errors.js';
import { stripAnsi } from '../core/text.js';
import type { RunningTool, ToolCall, ToolResult } from './agent.js';

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
  context.signal.throwIfAborted();
  const tool = startTool(call, context);
  const result = await tool.ended;
  context.signal.throwIfAborted();
  return result;
}

/**
 * Starts a program. It ends by itself, by `stop()`, or when the signal is aborted: first asked by its stop signal, sent to its
 * whole process group, then killed with the group when its grace is over.
 */
export function startTool(call: ToolCall, { signal, log }: ToolContext): RunningTool {
  const child = spawn(call.path, call.args, {
    cwd: call.cwd,
    env: mergedEnvironment(call.env ?? {}),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
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
  const end = () => {
    signalGroup(child, call.stopSignal ?? 'SIGTERM');
    killTimer ??= setTimeout(() => {
      signalGroup(child, 'SIGKILL');
    }, call.stopGraceMilliseconds ?? defaultGraceMilliseconds);
  };
  signal.addEventListener('abort', end, { once: true });

  const ended = new Promise<ToolResult>((resolve, reject) => {
    child.once('error', error => {
      signal.removeEventListener('abort', end);
      const message = `${call.name} could not be started (${call.path}): ${error.message}`;
      reject(new ToolError(message, call.name, undefined, [], { cause: error }));
    });
    // A grandchild may hold the pipes open after the tool has ended: the group is ended first, then the pipes close.
    child.once('exit', () => {
      signalGroup(child, 'SIGKILL');
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
      if (child.exitCode === null && child.signalCode === null) end();
      await ended.catch(() => undefined);
    },
  };
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
  if (process.platform === 'win32') {
    if (signal === 'SIGKILL')
      spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true });
    else child.kill(signal);
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
