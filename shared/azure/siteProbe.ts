/** One look at a site over HTTP. */
import { createPipelineRequest, isRestError } from '@azure/core-rest-pipeline';
import type { Agent } from '../agent/agent.js';
import { singleLine } from '../core/text.js';
import { createHttp } from './http.js';

/** What one request to a site gave. */
export type SiteAnswer =
  | { readonly status: number; readonly body: string }
  /** No answer, and why. */
  | { readonly status: undefined; readonly reason: string };

/** Asks a site once, with 10 s for the answer; redirects are not followed. */
export type SiteProbe = (url: string) => Promise<SiteAnswer>;

const patience = 10_000;

/** A probe through the agent's proxy. */
export function createSiteProbe(agent: Agent): SiteProbe {
  return async url => {
    const request = createPipelineRequest({
      url,
      timeout: patience,
      abortSignal: agent.signal,
      // Sites under test have plain addresses too.
      allowInsecureConnection: true,
    });
    try {
      const answer = await createHttp(agent, url)(request);
      return { status: answer.status, body: answer.bodyAsText ?? '' };
    } catch (error) {
      agent.signal.throwIfAborted();
      const reason =
        error instanceof Error && error.name === 'AbortError'
          ? `no answer within ${patience / 1000} s`
          : isRestError(error) || error instanceof Error
            ? singleLine(error.message)
            : String(error);
      return { status: undefined, reason };
    }
  };
}
