/** The one tenant, application and subscription there is, and the tokens it is given. */
import { createHash, createPublicKey, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { string, type Json } from '../arm/json.js';
import { createSelfSigned, type KeyPair } from '../front/certificates.js';
import type { RegisteredCertificate } from './assertion.js';
import { keySet, readJwt, signJwt } from './jwt.js';

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
  /** The JSON Web Key Set that the tokens can be verified with. */
  readonly keys: Json;
}

/** @returns the PEM text of a new key and its certificate */
export async function createAppCertificate(identity: Identity): Promise<string> {
  const { certificate, key } = await createSelfSigned(identity.clientId);
  return `${key.trimEnd()}\n${certificate}`;
}

export function readAppCertificate(pem: string): RegisteredCertificate {
  const { raw, publicKey } = new X509Certificate(pem);
  const digest = (algorithm: string) => createHash(algorithm).update(raw).digest('hex').toUpperCase();
  return { publicKey, sha1: digest('sha1'), sha256: digest('sha256') };
}

export function createTokens(identity: Identity, keys: KeyPair, now: () => Date): Tokens {
  const kid = createHash('sha1').update(keys.publicKey).digest('base64url');
  const publicKey = createPublicKey(keys.publicKey);
  return {
    keys: keySet(keys.publicKey, kid),
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
      return { value: signJwt({ x5t: kid, kid }, claims, keys.privateKey), notBefore, expires };
    },
    check: token => {
      const jwt = readJwt(token);
      if (jwt?.isSignedBy(publicKey) !== true) return { ok: false, why: 'invalid', claims: {} };
      const { claims } = jwt;
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
