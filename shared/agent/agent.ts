/** The port between a use case and whatever runs it: the pipeline agent, or a fake in a test. */
import type { ReportContent } from '../report/content.js';

/** What a task may ask of the agent that runs it. A use case knows the agent by this interface only. */
export interface Agent {
  /** Aborted by the agent's SIGINT/SIGTERM or by the task's own deadline; its reason is a CancelledError. */
  readonly signal: AbortSignal;
  /** A directory for this run alone, removed when the task ends. */
  readonly tempDirectory: string;
  /** A directory for what must outlive the task: results, logs, what later steps or uploads read. Removed with the job. */
  readonly resultsDirectory: string;
  /** Where relative paths start: the sources in a build, the artifacts in a release. */
  readonly workingDirectory: string;

  /** Lines of the log. An agent command in them is neutralised, so text from outside may be logged as it is. */
  info(message: string): void;
  /** Seen with System.Debug only. */
  debug(message: string): void;
  /** Something a person should act on though the step goes on; becomes an issue of the run. */
  warning(message: string): void;
  /** Logs all that `body` logs as one collapsible group. */
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
  /** Opens such a group for lines whose end is not known beforehand, and returns what closes it; groups do not nest. */
  openGroup(title: string): () => void;
  /** Percentage done (0 to 100) and what is being done. */
  progress(percent: number, what: string): void;

  /** Masks a value, in every form a log may show it, from now on. Call it before the value's first use. */
  secret(value: string): void;
  /** Text with every registered secret replaced by `***`; for text that goes into a file, which nothing else masks. */
  mask(text: string): string;
  /** Sets one of the task's declared output variables. */
  output(name: string, value: string): void;
  /**
   * A variable that the parts of one step share, undefined when it is not set: what the task has set, its post-job part reads. The
   * name must be among task.json's settable variables.
   */
  taskVariable(name: string): string | undefined;
  /** Hands a value over to the step's post-job part, also where this process is killed a moment later. Never a secret. */
  setTaskVariable(name: string, value: string): void;
  /** A pipeline variable, undefined when it is not set. */
  variable(name: string): string | undefined;
  /** An environment variable of the agent's machine, such as `JMETER_HOME`; undefined when it is not set. */
  environment(name: string): string | undefined;
  /** A service connection, as the agent hands it over. */
  endpoint(id: string): Endpoint;
  /** The proxy that this URL must go through, undefined when there is none or the environment's own settings hold. */
  proxyFor(url: string): Proxy | undefined;

  /** Shows Markdown on the run's summary page. */
  summary(title: string, markdown: string): Promise<void>;
  /** Keeps a file with the run, among its logs. The file must outlive the task: see {@link resultsDirectory}. */
  keepFile(path: string): void;
  /**
   * What the release report says of this step: asked once, when the step ends, however that comes about. The last call counts.
   * @param tell gets what makes a time (milliseconds since the epoch) the report's own
   */
  report(tell: (offset: (time: number) => number) => ReportContent): void;
  /** Adds a file, or what a folder holds, to an artifact of the run; in a build only: a classic release has none. It must outlive the task. */
  publishArtifact(name: string, path: string): void;
  /** Keeps a file with the run as an attachment; type and name hold only what a file's name can. */
  attach(type: string, name: string, path: string): void;
  /** Publishes JUnit files to the run's Tests tab. The verdict never depends on it. */
  publishTests(publication: TestPublication): void;

  /**
   * The files that match any of the patterns (agent's own syntax: `**`, `*`, `?`, `!` to leave out), sorted, without directories.
   * @param patterns one a line, relative ones to `root`
   */
  findFiles(patterns: string, root: string): string[];

  /** Tools in exact versions, kept on this agent from run to run; undefined where the agent has no directory for them. */
  readonly toolCache: ToolCache | undefined;
  /** The full path of a program on PATH, undefined when there is none. */
  findTool(name: string): string | undefined;
  /** Runs a program to its end. See {@link ToolCall}. */
  run(call: ToolCall): Promise<ToolResult>;
  /** Starts a program that goes on beside the task; it is stopped at the latest when the task ends. */
  start(call: ToolCall): RunningTool;
  /**
   * Ends a program that an earlier part of this step left running, with its process group; true when it was still there.
   * @param program its number, and the full path it was started by
   */
  endLeftProgram(
    program: { readonly pid: number; readonly path: string },
    how: { readonly stopSignal: 'SIGINT' | 'SIGTERM'; readonly graceMilliseconds: number },
  ): Promise<boolean>;

  /** Runs at the task's end, whatever its outcome; the last registered runs first. */
  onCleanUp(what: string, action: () => Promise<void> | void): void;
}

/** A service connection's raw fields; names are compared without regard to case. */
export interface Endpoint {
  readonly id: string;
  readonly url: string | undefined;
  readonly scheme: string | undefined;
  /** An authorization parameter, such as `serviceprincipalkey`. */
  parameter(name: string): string | undefined;
  /** A data field, such as `subscriptionId`. */
  data(name: string): string | undefined;
  /** The token of the job's own connection to the service, for federated sign-in. */
  readonly jobToken: string | undefined;
}

/** The tools that the agent keeps, for this machine's architecture. */
export interface ToolCache {
  /** The versions of a tool that are there. */
  versions(tool: string): Promise<readonly string[]>;
  /** The folder that holds a tool in this exact version, undefined when it is not there. */
  find(tool: string, version: string): Promise<string | undefined>;
  /** Keeps a copy of a folder as this tool and version; returns the folder of the copy. */
  add(folder: string, tool: string, version: string): Promise<string>;
}

/** An HTTP proxy. */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** JUnit results for the Tests tab. */
export interface TestPublication {
  readonly files: readonly string[];
  readonly title: string;
}

/** A program to run: an argument vector, never a shell line. */
export interface ToolCall {
  /** The tool's name as people know it, for messages. */
  readonly name: string;
  /** Full path of the program. */
  readonly path: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /**
   * Variables on top of the agent's own environment; undefined removes one. Secrets go here, never into `args`.
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it reads on its standard input; nothing unless given. */
  readonly input?: string;
  /** Each whole line as it comes, colour codes removed, from both streams unless `stream` is looked at. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Whether lines go to the log as they come; true unless given. */
  readonly echo?: boolean;
  /** Asks the program to end in a way of its own, before it gets a signal and within its grace. */
  readonly askToEnd?: () => Promise<void>;
  /** Puts in order what the task leaves behind: starts although the task is cancelled, and goes on until it ends or is stopped. */
  readonly evenWhenCancelled?: boolean;
  /** How the program is asked to end when the task is cancelled; SIGTERM unless given. Windows asks nothing and ends it at once. */
  readonly stopSignal?: 'SIGINT' | 'SIGTERM';
  /** How long it may take to end after that before its process group is killed; 10 s unless given. */
  readonly stopGraceMilliseconds?: number;
}

/** How a program ended. */
export interface ToolResult {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  /** The last lines of both streams, at most 200, colour codes removed. */
  readonly tail: readonly string[];
}

/** A program that runs beside the task. */
export interface RunningTool {
  readonly pid: number;
  /** Resolves when the program has ended, by itself or by {@link stop}. */
  readonly ended: Promise<ToolResult>;
  /** Ends it and everything it started; resolves when they are gone. */
  stop(): Promise<void>;
}
