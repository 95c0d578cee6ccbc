/** The agent's port for tests: records what a use case says, and runs real programs. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ReportContent } from '../../shared/report/content.js';
import type { Agent, Endpoint, TestPublication, ToolCache } from '../../shared/agent/agent.js';
import { endLeftProgram } from '../../shared/agent/leftProgram.js';
import { createSecrets } from '../../shared/agent/secrets.js';
import { runTool, startTool } from '../../shared/agent/tool.js';

/** What a fake agent is given; everything has a default. */
export interface FakeAgentOptions {
  readonly workingDirectory?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Full paths of programs by name, in place of PATH. */
  readonly tools?: Readonly<Record<string, string>>;
  readonly endpoints?: Readonly<Record<string, Partial<Endpoint>>>;
  readonly signal?: AbortSignal;
  /** In place of one that is there. */
  readonly resultsDirectory?: string;
  /** Of an earlier part of the same step. */
  readonly taskVariables?: Readonly<Record<string, string>>;
}

/** A fake agent and all that was said to it. */
export interface FakeAgent {
  readonly agent: Agent;
  readonly log: string[];
  readonly warnings: string[];
  readonly outputs: Record<string, string>;
  readonly taskVariables: Record<string, string>;
  readonly summaries: { title: string; markdown: string }[];
  readonly published: TestPublication[];
  readonly kept: string[];
  readonly artifacts: { name: string; path: string }[];
  readonly progress: { percent: number; what: string }[];
  readonly attachments: { type: string; name: string; path: string }[];
  readonly secrets: string[];
  /** What the release report would say of the step now; times count from the fake's making. */
  reported(): ReportContent | undefined;
  /** Runs the clean-up actions as the task's end does and removes the fake's own directories. */
  close(): Promise<void>;
}

/** Makes a fake agent; call `close()` in the test's end. */
export function fakeAgent(options: FakeAgentOptions = {}): FakeAgent {
  const directory = mkdtempSync(join(tmpdir(), 'fake-agent-'));
  const cleanUps: (() => Promise<void> | void)[] = [];
  const fake = {
    log: [] as string[],
    warnings: [] as string[],
    outputs: {} as Record<string, string>,
    taskVariables: { ...options.taskVariables } as Record<string, string>,
    summaries: [] as { title: string; markdown: string }[],
    published: [] as TestPublication[],
    kept: [] as string[],
    artifacts: [] as { name: string; path: string }[],
    progress: [] as { percent: number; what: string }[],
    attachments: [] as { type: string; name: string; path: string }[],
    secrets: [] as string[],
  };
  const secrets = createSecrets(form => fake.secrets.push(form));
  const startedAt = Date.now();
  let tell: Parameters<Agent['report']>[0] | undefined;
  const log = (line: string) => void fake.log.push(line);
  const signal = options.signal ?? new AbortController().signal;
  const agent: Agent = {
    signal,
    tempDirectory: mkdtempSync(join(directory, 'temp-')),
    resultsDirectory: options.resultsDirectory ?? mkdtempSync(join(directory, 'results-')),
    workingDirectory: options.workingDirectory ?? directory,
    info: log,
    debug: () => undefined,
    warning: message => void fake.warnings.push(message),
    async group(title, body) {
      log(`##[group]${title}`);
      return await body();
    },
    openGroup: title => {
      log(`##[group]${title}`);
      return () => {
        log('##[endgroup]');
      };
    },
    progress: (percent, what) => void fake.progress.push({ percent, what }),
    secret: value => {
      secrets.add(value);
    },
    mask: text => secrets.mask(text),
    output: (name, value) => {
      fake.outputs[name] = value;
    },
    taskVariable: name => fake.taskVariables[name],
    setTaskVariable: (name, value) => {
      fake.taskVariables[name] = value;
    },
    variable: name => options.variables?.[name],
    environment: name => options.environment?.[name],
    endpoint: id => {
      const given = options.endpoints?.[id];
      return {
        url: undefined,
        scheme: undefined,
        parameter: () => undefined,
        data: () => undefined,
        jobToken: undefined,
        ...given,
        id,
      };
    },
    proxyFor: () => undefined,
    summary: (title, markdown) => {
      fake.summaries.push({ title, markdown });
      return Promise.resolve();
    },
    keepFile: path => void fake.kept.push(path),
    report: told => {
      tell = told;
    },
    publishArtifact: (name, path) => void fake.artifacts.push({ name, path }),
    attach: (type, name, path) => void fake.attachments.push({ type, name, path }),
    publishTests: publication => void fake.published.push(publication),
    findFiles,
    toolCache: fakeToolCache(mkdtempSync(join(directory, 'tools-'))),
    findTool: name => options.tools?.[name],
    run: call => runTool(call, { signal, log }),
    start: call => {
      const tool = startTool(call, { signal, log });
      cleanUps.push(() => tool.stop());
      return tool;
    },
    endLeftProgram: (program, how) => endLeftProgram(program, how, signal),
    onCleanUp: (_what, action) => void cleanUps.push(action),
  };
  return {
    agent,
    ...fake,
    reported: () => tell?.(time => Math.round(time - startedAt)),
    async close() {
      for (const action of cleanUps.splice(0).reverse()) await action();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Folders `<tool>/<version>` under the root. */
function fakeToolCache(root: string): ToolCache {
  const path = (tool: string, version = '') => join(root, tool, version);
  return {
    versions: tool => Promise.resolve(existsSync(path(tool)) ? readdirSync(path(tool)) : []),
    find: (tool, version) =>
      Promise.resolve(existsSync(path(tool, version)) ? path(tool, version) : undefined),
    add: (folder, tool, version) => {
      cpSync(folder, path(tool, version), { recursive: true });
      return Promise.resolve(path(tool, version));
    },
  };
}

/** Patterns with `*`, `**` and `!` over the files under the root. */
function findFiles(patterns: string, root: string): string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => !entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name));
  let found: string[] = [];
  for (const line of patterns.split('\n').map(pattern => pattern.trim())) {
    if (line === '') continue;
    const regex = resolve(root, line.replace(/^!/, ''))
      .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
      .replace(/\*\*\/|\*/g, stars => (stars === '*' ? '[^/]*' : '(.*/)?'));
    const matching = files.filter(file => new RegExp(`^${regex}$`).test(file));
    found = line.startsWith('!')
      ? found.filter(file => !matching.includes(file))
      : [...new Set([...found, ...matching])];
  }
  return found.sort();
}
