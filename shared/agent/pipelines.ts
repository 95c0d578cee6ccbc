/** The Azure Pipelines agent behind the port: the only file that imports azure-pipelines-task-lib. */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import * as tl from 'azure-pipelines-task-lib/task.js';
import { describe } from '../core/errors.js';
import type { ReportContent } from '../report/content.js';
import type { EndedStep } from '../report/part.js';
import type { Agent, Endpoint, Proxy, TestPublication, ToolCache } from './agent.js';
import type { InputSource } from './inputs.js';
import { leaveReport } from './leaveReport.js';
import { endLeftProgram } from './leftProgram.js';
import { createSecrets } from './secrets.js';
import { runTool, startTool } from './tool.js';

/** The agent's two sides: the port for the use case, and the result, which belongs to runTask alone. */
export interface Pipelines {
  readonly agent: Agent;
  readonly inputs: InputSource;
  succeed(sentence: string): void;
  fail(message: string): void;
  cancel(message: string): void;
  /** Leaves the step's part of the release report; never throws. */
  leaveReport(ended: Pick<EndedStep, 'task' | 'result' | 'message'>): void;
  /** Runs the registered clean-up actions, the last one first; warns where one fails, never throws. */
  cleanUp(): Promise<void>;
  /** Ends the process once everything written has left it. */
  exit(): Promise<never>;
}

/** Connects to the agent that started this process, by its environment variables. */
export function connectPipelines(signal: AbortSignal): Pipelines {
  // task-lib's own sets a result and lets the task go on; runTask ends it in order.
  process.removeAllListeners('uncaughtException');
  const startedAt = Date.now();
  const warnings: string[] = [];
  let tell: Parameters<Agent['report']>[0] | undefined;
  const cleanUps: { what: string; action: () => Promise<void> | void }[] = [];
  const jobTemp = tl.getVariable('Agent.TempDirectory') ?? tmpdir();
  mkdirSync(jobTemp, { recursive: true });
  const tempDirectory = mkdtempSync(join(jobTemp, 'bake-and-roll-'));
  cleanUps.push({
    what: 'removing temporary files',
    action: () => {
      rmSync(tempDirectory, { recursive: true, force: true });
    },
  });
  const resultsDirectory = mkdtempSync(join(jobTemp, 'results-'));
  const secrets = createSecrets(value => {
    tl.setSecret(value);
  });
  // The agent masks the pipeline's own secrets in its log only; in files that a task keeps it is up to the task.
  for (const { secret, value } of tl.getVariables()) if (secret) secrets.add(value);

  const agent: Agent = {
    signal,
    tempDirectory,
    resultsDirectory,
    workingDirectory: tl.getVariable('System.DefaultWorkingDirectory') ?? process.cwd(),
    info: write,
    debug: message => {
      tl.debug(secrets.mask(message));
    },
    warning: message => {
      warnings.push(message);
      tl.warning(message);
    },
    async group(title, body) {
      command(`##[group]${oneLine(title)}`);
      try {
        return await body();
      } finally {
        command('##[endgroup]');
      }
    },
    openGroup: title => {
      command(`##[group]${oneLine(title)}`);
      return () => {
        command('##[endgroup]');
      };
    },
    progress: (percent, what) => {
      tl.setProgress(Math.max(0, Math.min(100, Math.floor(percent))), oneLine(what));
    },
    secret: value => {
      secrets.add(value);
    },
    mask: text => secrets.mask(text),
    output: (name, value) => {
      tl.setVariable(name, value, false, true);
    },
    taskVariable: name => tl.getTaskVariable(name),
    setTaskVariable: (name, value) => {
      tl.setTaskVariable(name, value);
    },
    variable: name => tl.getVariable(name),
    environment: name => process.env[name],
    endpoint: readEndpoint,
    proxyFor: readProxy,
    summary: (title, markdown) => {
      const file = join(resultsDirectory, `${title.replace(/[^A-Za-z0-9 ._-]/g, '-')}.md`);
      writeFileSync(file, secrets.mask(markdown));
      tl.uploadSummary(file);
      return Promise.resolve();
    },
    keepFile: path => {
      tl.uploadFile(path);
    },
    report: told => {
      tell = told;
    },
    publishArtifact: (name, path) => {
      tl.uploadArtifact(name, path, name);
    },
    attach: (type, name, path) => {
      tl.addAttachment(type, name, path);
    },
    publishTests: publication => {
      publishTests(publication);
    },
    findFiles,
    toolCache: tl.getVariable('Agent.ToolsDirectory') === undefined ? undefined : toolCache,
    findTool: name => {
      const path = tl.which(name, false);
      return path === '' ? undefined : path;
    },
    run: call => runTool(call, { signal, log: write }),
    start: call => {
      const tool = startTool(call, { signal, log: write });
      cleanUps.push({ what: `stopping ${call.name}`, action: () => tool.stop() });
      return tool;
    },
    endLeftProgram: (program, how) => endLeftProgram(program, how, signal),
    onCleanUp: (what, action) => {
      cleanUps.push({ what, action });
    },
  };

  return {
    agent,
    inputs: { text: name => tl.getInput(name, false), pathSupplied: name => tl.filePathSupplied(name) },
    succeed: sentence => {
      tl.setResult(tl.TaskResult.Succeeded, sentence);
      write(sentence);
    },
    fail: message => {
      tl.setResult(tl.TaskResult.Failed, secrets.mask(message));
    },
    cancel: message => {
      // task-lib writes "Cancelled", which the agent does not know: its word is "Canceled".
      tl.command('task.complete', { result: 'Canceled' }, message);
    },
    leaveReport: ended => {
      let content: ReportContent | undefined;
      try {
        content = tell?.(time => Math.round(time - startedAt));
      } catch (error) {
        agent.warning(`What the step did is not in the release report: ${describe(error)}`);
      }
      leaveReport({ ...ended, startedAt, finishedAt: Date.now(), warnings, content }, agent);
    },
    async cleanUp() {
      for (const { what, action } of cleanUps.reverse()) {
        try {
          await action();
        } catch (error) {
          agent.warning(`${what} failed: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    },
    async exit() {
      await new Promise(resolve => process.stdout.write('', resolve));
      process.exit(0);
    },
  };
}

/** Loaded when it is first asked: few runs need it, and its library asks the agent things as soon as it is there. */
const toolCache: ToolCache = {
  versions: async (...asked) => (await import('./toolCache.js')).agentToolCache.versions(...asked),
  find: async (...asked) => (await import('./toolCache.js')).agentToolCache.find(...asked),
  add: async (...given) => (await import('./toolCache.js')).agentToolCache.add(...given),
};

/** See {@link Agent.findFiles}. */
export function findFiles(patterns: string, root: string): string[] {
  const lines = patterns.split(/\r?\n/).filter(line => line.trim() !== '');
  return tl
    .findMatch(root, lines)
    .filter(path => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .sort();
}

/** Writes log lines in which no agent command survives. */
function write(text: string): void {
  tl.writeExternalOutput(`${text}\n`, { source: 'childProcess' });
}

function command(line: string): void {
  process.stdout.write(`${line}\n`);
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replaceAll('##vso[', '##_vso[');
}

function readEndpoint(id: string): Endpoint {
  return {
    id,
    url: tl.getEndpointUrl(id, true),
    scheme: tl.getEndpointAuthorizationScheme(id, true),
    parameter: name => tl.getEndpointAuthorizationParameter(id, name, true),
    data: name => tl.getEndpointDataParameter(id, name, true),
    jobToken: tl.getEndpointAuthorizationParameter('SystemVssConnection', 'AccessToken', true),
  };
}

/** The agent's own proxy setting; what HTTPS_PROXY says is read by the libraries themselves. */
function readProxy(url: string): Proxy | undefined {
  const proxy = tl.getHttpProxyConfiguration(url);
  if (proxy === null) return undefined;
  const { protocol, hostname, port } = new URL(proxy.proxyUrl);
  return {
    host: `${protocol}//${hostname}`,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ...(proxy.proxyUsername ? { username: proxy.proxyUsername } : {}),
    ...(proxy.proxyPassword ? { password: proxy.proxyPassword } : {}),
  };
}

function publishTests({ files, title }: TestPublication): void {
  tl.command(
    'results.publish',
    {
      type: 'JUnit',
      mergeResults: 'true',
      publishRunAttachments: 'true',
      runTitle: title,
      resultFiles: files.join(','),
    },
    '',
  );
  tl.debug(`published ${files.map(file => basename(file)).join(', ')} as '${title}'`);
}
