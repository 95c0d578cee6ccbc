/** One forwarded connection: finds a backend that accepts it and carries bytes both ways until both sides have ended. */
import { connect, type Socket } from 'node:net';

/** How long a backend may take to accept, in milliseconds; then the next one is tried. */
const connectPatience = 5_000;

/** Where a connection can go, asked anew before each attempt. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  /** The connection is open; call the result when it is closed. */
  opened(): () => void;
}

/**
 * Forwards a client's connection.
 * @param client accepted with `allowHalfOpen` and `pauseOnConnect`
 * @param choose the next destination to try, undefined when there is none left; the client is then reset
 */
export function forward(client: Socket, choose: () => Destination | undefined): void {
  let upstream: Socket | undefined;
  client.setNoDelay(true);
  // An error is followed by `close`.
  client.on('error', () => undefined);
  client.once('close', failed => {
    // After an orderly end the backend has its end too, and may still be reading what was sent before it.
    if (failed && upstream?.connecting === false) upstream.resetAndDestroy();
    else if (failed || !client.readableEnded) upstream?.destroy();
  });
  const attempt = () => {
    if (client.destroyed) return;
    const destination = choose();
    if (destination === undefined) {
      client.resetAndDestroy();
      return;
    }
    const { host, port } = destination;
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    upstream = socket;
    let connected = false;
    const timer = setTimeout(() => socket.destroy(), connectPatience);
    const closed = destination.opened();
    socket.on('error', () => undefined);
    socket.once('connect', () => {
      connected = true;
      clearTimeout(timer);
      carry(client, socket);
      carry(socket, client);
      client.resume();
    });
    socket.once('close', failed => {
      clearTimeout(timer);
      closed();
      if (!connected) attempt();
      else if (failed) client.resetAndDestroy();
      else if (!client.writableEnded) client.end();
    });
  };
  attempt();
}

/** Carries one direction: no more than the slower side takes, and its end as an end. */
function carry(from: Socket, to: Socket): void {
  from.on('data', (data: Buffer) => {
    if (to.destroyed || to.writableEnded) return;
    if (!to.write(data)) from.pause();
  });
  to.on('drain', () => {
    from.resume();
  });
  from.once('end', () => {
    to.end();
  });
}
