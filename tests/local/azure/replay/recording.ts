/** Recorded exchanges with Azure Resource Manager: JSON lines, and what a line says beyond its fields. */
import { isObject, string } from '../../../../local/azure/arm/json.js';

export interface Exchange {
  readonly method: string;
  /** Absolute, or from the first slash on. */
  readonly url: string;
  readonly requestBody: unknown;
  readonly status: number;
  /** Names in lower case. */
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: unknown;
}

export function parseRecording(text: string): readonly Exchange[] {
  const exchanges = text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Exchange);
  return withDeploymentNames(exchanges);
}

/** One recorder calls every deployment the same in its URLs; answers have their names. */
function withDeploymentNames(exchanges: readonly Exchange[]): readonly Exchange[] {
  let name = 'mock-deployment';
  return exchanges.map(exchange => {
    const scrubbed = /\/deployments\/mock-deployment(?=[/?])/;
    if (!scrubbed.test(exchange.url)) return exchange;
    name = (isObject(exchange.responseBody) ? string(exchange.responseBody['name']) : undefined) ?? name;
    return { ...exchange, url: exchange.url.replace(scrubbed, `/deployments/${name}`) };
  });
}

export function urlOf({ url }: { readonly url: string }): URL {
  return new URL(url, 'https://management.azure.com');
}

/** The URLs by which an answer lets its operation be followed, Azure-AsyncOperation first. */
export function operationUrls(headers: Readonly<Record<string, string | undefined>>): readonly URL[] {
  return [headers['azure-asyncoperation'], headers['location']].flatMap(url =>
    url === undefined ? [] : [urlOf({ url })],
  );
}

/** What an operation's URLs have in common: the id, their last segment. */
export function operationId(url: URL): string {
  return url.pathname.split('/').at(-1)?.toLowerCase() ?? '';
}

/** Whether the URL is that of an operation rather than of a resource. */
export function isPoll({ method, url }: Exchange): boolean {
  const { pathname } = urlOf({ url });
  return (
    method === 'GET' &&
    (/\/(operationresults|operationstatuses)\/[^/]+$/i.test(pathname) ||
      /\/locations\/[^/]+\/\w*operations\/[^/]+$/i.test(pathname))
  );
}

/** Whether an answer to a poll says that the operation goes on. */
export function goesOn({ status, responseBody }: Pick<Exchange, 'status' | 'responseBody'>): boolean {
  const state = isObject(responseBody) ? string(responseBody['status']) : undefined;
  return (
    status === 202 ||
    (state !== undefined && /^(InProgress|Running|Accepted|Updating|Creating)$/i.test(state))
  );
}
