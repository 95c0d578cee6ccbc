/** Runs JMeter on a plan, to its end. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent, ToolCall, ToolResult } from '../../../shared/agent/agent.js';
import { describeEnd } from '../../../shared/agent/toolEnd.js';
import { ToolError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';
import { keepLog } from './keepFiles.js';
import { careForEngines, engineFaults } from './careForEngines.js';
import { shutdownPort, stopEngines } from './endJmeter.js';
import { ownProperties, propertiesFile, samplingProperties } from './jmeter.js';
import { brokenThreads, isNoise, whyNotRun } from './jmeterLog.js';
import { engineProperties, remoteArguments, type RemoteEngines } from './remoteEngines.js';
import { watchRun, type Seen, type Watch } from './watchRun.js';

const jmeterGrace = 5000;

/** What JMeter is started with. */
export interface JmeterCall {
  /** Full path of the launcher. */
  readonly jmeter: string;
  readonly plan: string;
  /** Where the plan's relative paths start. */
  readonly directory: string;
  readonly properties: ReadonlyMap<string, string>;
  /** A folder of jars that JMeter loads besides its own. */
  readonly plugins: string | undefined;
  /** Property files, weaker than the properties. */
  readonly propertyFiles: readonly string[];
  /** For the Java virtual machine, such as `-Xmx4g`. */
  readonly jvmArguments: string | undefined;
  /** Undefined runs the plan in JMeter itself. */
  readonly remote: RemoteEngines | undefined;
  readonly watch: Watch;
}

/** A run that left results. */
export interface JmeterRun {
  /** Full path of the results. */
  readonly jtl: string;
  /** When the test started, milliseconds since the epoch, as JMeter says it. */
  readonly testStart: number | undefined;
  readonly ended: ToolResult;
  /** How many samples JMeter says it took, where it says so: not always the last ones of a run that was ended. */
  readonly taken: number | undefined;
  /** Why it was ended before its time, undefined when it ended by itself or was cancelled. */
  readonly endedBecause: string | undefined;
  /** What was seen of the results while they were written, and the rest; undefined when they could not be followed. */
  readonly seen: () => Promise<Seen | undefined>;
  /** What went wrong without its end or its samples telling; known when its engines have been told to stop. */
  readonly faults: Promise<string[]>;
}

/**
 * Runs a plan and keeps JMeter's log. A run that is cancelled returns with the results it has.
 * @throws ToolError when JMeter leaves no results
 */
export async function runJmeter(call: JmeterCall, agent: Agent): Promise<JmeterRun> {
  // Fresh names in a fresh folder: JMeter appends to results that are there already.
  const files = {
    jtl: join(agent.tempDirectory, 'results.jtl'),
    log: join(agent.tempDirectory, 'jmeter.log'),
    properties: join(agent.tempDirectory, 'task.properties'),
    global: join(agent.tempDirectory, 'engines.properties'),
  };
  const { remote, plugins } = call;
  // JMeter's own way to load jars that are not in its folders; the user's stay.
  const searchPaths =
    plugins === undefined
      ? []
      : [['search_paths', [call.properties.get('search_paths') ?? [], plugins].flat().join(';')] as const];
  const tls = remote === undefined ? [] : [['server.rmi.ssl.disable', String(!remote.tls)] as const];
  const own = Object.entries(ownProperties);
  writeFileSync(
    files.properties,
    propertiesFile(new Map([...call.properties, ...searchPaths, ...tls, ...own])),
    {
      mode: 0o600,
    },
  );
  if (remote !== undefined) {
    const theirs = new Map([...engineProperties(call.properties), ...Object.entries(samplingProperties)]);
    writeFileSync(files.global, propertiesFile(theirs), { mode: 0o600 });
  }
  const remotely = remote === undefined ? [] : remoteArguments(remote, [...call.propertyFiles, files.global]);
  const propertyArguments = [...call.propertyFiles, files.properties].flatMap(file => ['-q', file]);
  let testStart: number | undefined;
  let port: number | undefined;
  let taken: number | undefined;
  let lastLine = Date.now();
  const engines =
    remote === undefined
      ? undefined
      : careForEngines(remote, files.log, { jmeter: call.jmeter, propertyArguments }, agent);
  const tool = agent.start({
    name: 'JMeter',
    path: call.jmeter,
    args: ['-n', '-t', call.plan, '-l', files.jtl, '-j', files.log, ...propertyArguments, ...remotely],
    ...javaArguments(call.jvmArguments, agent),
    cwd: call.directory,
    echo: false,
    stopGraceMilliseconds: jmeterGrace,
    ...(engines !== undefined && { askToEnd: () => stopEngines(() => port, engines) }),
    onLine: line => {
      if (isNoise(line)) return;
      agent.info(line);
      lastLine = Date.now();
      testStart ??= startOfTest(line);
      port ??= shutdownPort(line);
      taken = samplesTaken(line) ?? taken;
    },
  });
  const trouble = async () => {
    const lost = await engines?.look();
    // While JMeter still starts its engines it cannot be asked to stop them.
    return port === undefined ? undefined : lost;
  };
  const run = {
    tool,
    jtl: files.jtl,
    testStart: () => testStart,
    lastLine: () => lastLine,
    port: () => port,
    engines,
    trouble,
  };
  const { endedBecause, seen } = await watchRun(run, call.watch, agent);
  const ended = withoutNoise(await tool.ended);
  const early = endedBecause !== undefined || agent.signal.aborted || wasKilled(ended);
  const settled = engines?.settle(early).then(left => engineFaults(left, early)) ?? Promise.resolve([]);
  // A cancelled step has seconds: what there was is published while engines are told to stop.
  agent.onCleanUp('stopping the engines', async () => {
    await settled;
  });
  const log = await keepLog(files.log, agent);
  const broken = early ? undefined : brokenThreads(log, call.directory);
  const faults = settled.then(those => [...those, broken ?? []].flat());
  if (existsSync(files.jtl)) return { jtl: files.jtl, testStart, ended, taken, endedBecause, seen, faults };
  const reasons = await faults;
  agent.signal.throwIfAborted();
  if (endedBecause !== undefined) reasons.unshift(`It was ended: ${endedBecause}`);
  throw noResults(call.plan, ended, reasons, log, agent);
}

function withoutNoise(ended: ToolResult): ToolResult {
  return { ...ended, tail: ended.tail.filter(line => !isNoise(line)) };
}

/** A launcher that waits for its Java gives 128 and more for what was killed. */
function wasKilled({ exitCode, signal }: ToolResult): boolean {
  return signal !== undefined || (exitCode ?? 0) > 128;
}

function noResults(
  plan: string,
  ended: ToolResult,
  reasons: readonly string[],
  log: readonly string[],
  agent: Agent,
): ToolError {
  const didNotRun = [`The plan ${plan} did not run.`, whyNotRun(ended.tail) ?? []].flat().join(' ');
  const why = reasons.length === 0 ? didNotRun : reasons.join('\n');
  const hints = log.filter(line => / (ERROR|FATAL) /.test(line));
  return new ToolError(
    `JMeter ${describeEnd(ended)} without any results. ${why}`,
    'JMeter',
    ended.exitCode,
    lastLines([...ended.tail, ...hints].map(line => agent.mask(line))),
  );
}

/** The moment JMeter gives when a test starts: `Starting standalone test @ 2026 Nov 23 01:47:17 UTC (1795398437078)`. */
export function startOfTest(line: string): number | undefined {
  const match = /^Starting .*test .*@ .*\((\d{13})\)$/.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** The number in a line of all samples so far: `All samples =   1234 in 00:00:10 =  123.4/s Avg: …`. */
export function samplesTaken(line: string): number | undefined {
  const match = /^All samples = +(\d+) in /.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** JMeter's launcher hands JVM_ARGS over behind its own settings, so that these win. */
function javaArguments(given: string | undefined, agent: Agent): Pick<ToolCall, 'env'> {
  const all = [agent.environment('JVM_ARGS') ?? '', given ?? ''].filter(text => text !== '');
  return all.length === 0 ? {} : { env: { JVM_ARGS: all.join(' ') } };
}
