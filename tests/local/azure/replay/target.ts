/** The local Azure of a test as what recordings are replayed against. */
import type { HttpMethods } from '@azure/core-rest-pipeline';
import type { Fixture } from '../fixture.js';
import type { Target } from './replay.js';

export function targetOf(fixture: Fixture): Target {
  return {
    subscriptionId: fixture.azure.connection.subscriptionId,
    send: async (method, url, body, sent) => {
      const {
        status,
        headers,
        body: responseBody,
      } = await fixture.arm(method as HttpMethods, url, body ?? undefined, sent);
      return { status, responseHeaders: headers, responseBody: responseBody === '' ? null : responseBody };
    },
  };
}
