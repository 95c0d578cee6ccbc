/** Finds where a plan's HTTP requests go, in the text of the plan, so that all its other bytes can stay as they are. */

/** The value of a property: where it stands and what it says, entities resolved. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Whether the element is written as empty, `<stringProp …/>`; then the place is its `/>`. */
  readonly closed: boolean;
}

/** The properties of a request's address. */
export type AddressPart = 'protocol' | 'domain' | 'port' | 'path';

/** An HTTP sampler, or the HTTP Request Defaults that samplers take what they do not name from. */
export interface HttpRequest {
  readonly defaults: boolean;
  readonly enabled: boolean;
  readonly parts: ReadonlyMap<AddressPart, Place>;
}

const markup =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<(\/?)([A-Za-z_][\w.:-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/g;

interface OpenTag {
  readonly tag: string;
  readonly attributes: string;
  /** Where its content starts. */
  readonly start: number;
  parts: Map<AddressPart, Place> | undefined;
}

/**
 * Finds the HTTP samplers and HTTP Request Defaults of a plan.
 * @param plan the text of a .jmx file; its bytes read as Latin-1 do
 */
export function httpRequests(plan: string): HttpRequest[] {
  const requests: HttpRequest[] = [];
  const open: OpenTag[] = [];
  const found = (attributes: string, owner: OpenTag | undefined, place: Omit<Place, 'text'>) => {
    const part = addressPart(attributes);
    if (part === undefined || owner === undefined) return;
    if (owner.parts === undefined) {
      owner.parts = new Map();
      requests.push({
        defaults: owner.tag === 'ConfigTestElement',
        enabled: attribute(owner.attributes, 'enabled') !== 'false',
        parts: owner.parts,
      });
    }
    const text = place.closed ? '' : plainText(plan.slice(place.start, place.end));
    owner.parts.set(part, { ...place, text });
  };
  for (const match of plan.matchAll(markup)) {
    const [whole, slash, tag, attributes = ''] = match;
    if (tag === undefined) continue;
    const end = match.index + whole.length;
    if (slash === '/') {
      const closed = open.pop();
      if (closed?.tag === 'stringProp')
        found(closed.attributes, open.at(-1), { start: closed.start, end: match.index, closed: false });
    } else if (!attributes.endsWith('/')) open.push({ tag, attributes, start: end, parts: undefined });
    else if (tag === 'stringProp') found(attributes, open.at(-1), { start: end - 2, end, closed: true });
  }
  return requests;
}

/** JMeter takes a sampler's path that is a whole URL for the request's address, whatever its other parts say. */
const origin = /^https?:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:?#]*)(?::[^/?#]*)?/i;

/** The scheme, host and port of a request, where its path is a whole URL. */
export function originInPath({ parts, defaults }: HttpRequest): { origin: string; host: string } | undefined {
  const match = defaults ? null : origin.exec(parts.get('path')?.text ?? '');
  return match === null ? undefined : { origin: match[0], host: match[1] ?? '' };
}

/** The host that a request names, as the plan writes it: also an expression such as `${host}`; empty when it names none. */
export function namedHost(request: HttpRequest): string {
  return originInPath(request)?.host ?? request.parts.get('domain')?.text ?? '';
}

function addressPart(attributes: string): AddressPart | undefined {
  const name = attribute(attributes, 'name') ?? '';
  return (['protocol', 'domain', 'port', 'path'] as const).find(part => name === `HTTPSampler.${part}`);
}

function attribute(attributes: string, name: string): string | undefined {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes);
  return match?.[1] ?? match?.[2];
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function plainText(xml: string): string {
  return xml
    .split(/(<!\[CDATA\[[^]*?\]\]>)/)
    .map(piece => {
      if (piece.startsWith('<![CDATA[')) return piece.slice(9, -3);
      return piece.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
        const code = Number.parseInt(String(decimal ?? hex ?? ''), decimal === undefined ? 16 : 10);
        return code <= 0x10ffff ? String.fromCodePoint(code) : (entities[String(name)] ?? whole);
      });
    })
    .join('')
    .trim();
}
