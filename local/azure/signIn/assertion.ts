/** Whether a client assertion proves that it comes from the application: by its certificate, or by a federated token. */
import type { KeyObject } from 'node:crypto';
import { string, type Json } from '../arm/json.js';
import { readJwt, type Jwt } from './jwt.js';
import { invalidClient, required, SignInError } from './signInError.js';

/** The certificate that is registered for the application. */
export interface RegisteredCertificate {
  readonly publicKey: KeyObject;
  /** Digests of its DER encoding, upper-case hexadecimal. */
  readonly sha1: string;
  readonly sha256: string;
}

/** The federated credential that is registered for the application: whose tokens stand for it. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly audience: string;
  /** Whether tokens of this subject are for the application. */
  accepts(subject: string): boolean;
}

export interface AssertionCheck {
  readonly form: URLSearchParams;
  readonly clientId: string;
  readonly certificate: RegisteredCertificate;
  readonly federated: FederatedCredential;
  /** Whether a certificate's assertion may be made out to this. */
  readonly isAudience: (audience: string) => boolean;
  readonly now: Date;
}

const bearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Seconds that the clocks of two machines may differ. */
const skew = 300;

/** @throws SignInError when it proves nothing */
export function checkAssertion(check: AssertionCheck): void {
  const { form, federated } = check;
  const type = required(form, 'client_assertion_type');
  if (type !== bearer) {
    throw new SignInError(
      400,
      'invalid_request',
      900144,
      `The 'client_assertion_type' must be '${bearer}', not '${type}'.`,
    );
  }
  const jwt = readJwt(required(form, 'client_assertion'));
  if (jwt === undefined) {
    throw new SignInError(400, 'invalid_request', 50027, 'JWT token is invalid or malformed.');
  }
  if (jwt.claims['iss'] === check.clientId) checkCertificateAssertion(jwt, check);
  else checkFederatedToken(jwt, federated);
  checkTimes(jwt.claims, check.now);
}

function checkCertificateAssertion(
  { header, claims, isSignedBy }: Jwt,
  { certificate, clientId, isAudience }: AssertionCheck,
): void {
  if (claims['sub'] !== clientId) {
    throw invalidClient(
      700021,
      "Client assertion application identifier doesn't match 'client_id' parameter. Review the documentation at " +
        'https://learn.microsoft.com/entra/identity-platform/certificate-credentials.',
    );
  }
  const used = thumbprint(header['x5t#S256']) ?? thumbprint(header['x5t']) ?? string(header['kid']) ?? '';
  if (![certificate.sha1, certificate.sha256].includes(used.toUpperCase())) {
    throw invalidClient(
      700027,
      'The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key ' +
        `was not found., Thumbprint of key used by client: '${used}'. This local Azure knows the one of its certificateFile: ` +
        `'${certificate.sha1}'].`,
    );
  }
  if (!isSignedBy(certificate.publicKey)) {
    throw invalidClient(
      700027,
      'Client assertion failed signature validation. [Reason - The provided signature value did not match the expected ' +
        `signature value., Thumbprint of key used by client: '${used}'].`,
    );
  }
  const audience = string(claims['aud']) ?? '';
  if (!isAudience(audience)) {
    throw invalidClient(
      700023,
      `Client assertion audience claim does not match Realm issuer: '${audience}'. Review the documentation at ` +
        'https://learn.microsoft.com/entra/identity-platform/certificate-credentials.',
    );
  }
}

function checkFederatedToken({ claims, isSignedBy }: Jwt, federated: FederatedCredential): void {
  const mismatch = (number: number, what: string, presented: unknown) =>
    invalidClient(
      number,
      `No matching federated identity record found for presented assertion ${what} '${String(presented)}'. Check your federated ` +
        'identity credential Subject, Audience and Issuer against the presented assertion. ' +
        'https://learn.microsoft.com/entra/workload-id/workload-identity-federation',
    );
  if (claims['iss'] !== federated.issuer) throw mismatch(700211, 'issuer', claims['iss']);
  if (claims['aud'] !== federated.audience) throw mismatch(700212, 'audience', claims['aud']);
  if (!federated.accepts(string(claims['sub']) ?? '')) throw mismatch(700213, 'subject', claims['sub']);
  if (!isSignedBy(federated.publicKey)) {
    throw invalidClient(
      700027,
      'Client assertion failed signature validation. [Reason - The key of the issuer did not sign it].',
    );
  }
}

function checkTimes(claims: Json, now: Date): void {
  const seconds = now.getTime() / 1000;
  const from = Number(claims['nbf'] ?? 0);
  const to = Number(claims['exp']);
  if (from - skew <= seconds && seconds < to + skew) return;
  const shown = (time: number) => (Number.isFinite(time) ? new Date(time * 1000).toISOString() : 'absent');
  throw invalidClient(
    700024,
    `Client assertion is not within its valid time range. Current time: ${now.toISOString()}, assertion valid from ${shown(from)}, ` +
      `expiry time of assertion ${shown(to)}. Review the documentation at ` +
      'https://learn.microsoft.com/entra/identity-platform/certificate-credentials.',
  );
}

/** base64 or base64url of a digest → upper-case hexadecimal */
function thumbprint(encoded: unknown): string | undefined {
  const text = string(encoded);
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('hex').toUpperCase();
}
