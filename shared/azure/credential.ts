/** A service connection's credential for the SDKs. */
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import type { Agent } from '../agent/agent.js';
import type { ServiceConnection } from './connection.js';
import { requestOidcToken } from './oidcToken.js';

/** Sign-in hosts that Microsoft's library can look up by itself; it cannot vouch for others (Azure Stack). */
const discoverable =
  /^https:\/\/(login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|login\.windows\.net)$/i;

/** Makes the credential; nothing is asked of Azure before its first use. */
export function createCredential(agent: Agent, connection: ServiceConnection): TokenCredential {
  const { authorityHost } = connection.cloud;
  const proxyOptions = agent.proxyFor(authorityHost);
  const options = {
    authorityHost,
    ...(discoverable.test(authorityHost) ? {} : { disableInstanceDiscovery: true }),
    ...(proxyOptions === undefined ? {} : { proxyOptions }),
  };
  switch (connection.scheme) {
    case 'servicePrincipalKey':
      return new ClientSecretCredential(
        connection.tenantId,
        connection.clientId,
        connection.clientSecret,
        options,
      );
    case 'servicePrincipalCertificate':
      return new ClientCertificateCredential(
        connection.tenantId,
        connection.clientId,
        { certificate: connection.certificatePem },
        options,
      );
    case 'managedIdentity':
      // The machine's own identity endpoint is local: no authority, no proxy.
      return connection.clientId === undefined
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId: connection.clientId });
    case 'workloadIdentity':
      // Asked anew for every access token: an assertion lives ten minutes, a rollout takes longer.
      return new ClientAssertionCredential(
        connection.tenantId,
        connection.clientId,
        () => requestOidcToken(agent, connection),
        options,
      );
  }
}
