/** JSON Web Tokens as Entra takes and gives them: signed by RSA with SHA-256. */
import { constants, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { object, string, type Json } from '../arm/json.js';

/** A token taken apart; nothing of it is to be believed before its signature is. */
export interface Jwt {
  readonly header: Json;
  readonly claims: Json;
  /** Whether the key signed it, by RS256 or PS256 as its header says. */
  readonly isSignedBy: (key: KeyObject) => boolean;
}

/** Undefined when the text is no token. */
export function readJwt(text: string): Jwt | undefined {
  const [header, payload, signature, ...more] = text.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    return undefined;
  try {
    const parsed = { header: decode(header), claims: decode(payload) };
    return {
      ...parsed,
      isSignedBy: key => {
        const padding = paddings.get(string(parsed.header['alg']) ?? '');
        return (
          padding !== undefined &&
          verify(
            'RSA-SHA256',
            Buffer.from(`${header}.${payload}`),
            { key, ...padding },
            Buffer.from(signature, 'base64url'),
          )
        );
      },
    };
  } catch {
    return undefined;
  }
}

const paddings: ReadonlyMap<string, { padding: number; saltLength?: number }> = new Map([
  ['RS256', { padding: constants.RSA_PKCS1_PADDING }],
  ['PS256', { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }],
]);

/** @param privateKey RSA, PEM */
export function signJwt(header: Json, claims: Json, privateKey: string): string {
  const unsigned = `${encode({ typ: 'JWT', alg: 'RS256', ...header })}.${encode(claims)}`;
  return `${unsigned}.${sign('RSA-SHA256', Buffer.from(unsigned), privateKey).toString('base64url')}`;
}

/** A JSON Web Key Set with one RSA key, as issuers publish it. */
export function keySet(publicKey: string, kid: string): Json {
  const { kty, n, e } = createPublicKey(publicKey).export({ format: 'jwk' });
  return { keys: [{ kty, use: 'sig', kid, x5t: kid, n, e }] };
}

function decode(part: string): Json {
  return object(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
}

function encode(value: Json): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
