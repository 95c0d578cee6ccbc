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

/**
 * Looks after engines; JMeter itself would wait for one that is gone for ever.
 * @param log JMeter's log, which names the engines that have finished
 * @returns what tells, each time it is called, which engines are lost; undefined when none is
 */
export function lookAfter({ hosts }: RemoteEngines, log: string): () => Promise<string | undefined> {
  const inVain = new Map<string, number>();
  return async () => {
    const answers = await Promise.all(hosts.map(async host => [host, await answersAt(host)] as const));
    for (const [host, answered] of answers) {
      // One that has not been there yet is JMeter's to wait for (client.tries) or to complain of.
      const before = inVain.get(host);
      if (answered) inVain.set(host, 0);
      else if (before !== undefined) inVain.set(host, before + 1);
    }
    const gone = hosts.filter(host => (inVain.get(host) ?? 0) >= looksInVain);
    if (gone.length === 0) return undefined;
    const finished = enginesFinished(log);
    const lost = gone.filter(host => !finished.has(host));
    if (lost.length === 0) return undefined;
    return `${lost.length} of ${plural(hosts.length, 'engine')} had not finished and cannot be reached any more: ${listOf(lost)}. Look at jmeter-server and its log there; all samples that came are counted.`;
  };
}

/** Whether all of them have finished, by JMeter's log. */
export function haveFinished({ hosts }: RemoteEngines, log: string): boolean {
  const finished = enginesFinished(log);
  return hosts.every(host => finished.has(host));
}

/** The engines that a log of JMeter's says have finished: `Finished remote host: 10.0.0.5:1099 (1795412637727)`. */
export function enginesFinished(log: string): Set<string> {
  const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
  return new Set([...text.matchAll(/Finished remote host: +(\S+) \(/g)].flatMap(match => match[1] ?? []));
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
