/** Downloads over HTTP and HTTPS through the agent's proxy: bounded, tried again where that may help, and whole or not at all. */
import { createWriteStream, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sleep } from '../core/wait.js';
import type { Agent, Proxy } from './agent.js';
import { reasonOf, sendGet } from './httpGet.js';
import { chooseProxy } from './proxyChoice.js';

/** A download that did not come about. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  /**
   * @param reason the rest of a sentence about the address
   * @param status the HTTP status, undefined where no answer came or it broke off
   */
  constructor(
    readonly url: string,
    readonly reason: string,
    readonly status: number | undefined,
    /** Whether the same request may fare better a moment later. */
    readonly passing: boolean,
    options?: ErrorOptions,
  ) {
    super(`${url}: ${reason}.`, options);
  }
}

const mostRedirects = 5;
const attempts = 3;
/** Milliseconds without a byte after which a server counts as silent. */
const patience = 60_000;

/** The headers that an address gets besides the usual ones; asked anew for each address that a redirect leads to. */
export type HeadersFor = (url: URL) => Readonly<Record<string, string>>;

const noHeaders: HeadersFor = () => ({});

/**
 * Fetches what is small enough for memory.
 * @param limit bytes
 * @throws DownloadError
 */
export async function fetchBytes(
  agent: Agent,
  url: string,
  limit: number,
  headersFor = noHeaders,
): Promise<Buffer> {
  return tried(agent, url, async () => {
    const pieces: Buffer[] = [];
    for await (const piece of receive(agent, url, limit, headersFor)) pieces.push(piece);
    return Buffer.concat(pieces);
  });
}

/**
 * Fetches a file. It is not there when this throws.
 * @param path a file that does not exist
 * @param limit bytes
 * @throws DownloadError
 */
export async function fetchFile(
  agent: Agent,
  url: string,
  path: string,
  limit: number,
  headersFor = noHeaders,
): Promise<void> {
  await tried(agent, url, async () => {
    try {
      const pieces = Readable.from(receive(agent, url, limit, headersFor));
      await pipeline(pieces, createWriteStream(path, { mode: 0o600 }));
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  });
}

async function tried<T>(agent: Agent, url: string, attempt: () => Promise<T>): Promise<T> {
  for (let left = attempts - 1; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      agent.signal.throwIfAborted();
      if (!(error instanceof DownloadError) || !error.passing || left === 0) throw error;
      agent.info(`${withoutCredentials(url)}: ${error.reason}; trying again.`);
      await sleep(500 * (attempts - left), agent.signal);
    }
  }
}

async function* receive(
  agent: Agent,
  url: string,
  limit: number,
  headersFor: HeadersFor,
): AsyncGenerator<Buffer> {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort();
  }, patience);
  let received = 0;
  let at = new URL(url);
  const fail = (reason: string, status: number | undefined, passing: boolean, cause?: unknown) =>
    new DownloadError(withoutCredentials(at.href), reason, status, passing, { cause });
  let answer: IncomingMessage | undefined;
  let proxy: Proxy | undefined;
  try {
    const signal = AbortSignal.any([agent.signal, silence.signal]);
    for (let followed = 0; ; followed++) {
      proxy = chooseProxy(agent, at.href);
      answer = await sendGet(at, proxy, signal, headersFor(at));
      const { statusCode: status = 0, headers } = answer;
      if (status === 200) break;
      answer.destroy();
      if (status < 300 || status >= 400 || headers.location === undefined)
        throw fail(`the server answers with HTTP ${status}`, status, status === 429 || status >= 500);
      if (followed === mostRedirects) throw fail('it redirects too often', status, false);
      const next = new URL(headers.location, at);
      if (at.protocol === 'https:' && next.protocol !== 'https:')
        throw fail(`it redirects to ${next.origin}, which is not encrypted`, status, false);
      at = next;
    }
    const announced = Number(answer.headers['content-length'] ?? Number.NaN);
    if (announced > limit) throw fail(`it is larger than ${limit} bytes`, undefined, false);
    for await (const piece of answer as AsyncIterable<Buffer>) {
      timer.refresh();
      received += piece.length;
      if (received > limit) throw fail(`it is larger than ${limit} bytes`, undefined, false);
      yield piece;
    }
  } catch (error) {
    agent.signal.throwIfAborted();
    if (error instanceof DownloadError) throw error;
    const reason = silence.signal.aborted
      ? `nothing came for ${patience / 1000} s`
      : received > 0
        ? `the connection broke off after ${received} bytes`
        : reasonOf(error);
    const through = proxy === undefined ? '' : `through the proxy ${proxy.host}:${proxy.port}: `;
    throw fail(`${through}${reason}`, undefined, true, error);
  } finally {
    clearTimeout(timer);
    answer?.destroy();
  }
}

function withoutCredentials(url: string): string {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}
