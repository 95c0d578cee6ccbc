/** A WebDriver endpoint between the tests and the real one: it passes everything on, and knows the sessions. */
import { createServer, request as requestHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { singleLine } from '../../../shared/core/text.js';
import { isJson, type Json } from './browserCapabilities.js';
import { leadThrough, openWebSocketPassage } from './webSocketPassage.js';

/** The real endpoint. */
export interface WebDriverTarget {
  /** Without credentials. */
  readonly url: string;
  /** The value of the `Authorization` header, where it wants one. */
  readonly authorization?: string | undefined;
}

/** A command of a session, on its way. */
export interface SessionCommand {
  readonly session: string;
  /** Such as `POST /url`, without the session. */
  readonly name: string;
}

/** What may look on. Whatever it throws is its own fault and never a test's. */
export interface Observer {
  /** The body of a "new session" command as it is to be sent. */
  readonly newSession: (body: Json) => Json;
  /** A session has been made; with what the tests asked for, and the capabilities it has. */
  readonly opened: (session: string, asked: Json, capabilities: Json) => void;
  /** A session could not be made, with this message of the driver. */
  readonly refused: (message: string) => void;
  /** Before a command is passed on; it waits for this. */
  readonly before: (command: SessionCommand) => Promise<void> | undefined;
  /** A command was answered badly, with this message. */
  readonly failed: (command: SessionCommand, message: string) => void;
}

/** A running endpoint. */
export interface WebDriverEndpoint {
  readonly url: string;
  /** The sessions that tests opened and nobody has closed. */
  readonly openSessions: () => readonly string[];
  /** Resolves when no session is being made, or after a few seconds: what nobody waits for any more would be left open. */
  readonly settled: () => Promise<void>;
  /** Asks the real endpoint; its answer's `value`. @throws on any answer that is not good, or none in time */
  readonly ask: (method: string, path: string, body?: Json) => Promise<unknown>;
  /** Stops answering. */
  readonly close: () => Promise<void>;
}

const askTimeout = 5000;
/** Which browser and driver do not fit stands in the second line. */
const refusalLines = 3;
/** The agent gives a task 10 s after its first signal. */
const settleTimeout = 5000;
/** Headers of one connection, not of a message (RFC 9110, section 7.6.1). */
const ofConnection = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Starts an endpoint on a free port, for this machine only. */
export async function openWebDriverEndpoint(
  target: WebDriverTarget,
  observer: Observer,
): Promise<WebDriverEndpoint> {
  const sessions = new Set<string>();
  const pending = new Set<Promise<void>>();
  const base = new URL(target.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const webSockets = await openWebSocketPassage(target);
  const toTarget = base.protocol === 'https:' ? requestHttps : requestHttp;

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const path = incoming.url ?? '/';
    const method = incoming.method ?? 'GET';
    const isNew = method === 'POST' && /\/session\/?$/.test(path);
    const command = commandOf(method, path);
    if (isNew) {
      const opening = openSession(incoming, outgoing, path);
      pending.add(opening);
      await opening.finally(() => pending.delete(opening));
      return;
    }
    if (command !== undefined) await observer.before(command);
    const answer = await forward(incoming, outgoing, path, undefined);
    const status = answer.statusCode ?? 500;
    const isClosing = command?.name === 'DELETE ';
    const bad = status >= 400;
    if (isClosing && (!bad || status === 404)) sessions.delete(command.session);
    outgoing.writeHead(status, answer.statusMessage, headersToPass(answer.rawHeaders));
    if (!bad || command === undefined) {
      await pipeline(answer, outgoing);
      return;
    }
    const whole = await wholeBody(answer);
    observer.failed(command, messageOf(whole.toString('utf8')));
    outgoing.end(whole);
  };

  const openSession = async (incoming: IncomingMessage, outgoing: ServerResponse, path: string) => {
    const asked = await wholeBody(incoming);
    const json = parsed(asked.toString('utf8'));
    const changed = observer.newSession(json);
    const body = changed === json ? asked : Buffer.from(JSON.stringify(changed));
    const answer = await forward(incoming, outgoing, path, body);
    const said = await wholeBody(answer);
    const text = said.toString('utf8');
    const led = leadThrough(webSockets.url, base, parsed(text));
    const whole = led === undefined ? said : Buffer.from(JSON.stringify(led));
    const { session, capabilities } = sessionOf(text, answer.headers.location);
    // Noted before the client has the answer: what it does next comes after.
    if ((answer.statusCode ?? 500) >= 400) observer.refused(messageOf(text, refusalLines));
    else if (session !== undefined) {
      sessions.add(session);
      observer.opened(session, json, capabilities);
    }
    const headers = headersToPass(answer.rawHeaders, ['content-length']);
    outgoing.writeHead(answer.statusCode ?? 500, answer.statusMessage, [
      ...headers,
      'content-length',
      String(whole.length),
    ]);
    outgoing.end(whole);
  };

  /** @param body in place of the request's own */
  const forward = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    path: string,
    body: Buffer | undefined,
  ) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = headersToPass(incoming.rawHeaders, ['host', 'content-length', 'expect']);
      if (target.authorization !== undefined) headers.push('authorization', target.authorization);
      headers.push('host', base.host);
      const length = body === undefined ? incoming.headers['content-length'] : String(body.length);
      if (length !== undefined) headers.push('content-length', length);
      const request = toTarget(
        `${base.origin}${prefix}${path}`,
        { method: incoming.method, headers },
        resolve,
      );
      request.on('error', reject);
      if (body !== undefined) {
        // Goes on when its client has left: the session would be made all the same, and nobody would know of it.
        request.end(body);
        return;
      }
      outgoing.on('close', () => {
        if (!outgoing.writableFinished) request.destroy();
      });
      incoming.pipe(request);
    });

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      answerFault(outgoing, target.url, error);
    });
  });
  // A page may take longer to load than a server's usual patience with a request.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    openSessions: () => [...sessions],
    async settled() {
      await Promise.race([Promise.allSettled(pending), delay(settleTimeout, undefined, { ref: false })]);
    },
    async ask(method, path, body) {
      const response = await fetch(`${base.origin}${prefix}${path}`, {
        method,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
        },
        signal: AbortSignal.timeout(askTimeout),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(messageOf(text));
      const parsed: unknown = JSON.parse(text);
      return isJson(parsed) ? parsed['value'] : undefined;
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
        webSockets.close();
      }),
  };
}

/** The session's command that a request is, undefined when it is none. Old clients put `/wd/hub` before it. */
export function commandOf(method: string, path: string): SessionCommand | undefined {
  const match = /\/session\/([^/?]+)([^?]*)/.exec(path);
  if (match?.[1] === undefined) return undefined;
  return { session: match[1], name: `${method} ${(match[2] ?? '').replace(/\/+$/, '')}` };
}

/** The session in the answer to "new session": of the standard, or of the dialect before it. */
function sessionOf(
  text: string,
  location: string | undefined,
): { session: string | undefined; capabilities: Json } {
  const body = parsed(text);
  const value = isJson(body['value']) ? body['value'] : {};
  const id =
    value['sessionId'] ?? body['sessionId'] ?? /\/session\/([^/?]+)/.exec(location ?? '')?.[1] ?? undefined;
  return {
    session: typeof id === 'string' ? id : undefined,
    capabilities: isJson(value['capabilities']) ? value['capabilities'] : value,
  };
}

/** What a driver says is wrong: its error code and the first lines of its message, without the stack. */
function messageOf(text: string, lines = 1): string {
  const value = parsed(text)['value'];
  if (!isJson(value)) return singleLine(text);
  const { error, message } = value;
  const said = typeof message === 'string' ? message.split('\n') : [];
  const end = said.findIndex(line => /^(#\d|Stacktrace|Build info|Host info|\s*$)/i.test(line));
  const first = said.slice(0, Math.min(lines, end < 1 ? lines : end)).join('; ');
  return singleLine(typeof error === 'string' && !first.startsWith(error) ? `${error}: ${first}` : first);
}

function parsed(text: string): Json {
  try {
    const body: unknown = JSON.parse(text);
    return isJson(body) ? body : {};
  } catch {
    return {};
  }
}

async function wholeBody(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Names and values in turn, as Node's raw headers. */
function headersToPass(raw: readonly string[], without: readonly string[] = []): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (ofConnection.includes(name.toLowerCase()) || without.includes(name.toLowerCase())) continue;
    kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}

/** Tells a client, as a WebDriver error, that the real endpoint does not answer; it may have half an answer already. */
function answerFault(outgoing: ServerResponse, url: string, fault: unknown): void {
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  const why = fault instanceof Error ? fault.message : String(fault);
  const message = `The WebDriver endpoint ${url} did not answer: ${singleLine(why)}`;
  outgoing
    .writeHead(500, { 'content-type': 'application/json; charset=utf-8' })
    .end(JSON.stringify({ value: { error: 'unknown error', message, stacktrace: '' } }));
}
