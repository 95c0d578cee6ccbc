/** Service connections as tasks see them. */

import { createHash } from 'node:crypto';

/** One service connection. */
export interface Endpoint {
  /** GUID, lower case; `SYSTEMVSSCONNECTION` for the run's own. */
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Undefined for the run's own connection, which has none. */
  readonly data?: Readonly<Record<string, string>>;
}

// Parameters of a connection that are no secrets, as the agent has it. The client id is not among them.
const open = new Set([
  'role',
  'scope',
  'tenantid',
  'issuedat',
  'expiresat',
  'audience',
  'authenticationtype',
  'authorizationtype',
  'accesstokentype',
]);

/** The values of a connection that must be masked. */
export function secretsOf(endpoint: Endpoint): string[] {
  return Object.entries(endpoint.parameters)
    .filter(([name, value]) => !open.has(name.toLowerCase()) && value !== '')
    .map(([, value]) => value);
}

/** A GUID that is the same for the same name, so that logs of two runs can be compared. */
export function connectionId(name: string): string {
  const hex = createHash('sha256').update(`service connection ${name.toLowerCase()}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
