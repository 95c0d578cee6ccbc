/** One run of the tests, or of a part of them, with one browser: its own WebDriver endpoint, its own processes, its own results. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, ToolResult } from '../../../shared/agent/agent.js';
import type { TestCase } from '../../../shared/core/junit.js';
import { singleLine } from '../../../shared/core/text.js';
import { runAttempts, type Attempt, type Attempts } from './attempts.js';
import { runChecks } from './checks/runChecks.js';
import { endFamily, runningFamily } from './processFamily.js';
import { unfinishedTest } from './liveTests.js';
import { readResults } from './results.js';
import type { ChecksRunner, Runner } from './runner.js';
import type { ProgramRunner, Selection } from './runners/finding.js';
import type { Shard } from './shards.js';
import { watchWebDriver, type WatchedWebDriver, type WatchOptions } from './watchedWebDriver.js';
import { loopbackWithoutProxy, markVariable, type WebDriver } from './webDriver.js';

/** The tests and what they are run against. */
export interface Suite {
  readonly site: string;
  readonly directory: string;
  readonly runner: Runner;
  /** At most so many more attempts for tests that failed. */
  readonly rerunFailed: number;
  /** Whether what failed is to be shown. */
  readonly evidence: boolean;
  /** More variables for whatever draws: the display. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A run that came to an end by itself, however it went. */
export interface SuiteRun extends Attempts {
  readonly job: BrowserRun;
  /** What the driver said when it made no browser session; undefined when it made all. */
  readonly refusal: string | undefined;
  /** The driver that this run started, its name and where it is. */
  readonly driver: string | undefined;
  readonly milliseconds: number;
}

/** What is run: a browser, how its sessions are made, and which of the tests. */
export interface BrowserRun {
  /** As the input names it. */
  readonly browser: string;
  readonly shard: Shard;
  /** What tells it from those beside it, such as `firefox` or `firefox, shard 2 of 3`; empty when it is the only one. */
  readonly label: string;
  /** The value of `BROWSER`. */
  readonly browserName: string;
  /** Opens the real endpoint, for a run of this mark. */
  readonly open: (mark: string) => Promise<WebDriver>;
  readonly watch: WatchOptions;
}

/** The agent gives a task 10 s after its first signal; browsers must be gone by then as well. */
const runnerGrace = 3000;

/** The folder into which tests put their screenshots. */
export function screenshotFolder(agent: Agent): string {
  return join(agent.resultsDirectory, 'screenshots');
}

/**
 * Runs the tests with one browser and leaves no process or session of theirs behind.
 * @throws what opening the endpoint throws; the signal's reason when it was aborted
 */
export async function runSuite(suite: Suite, run: BrowserRun, agent: Agent): Promise<SuiteRun> {
  const startedAt = Date.now();
  const mark = randomUUID();
  const webDriver = await run.open(mark);
  let watched: WatchedWebDriver | undefined;
  try {
    watched = await watchWebDriver(webDriver, run.watch, agent);
    const attempts = await allAttempts(suite, run, watched, mark, agent);
    const milliseconds = Date.now() - startedAt;
    return { job: run, refusal: watched.refusal(), driver: webDriver.program, milliseconds, ...attempts };
  } finally {
    const family = runningFamily(mark);
    await watched?.close();
    await webDriver.close();
    await endFamily(mark, family);
  }
}

function allAttempts(
  suite: Suite,
  { browserName, label, shard }: BrowserRun,
  watched: WatchedWebDriver,
  mark: string,
  agent: Agent,
): Promise<Attempts> {
  const { runner } = suite;
  const common = {
    SITE_URL: suite.site,
    WEBDRIVER_URL: watched.url,
    BROWSER: browserName,
    SHARD: String(shard.number),
    SHARDS: String(shard.of),
  };
  const own = label === '' ? [] : [label.replace(/\W+/g, '-')];
  const info = (line: string) => {
    agent.info(label === '' ? line : `[${label}] ${line}`);
  };
  const one = async (attempt: number, failed: readonly TestCase[] | undefined): Promise<Attempt> => {
    const folders = {
      RESULTS_DIR: join(agent.tempDirectory, 'results', ...own, String(attempt)),
      SCREENSHOT_DIR: join(screenshotFolder(agent), ...own),
    };
    for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
    const call = { variables: { ...common, ...folders }, failed, units: shard.units };
    const evidence = join(agent.resultsDirectory, 'evidence', ...own, String(attempt));
    const liveLog = 'liveLog' in runner ? runner.liveLog(call.variables) : undefined;
    const running = () => (liveLog === undefined ? undefined : unfinishedTest(liveLog));
    return watched.attempt({ folder: evidence, liveLog }, async () => {
      try {
        const ended =
          'checks' in runner
            ? await check(runner, call, suite.evidence ? evidence : undefined, info, agent)
            : await runProgram(suite, runner, call, mark, label === '' ? undefined : info, agent);
        const results = readResults(folders.RESULTS_DIR, runner.name);
        const last = results.unreadable.length === 0 ? undefined : running();
        const unreadable =
          last === undefined ? [] : [`The last test that began, and did not end, is ${singleLine(last)}.`];
        return { ended, results: { ...results, unreadable: [...results.unreadable, ...unreadable] } };
      } catch (error) {
        // Whoever looks why it hung wants to know where.
        const last = running();
        if (last !== undefined) info(`${runner.name} was ended while ${singleLine(last)} was running.`);
        throw error;
      }
    });
  };
  const isHook = 'isHook' in runner ? { isHook: runner.isHook } : {};
  return runAttempts(one, { most: suite.rerunFailed, ...isHook, info });
}

interface Call extends Selection {
  readonly variables: Readonly<Record<string, string>>;
  readonly failed: readonly TestCase[] | undefined;
}

function runProgram(
  suite: Suite,
  runner: ProgramRunner,
  { variables, ...selection }: Call,
  mark: string,
  onLine: ((line: string) => void) | undefined,
  agent: Agent,
): Promise<ToolResult> {
  for (const [path, content] of Object.entries(runner.files?.(variables) ?? {})) writeFileSync(path, content);
  return agent.run({
    ...(onLine === undefined ? {} : { echo: false, onLine }),
    name: runner.name,
    path: runner.path,
    args: runner.args(variables, selection),
    cwd: suite.directory,
    env: {
      ...loopbackWithoutProxy(agent),
      ...suite.environment,
      ...runner.environment?.(variables),
      ...variables,
      [markVariable]: mark,
    },
    stopGraceMilliseconds: runnerGrace,
  });
}

/** Checks end as a program would. */
async function check(
  { checks }: ChecksRunner,
  call: Call,
  evidence: string | undefined,
  info: (line: string) => void,
  agent: Agent,
): Promise<ToolResult> {
  const keep = (folder: string) => (name: string, content: string | Buffer) => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? agent.mask(content) : content);
    agent.keepFile(path);
    return path;
  };
  const { signal } = agent;
  const good = await runChecks(checks, {
    ...call,
    signal,
    keep: evidence === undefined ? undefined : keep(evidence),
    info,
  });
  return { exitCode: good ? 0 : 1, signal: undefined, tail: [] };
}
