/** JMeter's own engines on other machines: what JMeter is told of them, and which of them is lost. */
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { listOf, plural } from '../../../shared/core/text.js';

/** The engines of a run. */
export interface RemoteEngines {
  /** As JMeter takes them: `host` or `host:port`. */
  readonly hosts: readonly string[];
  /** Whether RMI goes over TLS, with the keystore that JMeter's properties name. */
  readonly tls: boolean;
  /** Whether the engines' processes are to end with the test. */
  readonly exit: boolean;
}

/** Where an engine's registry listens unless it is told otherwise (JMeter's `server_port`). */
const registryPort = 1099;
/** So many looks in a row in vain make an engine a lost one. */
const looksInVain = 5;
const lookPatience = 3000;

/** Reads a list of engines; what is wrong is added to the problems. */
export function parseEngines(text: string | undefined, problems: string[]): string[] {
  const hosts = (text ?? '').split(/[,\s]+/).filter(host => host !== '');
  const bad = hosts.filter(host => !/^[A-Za-z0-9._-]+(:\d{1,5})?$/.test(host));
  if (bad.length > 0)
    problems.push(
      `'remoteHosts' must be engines as host or host:port with commas between them, not ${listOf(bad)}.`,
    );
  if (new Set(hosts).size < hosts.length) problems.push("'remoteHosts' names an engine twice.");
  return hosts;
}

/** @param files of properties that every engine gets */
export function remoteArguments({ hosts, exit }: RemoteEngines, files: readonly string[]): string[] {
  return ['-R', hosts.join(','), ...files.flatMap(file => ['-G', file]), ...(exit ? ['-X'] : [])];
}

/** The properties that engines get, too: not how this JMeter reaches them. */
export function engineProperties(properties: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...properties].filter(([name]) => !/^(server|client)\.rmi\./.test(name)));
}

/** What a run's engines have come to. */
export interface EngineWatch {
  /** Looks once more. @returns which engines are lost, undefined when none is */
  look(): Promise<string | undefined>;
  /** Whether each has finished or cannot be reached any more: then there is nobody to wait for. */
  areThrough(): boolean;
  /** Those that have been given the test, finished or not, and can be reached as far as is known. */
  reachable(): string[];
  /** Those that have been given the test and have not finished it. */
  atWork(): string[];
  /** Those that could be reached and were not given the test. */
  leftOut(): string[];
  /** Those that could not be reached at the start, where that ended JMeter. */
  unreached(): string[];
  /** Takes one for gone. */
  giveUp(host: string): void;
}

/**
 * Looks after engines; JMeter itself would wait for one that is gone for ever.
 * @param log JMeter's log, which names the engines that have been given the test and those that have finished it
 */
export function lookAfter({ hosts }: RemoteEngines, log: string): EngineWatch {
  const inVain = new Map<string, number>();
  const isGone = (host: string) => (inVain.get(host) ?? 0) >= looksInVain;
  const said = () => enginesIn(existsSync(log) ? readFileSync(log, 'utf8') : '');
  return {
    async look() {
      const answers = await Promise.all(hosts.map(async host => [host, await answersAt(host)] as const));
      for (const [host, answered] of answers) {
        // One that has not been there yet is JMeter's to wait for (client.tries) or to complain of.
        const before = inVain.get(host);
        if (answered) inVain.set(host, 0);
        else if (before !== undefined) inVain.set(host, before + 1);
      }
      if (!hosts.some(isGone)) return undefined;
      const { finished } = said();
      const lost = hosts.filter(host => isGone(host) && !finished.has(host));
      if (lost.length === 0) return undefined;
      return `${lost.length} of ${plural(hosts.length, 'engine')} had not finished and cannot be reached any more: ${listOf(lost)}. All samples that came are counted.`;
    },
    areThrough() {
      const { finished, passedOver } = said();
      return hosts.every(host => finished.has(host) || passedOver.has(host) || isGone(host));
    },
    reachable() {
      const { given } = said();
      return hosts.filter(host => given.has(host) && !isGone(host));
    },
    atWork() {
      const { given, finished } = said();
      return hosts.filter(host => given.has(host) && !finished.has(host));
    },
    leftOut() {
      const { given, passedOver } = said();
      if (given.size === 0 && passedOver.size > 0) return [];
      return hosts.filter(host => !given.has(host) && !passedOver.has(host));
    },
    unreached() {
      const { given, passedOver } = said();
      return given.size === 0 ? hosts.filter(host => passedOver.has(host)) : [];
    },
    giveUp: host => void inVain.set(host, looksInVain),
  };
}

/** The engines that a log of JMeter's names. */
export interface EnginesInLog {
  /** `sent test to 10.0.0.5:1099 basedir='.'` */
  readonly given: ReadonlySet<string>;
  /** `Finished remote host: 10.0.0.5:1099 (1795412637727)` */
  readonly finished: ReadonlySet<string>;
  /** Those that JMeter ends for, or goes on without (its property client.continue_on_fail): `…could not be configured:[10.0.0.5:1099, …]`. */
  readonly passedOver: ReadonlySet<string>;
}

/** What a log of JMeter's says of engines. */
export function enginesIn(log: string): EnginesInLog {
  const named = (pattern: RegExp) => [...log.matchAll(pattern)].flatMap(match => match[1] ?? []);
  return {
    given: new Set(named(/sent test to (\S+) basedir/g)),
    finished: new Set(named(/Finished remote host: +(\S+) \(/g)),
    passedOver: new Set(
      named(/remote engines could not be configured: *\[([^\]]*)\]/g).flatMap(list => list.split(/, */)),
    ),
  };
}

function answersAt(engine: string): Promise<boolean> {
  const [host = '', port = String(registryPort)] = engine.split(':');
  return new Promise(resolve => {
    const socket = connect({ host, port: Number(port), timeout: lookPatience });
    const end = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('timeout', () => {
      end(false);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}
