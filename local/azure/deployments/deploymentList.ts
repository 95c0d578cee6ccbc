/** Pages of a group's deployments, newest first. Pure. */
import { ArmError } from '../arm/armError.js';
import type { Json } from '../arm/json.js';
import type { Resource } from '../arm/store.js';

/**
 * One page.
 * @param all in the order of their creation
 * @param url of the request: `$filter` (`provisioningState eq '…'`), `$top`, `$skiptoken`
 * @throws ArmError for a filter or a number that is none
 */
export function deploymentPage(all: readonly Resource[], url: URL): Json {
  const query = url.searchParams;
  const state = stateOf(query.get('$filter') ?? '');
  const top = numberOf(query, '$top', all.length);
  const start = numberOf(query, '$skiptoken', 0);
  const matching = all
    .filter(one => state === undefined || stateIn(one) === state)
    .sort((a, b) => String(b.properties['timestamp']).localeCompare(String(a.properties['timestamp'])));
  const value = matching.slice(start, start + top);
  if (start + top >= matching.length || top === 0) return { value };
  const next = new URL(url);
  next.searchParams.set('$skiptoken', String(start + top));
  return { nextLink: next.href, value };
}

function stateIn({ properties }: Resource): string {
  return String(properties['provisioningState']).toLowerCase();
}

function stateOf(filter: string): string | undefined {
  if (filter.trim() === '') return undefined;
  const state = /^\s*provisioningState\s+eq\s+'(\w+)'\s*$/i.exec(filter)?.[1];
  if (state !== undefined) return state.toLowerCase();
  throw new ArmError(
    400,
    'InvalidFilterInQueryString',
    `Invalid $filter '${filter}' specified in the query string.`,
  );
}

function numberOf(query: URLSearchParams, name: string, absent: number): number {
  const text = query.get(name);
  if (text === null || text === '') return absent;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ArmError(
    400,
    'InvalidQueryParameterValue',
    `The value '${text}' of the query parameter '${name}' is invalid: it must be a whole number.`,
  );
}
