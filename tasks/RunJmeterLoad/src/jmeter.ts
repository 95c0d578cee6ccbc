/** Finds JMeter and its Java, and makes what JMeter is started with. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { UserError } from '../../../shared/core/errors.js';
import { singleLine } from '../../../shared/core/text.js';

/** The oldest Java that JMeter 5 runs on. */
const oldestJava = 8;

/** The launcher in a JMETER_HOME. */
export function launcherIn(home: string): string {
  return join(home, 'bin', process.platform === 'win32' ? 'jmeter.bat' : 'jmeter');
}

/**
 * Where the launcher of the JMeter on this agent is: in the folder of the input, in JMETER_HOME, on PATH; undefined when it is nowhere.
 * @throws UserError when it is not where the input or the variable says
 */
export function findJmeter(jmeterHome: string | undefined, agent: Agent): string | undefined {
  const variable = agent.environment('JMETER_HOME');
  const [home, source] =
    jmeterHome === undefined
      ? [variable, 'the variable JMETER_HOME']
      : [jmeterHome, "the input 'jmeterHome'"];
  if (home === undefined || home === '') return agent.findTool('jmeter');
  const path = launcherIn(home);
  if (existsSync(path)) return path;
  throw new UserError(`There is no JMeter in ${home} (from ${source}): ${path} does not exist.`);
}

/**
 * Checks that there is a Java for JMeter.
 * @returns its version as it says it
 * @throws UserError when there is none or it is too old
 */
export async function checkJava(agent: Agent): Promise<string> {
  const home = agent.environment('JAVA_HOME');
  const named =
    home === undefined || home === ''
      ? undefined
      : join(home, 'bin', process.platform === 'win32' ? 'java.exe' : 'java');
  if (named !== undefined && !existsSync(named))
    throw new UserError(
      `JAVA_HOME is ${home ?? ''}, but ${named} does not exist. JMeter starts that Java: correct JAVA_HOME or take it away.`,
    );
  const java = named ?? agent.findTool('java');
  if (java === undefined)
    throw new UserError(
      'Java was not found: JAVA_HOME is not set and there is no java on PATH. JMeter needs Java 8 or later on this agent (Debian: openjdk-17-jre-headless).',
    );
  const { tail, exitCode } = await agent.run({ name: 'Java', path: java, args: ['-version'], echo: false });
  const said = tail.find(line => line.includes('version')) ?? tail.join(' ');
  const major = javaMajor(said);
  if (exitCode !== 0 || major === undefined)
    throw new UserError(`${java} does not work: "java -version" says ${singleLine(tail.join(' '))}`);
  if (major < oldestJava)
    throw new UserError(`${java} is Java ${major}; JMeter needs Java ${oldestJava} or later.`);
  return singleLine(said);
}

/** The major version in a line such as `openjdk version "17.0.15" 2025-04-15` or `java version "1.8.0_292"`. */
export function javaMajor(line: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(line);
  return match === null ? undefined : Number(match[1]);
}

/** What the analysis needs of whatever takes the samples. */
export const samplingProperties: Readonly<Record<string, string>> = {
  'sampleresult.timestamp.start': 'true',
};

/** What the analysis needs JMeter to write, and what its log shows; the same for every plan, whatever the agent's own files say. */
export const ownProperties: Readonly<Record<string, string>> = {
  'jmeter.save.saveservice.output_format': 'csv',
  'jmeter.save.saveservice.print_field_names': 'true',
  'jmeter.save.saveservice.default_delimiter': ',',
  'jmeter.save.saveservice.timestamp_format': 'ms',
  'jmeter.save.saveservice.time': 'true',
  'jmeter.save.saveservice.label': 'true',
  'jmeter.save.saveservice.successful': 'true',
  'jmeter.save.saveservice.response_code': 'true',
  'jmeter.save.saveservice.response_message': 'true',
  'jmeter.save.saveservice.assertion_results_failure_message': 'true',
  'jmeter.save.saveservice.thread_name': 'true',
  'jmeter.save.saveservice.url': 'true',
  'jmeter.save.saveservice.bytes': 'true',
  'jmeter.save.saveservice.sent_bytes': 'true',
  'jmeter.save.saveservice.latency': 'true',
  'jmeter.save.saveservice.connect_time': 'true',
  // Redirects, embedded files and the samplers under a parent sample would be counted beside the sample they are part of.
  'jmeter.save.saveservice.subresults': 'false',
  ...samplingProperties,
  // Samples are followed while they come, and few a minute must not wait for a buffer to be full.
  'jmeter.save.saveservice.autoflush': 'true',
  // Several JMeters on one machine find a port each for the word to end.
  'jmeterengine.nongui.port': '4445',
  'jmeterengine.nongui.maxport': '5445',
  // A listener of the plan with the same name would be added to it.
  'summariser.name': 'All samples',
  'summariser.interval': '10',
  'summariser.out': 'true',
};

/** The parts of a site's URL as a plan reads them. `path` has no slash at its end, so that a plan can go on with one. */
export function siteProperties(siteUrl: URL): Record<'protocol' | 'host' | 'port' | 'path', string> {
  const protocol = siteUrl.protocol.replace(':', '');
  return {
    protocol,
    // A URL writes an IPv6 address in brackets, a JMeter sampler without.
    host: siteUrl.hostname.replace(/^\[|\]$/g, ''),
    port: siteUrl.port === '' ? (protocol === 'https' ? '443' : '80') : siteUrl.port,
    path: siteUrl.pathname.replace(/\/+$/, ''),
  };
}

/** Which of `protocol`, `host`, `port` and `path` a plan reads, by `__P` or `__property`. */
export function propertiesRead(plan: string): Set<string> {
  const calls = plan.matchAll(
    /(?:__(?:P|property)\(\s*|\bprops\.get(?:Property)?\(\s*(?:"|'|&quot;|&apos;))([^,)\s"'&]+)/g,
  );
  return new Set([...calls].flatMap(match => match[1] ?? []));
}

/** A Java properties file (java.util.Properties.load): Latin-1, so everything else is written as `\uXXXX`. */
export function propertiesFile(properties: ReadonlyMap<string, string>): string {
  const escape = (text: string) =>
    text
      .replace(/[\\=:#! ]/g, found => `\\${found}`)
      .replace(/[^\x20-\x7e]/g, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [...properties].map(([name, value]) => `${escape(name)}=${escape(value)}\n`).join('');
}
