/** One probe of one backend, repeated; and the decision when that makes it up or down. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { BackendState, HealthProbe } from './loadBalancer.js';

/** What is known of a backend by one probe. */
export interface ProbeState {
  readonly state: BackendState | 'unknown';
  /** Failures in a row. */
  readonly failures: number;
}

export const unprobed: ProbeState = { state: 'unknown', failures: 0 };

/** The state after one more probe: a success brings a backend up at once, `numberOfProbes` failures in a row take it down. */
export function afterProbe(before: ProbeState, passed: boolean, numberOfProbes: number): ProbeState {
  if (passed) return { state: 'up', failures: 0 };
  const failures = before.failures + 1;
  return { state: failures >= Math.max(1, numberOfProbes) ? 'down' : before.state, failures };
}

/** The shortest time between two probes, in milliseconds, however small the time scale. */
const shortestInterval = 20;
/** A probe may take this long at least: a scaled-down interval says nothing about how fast a service has to answer. */
const shortestPatience = 5_000;

/** Probes a backend until stopped; the first time at once. Returns the way to stop. */
export function keepProbing(
  probe: HealthProbe,
  address: string,
  timeScale: number,
  report: (passed: boolean) => void,
): () => void {
  const interval = Math.max(shortestInterval, probe.intervalSeconds * 1000 * timeScale);
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const round = () => {
    const began = Date.now();
    void probeOnce(probe, address, Math.max(interval, shortestPatience), stopped.signal).then(passed => {
      if (stopped.signal.aborted) return;
      report(passed);
      timer = setTimeout(round, Math.max(shortestInterval, interval - (Date.now() - began)));
    });
  };
  round();
  return () => {
    stopped.abort();
    clearTimeout(timer);
  };
}

/** True when the backend answers as its probe wants it: status 200 for Http and Https, an accepted connection for Tcp. */
export function probeOnce(
  probe: Pick<HealthProbe, 'protocol' | 'port' | 'path'>,
  address: string,
  patience: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise(resolve => {
    const attempt =
      probe.protocol === 'Tcp' ? tcp(probe.port, address, resolve) : http(probe, address, resolve);
    // Its own clock: a connection that trickles is as good as none.
    const timer = setTimeout(() => attempt.destroy(), patience);
    const abort = () => attempt.destroy();
    signal.addEventListener('abort', abort, { once: true });
    attempt.on('error', () => {
      resolve(false);
    });
    attempt.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(false);
    });
  });
}

function tcp(port: number, address: string, settle: (passed: boolean) => void) {
  const socket = connect({ host: address, port });
  socket.once('connect', () => {
    settle(true);
    socket.destroy();
  });
  return socket;
}

function http(
  probe: Pick<HealthProbe, 'protocol' | 'port' | 'path'>,
  address: string,
  settle: (passed: boolean) => void,
) {
  const options = {
    host: address,
    port: probe.port,
    path: probe.path === undefined || probe.path === '' ? '/' : probe.path.replace(/^(?!\/)/, '/'),
    agent: false,
    headers: { 'User-Agent': 'Load Balancer Agent', Connection: 'close' },
  };
  // A backend's certificate is for its public name, so no name can be checked here; Azure's probe checks none either.
  const request =
    probe.protocol === 'Https'
      ? httpsRequest({ ...options, rejectUnauthorized: false })
      : httpRequest(options);
  request.once('response', response => {
    settle(response.statusCode === 200);
    response.destroy();
  });
  request.end();
  return request;
}
