/** Lets a plan's requests go to another site, by edits of the plan's text that touch their addresses only. */
import { escapeXml } from '../../../shared/core/text.js';
import {
  httpRequests,
  namedHost,
  originInPath,
  type AddressPart,
  type HttpRequest,
  type Place,
} from './planRequests.js';

/** Where requests are to go. `path` comes before the path of each and has no slash at its end. */
export interface Site {
  readonly protocol: string;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The hosts that a plan's requests name, each once, as the plan writes them. */
export function hostsOf(plan: string): string[] {
  const hosts = httpRequests(plan)
    .filter(request => request.enabled)
    .map(namedHost);
  return [...new Set(hosts)].filter(host => host !== '');
}

/** The plan with every request to one of these hosts sent to the site instead. */
export function moveRequests(plan: string, hosts: ReadonlySet<string>, site: Site): string {
  const requests = httpRequests(plan);
  const named = (request: HttpRequest) => hosts.has(namedHost(request));
  // A request that names no host takes the defaults' and may have a port, protocol and path of its own.
  const followers = requests.some(request => request.defaults && named(request));
  const pathByDefault = requests.some(
    ({ defaults, parts }) => defaults && (parts.get('path')?.text ?? '') !== '',
  );
  const edits = requests.flatMap(request => {
    if (named(request)) return addressEdits(plan, request, site, pathByDefault);
    return followers && namedHost(request) === '' ? followerEdits(request, site, pathByDefault) : [];
  });
  let text = plan;
  for (const { start, end, text: edit } of edits.toSorted((a, b) => b.start - a.start))
    text = text.slice(0, start) + edit + text.slice(end);
  return text;
}

function addressEdits(plan: string, request: HttpRequest, site: Site, pathByDefault: boolean): Edit[] {
  const { parts } = request;
  const url = originInPath(request);
  const path = parts.get('path');
  if (url !== undefined && path !== undefined) {
    const start = plan.indexOf(url.origin, path.start);
    const host = site.host.includes(':') ? `[${site.host}]` : site.host;
    const text = `${site.protocol}://${host}:${site.port}${site.path}`;
    return start < 0 ? [] : [{ start, end: start + url.origin.length, text: escapeXml(text) }];
  }
  const texts = {
    domain: site.host,
    protocol: site.protocol,
    port: site.port,
    ...(path === undefined && !request.defaults && !pathByDefault ? { path: site.path } : {}),
  };
  const absent = Object.entries(texts)
    .filter(([part, text]) => !parts.has(part as AddressPart) && text !== '')
    .map(([part, text]) => `<stringProp name="HTTPSampler.${part}">${escapeXml(text)}</stringProp>`);
  const afterDomain = plan.indexOf('>', parts.get('domain')?.end ?? plan.length) + 1;
  return [
    ...(['domain', 'protocol', 'port'] as const).flatMap(part => edit(parts.get(part), texts[part])),
    ...(absent.length === 0 ? [] : [{ start: afterDomain, end: afterDomain, text: absent.join('') }]),
    ...pathEdits(request, site, pathByDefault),
  ];
}

function followerEdits(request: HttpRequest, site: Site, pathByDefault: boolean): Edit[] {
  const own = (['protocol', 'port'] as const).filter(part => (request.parts.get(part)?.text ?? '') !== '');
  return [
    ...own.flatMap(part => edit(request.parts.get(part), site[part])),
    ...pathEdits(request, site, pathByDefault),
  ];
}

/** Puts the site's path before the request's. An empty one stays so where there is one among the defaults, which is edited itself. */
function pathEdits({ parts, defaults }: HttpRequest, site: Site, pathByDefault: boolean): Edit[] {
  const place = parts.get('path');
  if (place === undefined || site.path === '') return [];
  if (place.text === '') return defaults || pathByDefault ? [] : edit(place, site.path);
  const slash = /^(\/|\$\{)/.test(place.text) ? '' : '/';
  return [{ start: place.start, end: place.start, text: escapeXml(site.path) + slash }];
}

function edit(place: Place | undefined, text: string): Edit[] {
  if (place === undefined) return [];
  const value = escapeXml(text);
  return [{ start: place.start, end: place.end, text: place.closed ? `>${value}</stringProp>` : value }];
}
