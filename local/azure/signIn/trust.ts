/** The keys and names that the clients of one local Azure rely on; kept with its state, so that they go on working after a restart. */
import {
  createAuthority,
  isLasting,
  rsaKeyPair,
  type Authority,
  type KeyPair,
} from '../front/certificates.js';
import { createDevOpsNames, type DevOpsNames } from './devOps.js';
import { createAppCertificate, createIdentity, type Identity } from './identity.js';

/** JSON data, full of secrets. */
export interface Trust {
  readonly identity: Identity;
  /** Issues the server certificate of each start. */
  readonly authority: Authority;
  /** What access tokens are signed with. */
  readonly tokenKeys: KeyPair;
  /** The application's private key and certificate, PEM. */
  readonly application: string;
  /** What OIDC tokens of jobs are signed with. */
  readonly devOpsKeys: KeyPair;
  readonly devOps: DevOpsNames;
}

/** Everything new, or what is missing or has run out. */
export async function createTrust(saved?: Trust): Promise<Trust> {
  const identity = saved?.identity ?? createIdentity();
  const made = async <T>(kept: T | undefined, make: () => Promise<T>) => kept ?? make();
  const [authority, tokenKeys, application, devOpsKeys] = await Promise.all([
    made(
      saved !== undefined && isLasting(saved.authority.certificate) ? saved.authority : undefined,
      createAuthority,
    ),
    made(saved?.tokenKeys, rsaKeyPair),
    made(saved !== undefined && isLasting(saved.application) ? saved.application : undefined, () =>
      createAppCertificate(identity),
    ),
    made(saved?.devOpsKeys, rsaKeyPair),
  ]);
  const devOps = saved?.devOps ?? createDevOpsNames();
  return { identity, authority, tokenKeys, application, devOpsKeys, devOps };
}
