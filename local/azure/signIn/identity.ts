/** The one tenant, application and subscription there is, and the tokens it is given. */
import { createSign, createVerify, randomBytes, randomUUID } from 'node:crypto';
import { object, string, type Json } from '../arm/json.js';

/** What a client needs to know to sign in. */
export interface Identity {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
  /** The application's object in the tenant, the `oid` of its tokens. */
  readonly objectId: string;
}

export function createIdentity(): Identity {
  return {
    tenantId: randomUUID(),
    clientId: randomUUID(),
    clientSecret: randomBytes(30).toString('base64url'),
    subscriptionId: randomUUID(),
    objectId: randomUUID(),
  };
}

/** Seconds that a token is good for. */
export const tokenLifetime = 3599;

export interface Token {
  readonly value: string;
  /** Seconds since the epoch. */
  readonly notBefore: number;
  readonly expires: number;
}

export type TokenCheck =
  | { readonly ok: true; readonly claims: Json }
  | { readonly ok: false; readonly why: 'invalid' | 'expired'; readonly claims: Json };

export interface Tokens {
  /** An access token for a resource such as `https://management.azure.com/`. */
  issue(audience: string, version: '1.0' | '2.0'): Token;
  /** Whether a token was issued here and is still good. */
  check(token: string): TokenCheck;
}

/** @param keys an RSA key pair, PEM */
export function createTokens(
  identity: Identity,
  keys: { publicKey: string; privateKey: string },
  now: () => Date,
): Tokens {
  const kid = randomBytes(20).toString('base64url');
  return {
    issue: (audience, version) => {
      const notBefore = Math.floor(now().getTime() / 1000);
      const expires = notBefore + tokenLifetime;
      const claims = {
        aud: audience,
        iss: `https://sts.windows.net/${identity.tenantId}/`,
        iat: notBefore,
        nbf: notBefore,
        exp: expires,
        appid: identity.clientId,
        appidacr: '1',
        idp: `https://sts.windows.net/${identity.tenantId}/`,
        idtyp: 'app',
        oid: identity.objectId,
        sub: identity.objectId,
        tid: identity.tenantId,
        uti: randomBytes(16).toString('base64url'),
        ver: version,
      };
      const unsigned = `${encode({ typ: 'JWT', alg: 'RS256', x5t: kid, kid })}.${encode(claims)}`;
      const signature = createSign('RSA-SHA256').update(unsigned).sign(keys.privateKey, 'base64url');
      return { value: `${unsigned}.${signature}`, notBefore, expires };
    },
    check: token => {
      const [header = '', payload = '', signature = '', ...more] = token.split('.');
      const genuine =
        more.length === 0 &&
        createVerify('RSA-SHA256')
          .update(`${header}.${payload}`)
          .verify(keys.publicKey, signature, 'base64url');
      if (!genuine) return { ok: false, why: 'invalid', claims: {} };
      const claims = object(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')));
      const expires = Number(claims['exp']);
      if (expires * 1000 <= now().getTime()) return { ok: false, why: 'expired', claims };
      return { ok: true, claims };
    },
  };
}

/** Whether a token for this audience opens Azure Resource Manager. */
export function isForArm(claims: Json): boolean {
  const audience = string(claims['aud'])?.replace(/\/+$/, '');
  return audience === 'https://management.azure.com' || audience === 'https://management.core.windows.net';
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
