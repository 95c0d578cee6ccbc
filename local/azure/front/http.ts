/** Requests and answers as the front doors of the local Azure see them. */

/** A request that came through the proxy. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case; repeated headers joined. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it was sent, decoded as UTF-8. */
  readonly text: string;
}

/** An answer. A `body` that is a string goes out as it is, anything else as JSON; undefined is an empty body. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Nothing is answered: the connection is reset. */
  readonly reset?: true;
}

/** The answer with the headers that its body calls for. */
export function withContentType(reply: Reply): Reply {
  if (reply.body === undefined || typeof reply.body === 'string') return reply;
  return { ...reply, headers: { 'content-type': 'application/json; charset=utf-8', ...reply.headers } };
}
