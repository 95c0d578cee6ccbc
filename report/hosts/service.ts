/** Azure DevOps' REST service as an extension's page asks it: with the token of whoever looks, and with patience when it is busy. */
import type { ZodType } from 'zod';

/** A request that got no good answer. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** @param status the HTTP status, undefined when there was no answer or none that could be read */
  constructor(
    message: string,
    readonly status: number | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export type Query = Readonly<Record<string, string | number>>;

export interface Service {
  /** @throws ServiceError also when the answer is not of the shape */
  json<Shape>(shape: ZodType<Shape>, path: readonly Segment[], query?: Query): Promise<Shape>;
  /** @throws ServiceError */
  content(path: readonly Segment[]): Promise<Blob>;
}

export type Segment = string | number;

/** The lists of the service. */
export interface Listed<Item> {
  readonly value: Item[];
}

/** Waits before each new try, in milliseconds, where the service does not ask for another. */
const patience = [500, 2000, 5000];
const longestWait = 30_000;

/**
 * @param base of a resource area, such as `https://dev.azure.com/contoso/`
 * @param token a current one; asked for each request, since they last an hour and a tab stays open for longer
 */
export function connect(base: string, token: () => Promise<string>): Service {
  const ask = async (accept: string, path: readonly Segment[], query: Query): Promise<Response> => {
    const url = new URL(
      path.map(segment => encodeURIComponent(segment)).join('/'),
      `${base.replace(/\/+$/, '')}/`,
    );
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    for (let round = 0; ; round += 1) {
      const answer = await once(url, { accept, authorization: `Bearer ${await token()}` });
      if (answer instanceof Response && answer.ok) return answer;
      const wait = patience[round];
      if (wait === undefined || !(answer instanceof Response ? mayPass(answer.status) : true)) {
        if (answer instanceof Response)
          throw new ServiceError(`HTTP ${answer.status} of ${url.pathname}`, answer.status);
        throw new ServiceError(`No answer of ${url.host}`, undefined, { cause: answer });
      }
      await pause(answer instanceof Response ? (askedFor(answer) ?? wait) : wait);
    }
  };
  return {
    async json(shape, path, query = {}) {
      // The version that Azure DevOps Server 2022 knows, too; release's are previews still.
      const answer = await ask('application/json;api-version=7.0-preview', path, query);
      // A guest whose sign-in has ended gets a page with status 200 or 203 in place of JSON.
      const body: unknown = await answer.json().catch(() => undefined);
      const read = shape.safeParse(body);
      if (!read.success) throw new ServiceError(`No answer to be read of ${path.join('/')}`, undefined);
      return read.data;
    },
    async content(path) {
      return (await ask('application/octet-stream;api-version=7.0-preview', path, {})).blob();
    },
  };
}

async function once(url: URL, headers: Record<string, string>): Promise<Response | Error> {
  try {
    return await fetch(url, { headers, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function askedFor({ headers }: Response): number | undefined {
  const seconds = headers.get('retry-after');
  return seconds !== null && /^\d+$/.test(seconds)
    ? Math.min(Number(seconds) * 1000, longestWait)
    : undefined;
}

async function pause(milliseconds: number): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, milliseconds));
}
