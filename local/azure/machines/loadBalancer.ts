/** A TCP load balancer with health probes, as Azure's: it forwards connections and knows nothing of what they carry. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../../shared/core/errors.js';
import { listOf } from '../../../shared/core/text.js';
import { forward } from './forwarding.js';
import { createNatForwards, type Forward } from './natForwards.js';
import { afterProbe, keepProbing, unprobed, type ProbeState } from './healthProbe.js';

export interface LoadBalancingRule {
  readonly frontendPort: number;
  readonly backendPort: number;
  /** Without a probe every backend counts as healthy for this rule. */
  readonly probeName?: string;
  /** Only backends of this pool; all when absent. */
  readonly pool?: string;
}

export interface HealthProbe {
  readonly name: string;
  readonly protocol: 'Http' | 'Https' | 'Tcp';
  readonly port: number;
  /** For Http and Https; only status 200 is healthy. */
  readonly path?: string;
  readonly intervalSeconds: number;
  /** Consecutive failures that take a backend down. */
  readonly numberOfProbes: number;
}

export interface LoadBalancerOptions {
  /** The frontend's (public) address. */
  readonly address: string;
  readonly rules: readonly LoadBalancingRule[];
  readonly probes: readonly HealthProbe[];
  /** Factor on the probe intervals; 1 is Azure's own pace. */
  readonly timeScale?: number;
}

export interface Backend {
  readonly id: string;
  readonly address: string;
  /** The backend pools that it is in. */
  readonly pools?: readonly string[];
}

export type BackendState = 'up' | 'down';

export interface LoadBalancer {
  /** Replaces the backend pool: who is gone gets no new connection, its open ones may finish. */
  setBackends(backends: readonly Backend[]): void;
  /** Replaces the ports that lead to one machine each, whatever its health. @throws UserError when one cannot be listened on */
  setForwards(forwards: readonly Forward[]): Promise<void>;
  /** `up` when all probes pass (or there are none), `down` when one has failed, `unknown` before that is settled. */
  health(backendId: string): BackendState | 'unknown';
  /** Calls the listener at each change; returns the way to end that. */
  onHealth(listener: (backendId: string, state: BackendState) => void): () => void;
  /** Open connections to a backend, also to one that was removed from the pool: 0 means drained. */
  connections(backendId: string): number;
  close(): Promise<void>;
}

interface Member {
  backend: Backend;
  readonly probes: Map<string, ProbeState>;
  readonly stopProbing: () => void;
  /** As last told to the listeners. */
  told: BackendState | 'unknown';
}

/**
 * Listens on every rule's frontend port and probes every backend.
 * A connection goes to the backend with the fewest open ones among those that are up, in turn among equals. With none up it is
 * reset, as no one listens.
 * @throws UserError when a port cannot be listened on or a rule names a probe that is not there
 */
export async function startLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer> {
  const { address, rules, probes, timeScale = 1 } = options;
  const missing = rules.filter(
    ({ probeName }) => probeName !== undefined && !probes.some(probe => probe.name === probeName),
  );
  if (missing.length > 0) {
    throw new UserError(
      `The load balancer has no probe named ${listOf(missing.map(rule => `'${rule.probeName ?? ''}'`))}.`,
    );
  }
  const members = new Map<string, Member>();
  const open = new Map<string, number>();
  const clients = new Set<Socket>();
  const listeners = new Set<(backendId: string, state: BackendState) => void>();
  const nat = createNatForwards(address);
  let turn = 0;

  const join = (backend: Backend) => {
    const states = new Map(probes.map(probe => [probe.name, unprobed]));
    const stops = probes.map(probe =>
      keepProbing(probe, backend.address, timeScale, passed => {
        states.set(probe.name, afterProbe(states.get(probe.name) ?? unprobed, passed, probe.numberOfProbes));
        tell(member);
      }),
    );
    const member: Member = {
      backend,
      probes: states,
      told: 'unknown',
      stopProbing: () => {
        for (const stop of stops) stop();
      },
    };
    members.set(backend.id, member);
    tell(member);
  };
  const tell = (member: Member) => {
    const state = overall(member.probes);
    if (state === member.told) return;
    member.told = state;
    if (state === 'unknown') return;
    for (const listener of listeners) listener(member.backend.id, state);
  };

  const choose = (rule: LoadBalancingRule, tried: Set<Backend>): Backend | undefined => {
    const candidates = [...members.values()].filter(
      ({ backend, probes: states }) =>
        !tried.has(backend) &&
        (rule.pool === undefined || backend.pools?.includes(rule.pool) === true) &&
        (rule.probeName === undefined || states.get(rule.probeName)?.state === 'up'),
    );
    turn = (turn + 1) % Math.max(1, candidates.length);
    const inTurn = [...candidates.slice(turn), ...candidates.slice(0, turn)].map(({ backend }) => backend);
    return inTurn.reduce<Backend | undefined>(
      (best, next) => (best === undefined || connections(next.id) < connections(best.id) ? next : best),
      undefined,
    );
  };
  const connections = (backendId: string) => open.get(backendId) ?? 0;
  const count = (backendId: string, change: number) => {
    const left = connections(backendId) + change;
    if (left > 0) open.set(backendId, left);
    else open.delete(backendId);
  };

  const listen = async (rule: LoadBalancingRule): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => {
      clients.add(client);
      client.once('close', () => clients.delete(client));
      const tried = new Set<Backend>();
      forward(client, () => {
        const backend = choose(rule, tried);
        if (backend === undefined) return undefined;
        tried.add(backend);
        return {
          host: backend.address,
          port: rule.backendPort,
          opened: () => {
            count(backend.id, 1);
            return () => {
              count(backend.id, -1);
            };
          },
        };
      });
    });
    server.listen({ host: address, port: rule.frontendPort, backlog: 1024 });
    try {
      await once(server, 'listening');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(`The load balancer cannot listen on ${address}:${rule.frontendPort}: ${reason}.`, {
        cause: error,
      });
    }
    return server;
  };

  const attempts = await Promise.allSettled(rules.map(listen));
  const servers = attempts.flatMap(attempt => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  const close = async () => {
    for (const member of members.values()) member.stopProbing();
    members.clear();
    listeners.clear();
    const closed = servers.map(server => new Promise(resolve => server.close(resolve)));
    for (const client of clients) client.destroy();
    await Promise.all([...closed, nat.close()]);
  };
  const failed = attempts.find(attempt => attempt.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }

  return {
    setBackends(backends) {
      const wanted = new Map(backends.map(backend => [backend.id, backend]));
      for (const [id, member] of members) {
        const now = wanted.get(id);
        if (now?.address === member.backend.address) {
          member.backend = now;
          continue;
        }
        member.stopProbing();
        members.delete(id);
      }
      for (const backend of wanted.values()) if (!members.has(backend.id)) join(backend);
    },
    health(backendId) {
      const member = members.get(backendId);
      return member === undefined ? 'unknown' : overall(member.probes);
    },
    setForwards: forwards => nat.set(forwards),
    onHealth(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    connections,
    close,
  };
}

/** One state of several probes: any that is down decides, then any that is not settled. */
function overall(probes: ReadonlyMap<string, ProbeState>): BackendState | 'unknown' {
  const states = [...probes.values()].map(({ state }) => state);
  if (states.includes('down')) return 'down';
  return states.includes('unknown') ? 'unknown' : 'up';
}
