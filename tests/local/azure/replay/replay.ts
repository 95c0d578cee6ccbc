/** Replays a recording against a local Azure and says of each exchange whether the answer is the recorded one. */
import { at, isObject, string, type Json } from '../../../../local/azure/arm/json.js';
import { platformImage } from '../../../../local/azure/providers/compute/imageSource.js';
import { differences, type Reply } from './compare.js';
import { goesOn, isPoll, operationId, operationUrls, urlOf, type Exchange } from './recording.js';

/** A signed-in client of a local Azure. */
export interface Target {
  readonly subscriptionId: string;
  send(method: string, url: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Compared {
  readonly exchange: Exchange;
  /** `passed`: the recording shows an operation in progress that had ended here already. */
  readonly outcome: 'equal' | 'different' | 'passed';
  readonly differences: readonly string[];
}

const pollMilliseconds = 5;
const patience = 2000;

/** Replays the exchanges in their order; groups that the recording takes for granted are made before it begins. */
export async function replay(exchanges: readonly Exchange[], target: Target): Promise<readonly Compared[]> {
  const names = new Map<string, string>();
  const operations = new Map<string, readonly URL[]>();
  const translate = (text: string) => {
    let translated = text.replaceAll(/(?<=\/subscriptions\/)[^/?"\\]+/gi, target.subscriptionId);
    for (const [was, is] of names) translated = translated.replaceAll(was, is);
    return translated;
  };
  const translated = (value: unknown): unknown =>
    value === null || value === undefined ? value : (JSON.parse(translate(JSON.stringify(value))) as unknown);

  for (const group of groupsTakenForGranted(exchanges)) {
    const url = `/subscriptions/${target.subscriptionId}/resourceGroups/${group.name}?api-version=2022-09-01`;
    await target.send('PUT', url, { location: group.location, tags: group.tags });
  }
  const send = async (exchange: Exchange, url: string, index: number) => {
    const sent = exchange.requestBody ?? bodyLeftOut(exchanges, index);
    const body = typeof sent === 'string' ? translate(sent) : translated(sent);
    return target.send(exchange.method, url, asWeHaveIt(body), headersLeftOut(exchange));
  };
  const settled = async (url: string): Promise<Reply> => {
    for (let polls = 0; ; polls++) {
      const reply = await target.send('GET', url, undefined);
      if (!goesOn(reply) || polls === patience) return reply;
      await new Promise(resolve => setTimeout(resolve, pollMilliseconds));
    }
  };

  const results: Compared[] = [];
  for (const [index, exchange] of exchanges.entries()) {
    const recorded = { ...exchange, responseBody: asWeHaveIt(translated(exchange.responseBody)) };
    let local: Reply;
    if (isPoll(exchange)) {
      const url = localOperation(operations, exchange);
      if (url === undefined) {
        results.push({
          exchange,
          outcome: 'different',
          differences: ['no operation was started that could be followed'],
        });
        continue;
      }
      local = goesOn(exchange) ? await target.send('GET', url.href, undefined) : await settled(url.href);
      if (goesOn(exchange) && !goesOn(local)) {
        results.push({ exchange, outcome: 'passed', differences: [] });
        continue;
      }
    } else {
      const { pathname } = urlOf(exchange);
      if (/\/rollingUpgrades\/cancel$/i.test(pathname) && exchange.status === 202) {
        // The recorder keeps one of requests that are the same: the upgrade that is canceled is not the first.
        const start = exchanges.slice(0, index).findIndex(one => /\/osRollingUpgrade\?/i.test(one.url));
        const again = exchanges[start];
        if (again !== undefined) await send(again, translate(again.url), start);
      }
      if (!/\/cancel$/i.test(pathname)) {
        for (const id of unseenEnds(exchanges, index)) {
          const url = operations.get(id)?.[0];
          if (url !== undefined) await settled(url.href);
        }
      }
      local = await send(exchange, translate(exchange.url), index);
      for (const url of operationUrls(exchange.responseHeaders)) {
        operations.set(operationId(url), operationUrls(local.responseHeaders));
      }
    }
    learn(recorded.responseBody, local.responseBody, names);
    const found = differences(withoutGuestSystem(recorded), withoutGuestSystem(local, recorded));
    results.push({ exchange, outcome: found.length === 0 ? 'equal' : 'different', differences: found });
  }
  return results;
}

/** Where the operation that the recording asks after is followed here; undefined when none was started. */
function localOperation(
  operations: ReadonlyMap<string, readonly URL[]>,
  exchange: Exchange,
): URL | undefined {
  const recorded = urlOf(exchange);
  const urls = operations.get(operationId(recorded)) ?? [];
  const monitor = recorded.searchParams.get('monitor') === 'true';
  return monitor ? urls.at(-1) : urls[0];
}

/** Operations begun before an exchange whose end the recording never shows, or shows after it without a fitting answer. */
function unseenEnds(exchanges: readonly Exchange[], index: number): readonly string[] {
  const here = exchanges[index];
  return exchanges.slice(0, index).flatMap((before, position) => {
    const [url] = operationUrls(before.responseHeaders);
    if (url === undefined || isPoll(before)) return [];
    const id = operationId(url);
    const end = exchanges.findIndex(
      (one, later) => later > position && isPoll(one) && operationId(urlOf(one)) === id && !goesOn(one),
    );
    // A recording keeps repeated requests together, so the second DELETE may stand before the end of the first.
    const repeated = here?.method === before.method && here.url === before.url;
    return end === -1 || (end > index && repeated) ? [id] : [];
  });
}

function groupsTakenForGranted(exchanges: readonly Exchange[]) {
  const made = new Set<string>();
  const granted = new Map<
    string,
    { readonly name: string; readonly location: string; readonly tags: unknown }
  >();
  for (const exchange of exchanges) {
    const [, name, rest] = /\/resourcegroups\/([^/?]+)(.*)$/i.exec(urlOf(exchange).pathname) ?? [];
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (exchange.method === 'PUT' && rest === '') made.add(key);
    else if (!made.has(key) && exchange.status < 400 && !granted.has(key)) {
      const location = isObject(exchange.responseBody)
        ? string(exchange.responseBody['location'])
        : undefined;
      const shown = exchanges.find(
        one => one.method === 'GET' && urlOf(one).pathname.toLowerCase().endsWith(`/resourcegroups/${key}`),
      );
      granted.set(key, { name, location: location ?? 'westus', tags: at(shown?.responseBody, 'tags') });
    }
  }
  return [...granted.values()];
}

/** The local Azure has one platform image, which every other is taken for, and machines without data disks. */
function asWeHaveIt(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asWeHaveIt);
  if (!isObject(value)) return value;
  const { publisher, offer, sku, version } = value;
  if ([publisher, offer, sku, version].every(one => typeof one === 'string'))
    return { ...value, ...platformImage };
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'dataDisks' && Array.isArray(member) ? [] : asWeHaveIt(member),
    ]),
  );
}

/** What configures Windows cannot be asked of a Linux image, which stands in for one of Windows here. */
function withoutGuestSystem(reply: Reply, recorded: Reply = reply): Reply {
  if (!JSON.stringify(recorded.responseBody ?? null).includes('"windowsConfiguration"')) return reply;
  const without = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(without);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, member]) =>
        /^(windows|linux)Configuration$/.test(name) ? [] : [[name, without(member)]],
      ),
    );
  };
  return { ...reply, responseBody: without(reply.responseBody) };
}

/** Names that each side has made up itself are taken over from answer to answer. */
function learn(recorded: unknown, local: unknown, names: Map<string, string>): void {
  if (Array.isArray(recorded) && Array.isArray(local)) {
    for (const [index, one] of recorded.entries()) learn(one, local[index], names);
  } else if (isObject(recorded) && isObject(local)) {
    for (const [name, member] of Object.entries(recorded)) learn(member, local[name], names);
  } else if (
    typeof recorded === 'string' &&
    typeof local === 'string' &&
    recorded !== local &&
    isMadeUp(recorded)
  ) {
    names.set(recorded, local);
  }
}

function isMadeUp(text: string): boolean {
  return /^([0-9A-F]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(text);
}

/** No recording has the headers of requests; of an If-Match that did not match, the refusal tells. */
function headersLeftOut({ status, responseBody }: Exchange): Record<string, string> {
  const [, etag] = /if-match header "([^"]*)"/.exec(string(at(responseBody, 'error', 'message')) ?? '') ?? [];
  return status === 412 && etag !== undefined ? { 'if-match': `"${etag}"` } : {};
}

/** Some recordings leave out what was sent: what the answer, or the next look at the resource, shows was asked for. */
function bodyLeftOut(exchanges: readonly Exchange[], index: number): unknown {
  const here = exchanges[index];
  if (here?.method !== 'PUT') return undefined;
  const shown = exchanges
    .slice(index)
    .find(one => urlOf(one).pathname === urlOf(here).pathname && isObject(one.responseBody))?.responseBody;
  if (!isObject(shown)) return undefined;
  const { id: _id, name: _name, type: _type, etag: _etag, properties, ...rest } = shown;
  return { ...rest, ...(isObject(properties) ? { properties: withoutState(properties) } : {}) };
}

function withoutState(properties: Json): Json {
  const { osProfile, ...rest } = properties;
  const asked = Object.entries(rest).filter(
    ([name]) => !/^(provisioningState|vmId|timeCreated|resourceGuid)$/.test(name),
  );
  // No answer repeats the password.
  const made =
    rest['sourceVirtualMachine'] === undefined ? asked : asked.filter(([name]) => name !== 'storageProfile');
  const secret = isObject(osProfile) ? { osProfile: { ...osProfile, adminPassword: 'Geheim-123' } } : {};
  return { ...Object.fromEntries(made), ...secret };
}
