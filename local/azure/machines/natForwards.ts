/** Ports of a frontend that lead to one machine each. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { UserError } from '../../../shared/core/errors.js';
import { forward } from './forwarding.js';

export interface Forward {
  readonly frontendPort: number;
  readonly address: string;
  readonly backendPort: number;
}

export interface NatForwards {
  /**
   * Replaces what is forwarded. Open connections of those that are gone may finish.
   * @throws UserError when a port cannot be listened on; the others are
   */
  set(forwards: readonly Forward[]): Promise<void>;
  close(): Promise<void>;
}

/** @param address where it listens */
export function createNatForwards(address: string): NatForwards {
  const servers = new Map<number, { readonly server: Server; target: Forward }>();
  const clients = new Set<Socket>();

  const listen = async (target: Forward) => {
    const entry = { server: createServer({ allowHalfOpen: true, pauseOnConnect: true }), target };
    entry.server.on('connection', client => {
      clients.add(client);
      client.once('close', () => clients.delete(client));
      let tried = false;
      forward(client, () => {
        if (tried) return undefined;
        tried = true;
        return { host: entry.target.address, port: entry.target.backendPort, opened: () => () => undefined };
      });
    });
    servers.set(target.frontendPort, entry);
    entry.server.listen({ host: address, port: target.frontendPort });
    try {
      await once(entry.server, 'listening');
    } catch (error) {
      servers.delete(target.frontendPort);
      const reason = error instanceof Error ? error.message : String(error);
      throw new UserError(
        `The load balancer cannot listen on ${address}:${target.frontendPort}: ${reason}.`,
        {
          cause: error,
        },
      );
    }
  };

  return {
    async set(forwards) {
      const wanted = new Map(forwards.map(one => [one.frontendPort, one]));
      for (const [port, entry] of servers) {
        const target = wanted.get(port);
        if (target !== undefined) entry.target = target;
        else {
          servers.delete(port);
          entry.server.close();
        }
      }
      await Promise.all([...wanted.values()].filter(one => !servers.has(one.frontendPort)).map(listen));
    },
    async close() {
      const closed = [...servers.values()].map(({ server }) => new Promise(resolve => server.close(resolve)));
      servers.clear();
      for (const client of clients) client.destroy();
      await Promise.all(closed);
    },
  };
}
