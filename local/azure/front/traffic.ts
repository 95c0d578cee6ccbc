/** The log of all exchanges, one JSON object a line, with every secret masked. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { at, isObject, object, string, type Json } from '../arm/json.js';
import type { Reply, Request } from './http.js';
import { parseBody } from './body.js';

const mask = '***';

/** Names of members that hold secrets wherever they stand in a body. */
const secretName =
  /^(adminPassword|password|client_secret|client_assertion|assertion|access_token|oidcToken|refresh_token|id_token|protectedSettings|customData|userData|storageAccountKey)$/i;

export interface TrafficLog {
  write(request: Request, reply: Reply): void;
  close(): void;
}

/** Appends to the file, each line in one write. */
export function openTrafficLog(file: string): TrafficLog {
  const descriptor = openSync(file, 'w', 0o600);
  return {
    write: (request, reply) => {
      writeSync(descriptor, `${JSON.stringify(trafficLine(request, reply))}\n`);
    },
    close: () => {
      closeSync(descriptor);
    },
  };
}

/** What the log says of an exchange. */
export function trafficLine(request: Request, reply: Reply): Json {
  return {
    method: request.method,
    url: request.url.href,
    requestBody: request.text === '' ? null : withoutSecrets(requestBody(request)),
    status: reply.status,
    responseHeaders: reply.headers ?? {},
    responseBody: reply.body === undefined ? null : withoutSecrets(responseBody(request, reply.body)),
  };
}

function requestBody(request: Request): unknown {
  if (/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '')) {
    return Object.fromEntries(new URLSearchParams(request.text));
  }
  return parseBody(request.text) ?? request.text;
}

function responseBody(request: Request, body: unknown): unknown {
  if (!/\/listKeys(\?|$)/i.test(request.url.href)) return body;
  const keys: unknown = at(body, 'keys');
  return {
    ...object(body),
    keys: Array.isArray(keys) ? keys.map(one => ({ ...object(one), value: mask })) : keys,
  };
}

/** A copy with the values of secret members and of secure template parameters masked. */
export function withoutSecrets(value: unknown, secureParameters: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) return value.map(one => withoutSecrets(one, secureParameters));
  if (!isObject(value)) return value;
  const secure = new Set([...secureParameters, ...secureNames(value['template'])]);
  const declaresSecret = /^secure/i.test(string(value['type']) ?? '');
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const bare = secretName.test(name) || secure.has(name.toLowerCase());
      if (declaresSecret && name === 'defaultValue') return [name, mask];
      if (bare && typeof member === 'string') return [name, mask];
      // An object stays one, so that what checks the log against a schema still can.
      if (bare && isObject(member))
        return [name, 'value' in member ? { ...member, value: mask } : { [mask]: mask }];
      return [name, withoutSecrets(member, name === 'parameters' ? secure : new Set())];
    }),
  );
}

function secureNames(template: unknown): string[] {
  return Object.entries(object(at(template, 'parameters')))
    .filter(([, declared]) => /^secure/i.test(string(at(declared, 'type')) ?? ''))
    .map(([name]) => name.toLowerCase());
}
