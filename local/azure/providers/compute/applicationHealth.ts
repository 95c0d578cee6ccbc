/** The Application Health extension: what it is set to, and what it makes of the application's answers. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { invalidParameter } from '../../arm/armError.js';
import { object, string, type Json } from '../../arm/json.js';
import { probeOnce } from '../../machines/healthProbe.js';
import type { Extension } from './extension.js';

export type Health = 'healthy' | 'unhealthy' | 'unknown' | 'initializing';

/** One answer of the application: with rich states it may also say nothing that counts. */
export type Observation = 'healthy' | 'unhealthy' | 'unknown';

export interface HealthSettings {
  readonly protocol: 'Http' | 'Https' | 'Tcp';
  readonly port: number;
  readonly path: string;
  readonly intervalSeconds: number;
  readonly numberOfProbes: number;
  readonly gracePeriodSeconds: number;
  /** `binary`: any 200 is healthy (versions 1.x); `rich`: the body says so (versions 2.x). */
  readonly states: 'binary' | 'rich';
}

/** @throws ArmError when the extension's settings are incomplete or out of their ranges */
export function healthSettings({ name, settings, version }: Extension): HealthSettings {
  const refuse = (member: string, what: string) =>
    invalidParameter(`extensions.${name}.${member}`, `The ${member} of extension '${name}' must be ${what}.`);
  const given = string(settings['protocol'])?.toLowerCase();
  const protocol = (['Http', 'Https', 'Tcp'] as const).find(one => one.toLowerCase() === given);
  if (protocol === undefined) throw refuse('protocol', 'http, https or tcp');
  const preset = { http: 80, https: 443, tcp: undefined }[given ?? ''];
  const port = Number(settings['port'] ?? preset);
  if (!(Number.isInteger(port) && port > 0 && port < 65_536))
    throw refuse('port', 'a number from 1 to 65535');
  const path = string(settings['requestPath']);
  if (protocol === 'Tcp' && path !== undefined) throw refuse('requestPath', 'absent with protocol tcp');
  const inRange = (member: string, preset: number, from: number, to: number) => {
    const value = Number(settings[member] ?? preset);
    if (!(Number.isInteger(value) && value >= from && value <= to))
      throw refuse(member, `a number from ${from} to ${to}`);
    return value;
  };
  const intervalSeconds = inRange('intervalInSeconds', 5, 5, 60);
  const numberOfProbes = inRange('numberOfProbes', 1, 1, 24);
  const states = /^1(\.|$)/.test(version) ? 'binary' : 'rich';
  return {
    protocol,
    port,
    path: path ?? '/',
    intervalSeconds,
    numberOfProbes,
    gracePeriodSeconds:
      states === 'binary' ? 0 : inRange('gracePeriod', intervalSeconds * numberOfProbes, 5, 14_400),
    states,
  };
}

/** What is known of an application: its state, and what was seen in a row since. */
export interface HealthRecord {
  readonly state: Health;
  readonly seen: Observation;
  readonly times: number;
}

export function newHealth(states: HealthSettings['states']): HealthRecord {
  return { state: states === 'rich' ? 'initializing' : 'unknown', seen: 'unknown', times: 0 };
}

/**
 * The record after one more answer: the state changes after `numberOfProbes` equal ones in a row. An application that is still
 * initializing stays so within its grace period, unless it is healthy.
 */
export function afterObservation(
  before: HealthRecord,
  seen: Observation,
  { numberOfProbes }: Pick<HealthSettings, 'numberOfProbes'>,
  inGrace: boolean,
): HealthRecord {
  const times = before.seen === seen ? before.times + 1 : 1;
  const settled =
    times >= numberOfProbes && !(before.state === 'initializing' && inGrace && seen !== 'healthy');
  return { state: settled ? seen : before.state, seen, times };
}

/** What the body of a rich answer says; anything else counts as unknown. */
export function richState(status: number, body: string): Observation {
  if (status < 200 || status > 299) return 'unknown';
  try {
    const answer = object(JSON.parse(body) as unknown);
    const { ApplicationHealthState: state }: Json = answer;
    return state === 'Healthy' ? 'healthy' : state === 'Unhealthy' ? 'unhealthy' : 'unknown';
  } catch {
    return 'unknown';
  }
}

const shortestInterval = 50;
const shortestPatience = 5_000;
const longestBody = 4096;

/** Probes until stopped. */
export function watchApplication(
  settings: HealthSettings,
  address: string,
  timeScale: number,
): { state(): Health; stop(): void } {
  const stopped = new AbortController();
  const began = Date.now();
  const interval = Math.max(shortestInterval, settings.intervalSeconds * 1000 * timeScale);
  let record = newHealth(settings.states);
  let timer: NodeJS.Timeout | undefined;
  const round = () => {
    void observe(settings, address, Math.max(interval, shortestPatience), stopped.signal).then(seen => {
      if (stopped.signal.aborted) return;
      const inGrace = Date.now() - began < settings.gracePeriodSeconds * 1000 * timeScale;
      record = afterObservation(record, seen, settings, inGrace);
      // A local Azure that is closed, and nothing else, leaves instances behind that are still watched.
      timer = setTimeout(round, interval).unref();
    });
  };
  round();
  return {
    state: () => record.state,
    stop: () => {
      stopped.abort();
      clearTimeout(timer);
    },
  };
}

async function observe(
  settings: HealthSettings,
  address: string,
  patience: number,
  signal: AbortSignal,
): Promise<Observation> {
  if (settings.states === 'binary' || settings.protocol === 'Tcp') {
    return (await probeOnce(settings, address, patience, signal)) ? 'healthy' : 'unhealthy';
  }
  return new Promise(resolve => {
    const options = {
      host: address,
      port: settings.port,
      path: settings.path.replace(/^(?!\/)/, '/'),
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]),
    };
    const request =
      settings.protocol === 'Https'
        ? httpsRequest({ ...options, rejectUnauthorized: false })
        : httpRequest(options);
    request.once('response', response => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        if (body.length < longestBody) body += text;
      });
      response.once('end', () => {
        resolve(richState(response.statusCode ?? 0, body));
      });
      response.once('error', () => {
        resolve('unknown');
      });
    });
    request.once('error', () => {
      resolve('unknown');
    });
    request.end();
  });
}
