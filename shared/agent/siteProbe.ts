/** One look at a site over HTTP, through the agent's proxy. */
import type { IncomingMessage } from 'node:http';
import { formatDuration } from '../core/duration.js';
import { plural } from '../core/text.js';
import type { Agent, Proxy } from './agent.js';
import { reasonOf, sendGet } from './httpGet.js';
import { chooseProxy } from './proxyChoice.js';

/** What one request to a site gave. */
export type SiteAnswer =
  | {
      readonly status: number;
      /** Cut after the first mebibyte. */
      readonly body: string;
      /** By their names in lower case; those that came several times are joined by commas. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** No answer, and why: the rest of a sentence about the site. */
  | { readonly status: undefined; readonly reason: string };

/** Asks a site once, with 10 s for the answer. Throws only the signal's reason, when the task was cancelled. */
export type SiteProbe = (url: string) => Promise<SiteAnswer>;

const patience = 10_000;
const bodyLimit = 1024 * 1024;

/** @param mostRedirects how many redirects are followed; with 0 a redirect is the answer */
export function createSiteProbe(agent: Agent, mostRedirects = 0): SiteProbe {
  return async url => {
    const late = AbortSignal.timeout(patience);
    const signal = AbortSignal.any([agent.signal, late]);
    let proxy: Proxy | undefined;
    try {
      let at = new URL(url);
      for (let followed = 0; ; followed++) {
        proxy = chooseProxy(agent, at.href);
        const answer = await sendGet(at, proxy, signal);
        const status = answer.statusCode ?? 0;
        const next = mostRedirects > 0 && status >= 300 && status < 400 ? answer.headers.location : undefined;
        if (next === undefined)
          return { status, body: await readUpTo(answer, bodyLimit), headers: headersOf(answer) };
        answer.destroy();
        if (followed === mostRedirects)
          return { status: undefined, reason: `it redirects more than ${plural(mostRedirects, 'time')}` };
        at = new URL(next, at);
      }
    } catch (error) {
      agent.signal.throwIfAborted();
      const reason = late.aborted ? `it does not answer within ${formatDuration(patience)}` : reasonOf(error);
      return {
        status: undefined,
        reason: proxy === undefined ? reason : `through the proxy ${proxy.host}:${proxy.port}: ${reason}`,
      };
    }
  };
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

async function readUpTo(answer: IncomingMessage, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.push(piece);
    length += piece.length;
    if (length >= limit) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}
