/** Service connections of every scheme, as the agent hands them over. */
import { createHttpHeaders } from '@azure/core-rest-pipeline';
import type { Endpoint } from '../../../shared/agent/agent.js';
import { createArmClient } from '../../../shared/azure/armClient.js';
import type { bake } from '../../../tasks/PackerBakeVmss/src/run.js';

export const clientSecret = 'Very~Secret.Value/1';

type Fields = Readonly<Record<string, string>>;

function endpoint(scheme: string, parameters: Fields, jobToken?: string): Partial<Endpoint> {
  const lookUp = (fields: Fields) => (name: string) =>
    Object.entries(fields).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
  return {
    url: 'https://management.azure.com/',
    scheme,
    parameter: lookUp({ tenantid: 'tenant-1', serviceprincipalid: 'client-1', ...parameters }),
    data: lookUp({ subscriptionId: 'subscription-1', environment: 'AzureCloud', msiclientId: 'identity-1' }),
    jobToken,
  };
}

export const endpoints: Readonly<Record<string, Partial<Endpoint>>> = {
  key: endpoint('ServicePrincipal', { serviceprincipalkey: clientSecret }),
  identity: endpoint('ManagedServiceIdentity', {}),
  federated: endpoint('WorkloadIdentityFederation', {}, 'job-token'),
};

export function certificateEndpoint(pem: string): Partial<Endpoint> {
  return endpoint('ServicePrincipal', {
    authenticationType: 'spnCertificate',
    servicePrincipalCertificate: pem,
  });
}

/** An Azure in which the connection may read nothing. */
export const closedAzure: Parameters<typeof bake>[2] = (agent, connection) =>
  createArmClient(agent, connection, {
    credential: {
      getToken: () => Promise.resolve({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }),
    },
    transport: {
      name: 'closed',
      sendRequest: request =>
        Promise.resolve({
          request,
          status: 403,
          headers: createHttpHeaders({ 'content-type': 'application/json' }),
          bodyAsText: JSON.stringify({ error: { code: 'AuthorizationFailed', message: 'It may not.' } }),
        }),
    },
  });
