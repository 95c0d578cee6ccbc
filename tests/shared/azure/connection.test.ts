import assert from 'node:assert/strict';
import type { Endpoint } from '../../../shared/agent/agent.js';
import { openConnection } from '../../../shared/azure/connection.js';
import { UserError } from '../../../shared/core/errors.js';
import { fakeAgent } from '../../fakes/fakeAgent.js';

interface Given {
  readonly scheme?: string;
  readonly url?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly jobToken?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const principal = { tenantid: 'tenant', serviceprincipalid: 'client' };
const lookUp = (fields: Readonly<Record<string, string>> | undefined) => (name: string) =>
  Object.entries(fields ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];

async function open(given: Given) {
  const endpoint: Partial<Endpoint> = {
    url: given.url ?? 'https://management.azure.com/',
    scheme: given.scheme,
    parameter: lookUp(given.parameters),
    data: lookUp(given.data ?? { subscriptionId: 'sub', environment: 'AzureCloud' }),
    jobToken: given.jobToken,
  };
  const fake = fakeAgent({ endpoints: { conn: endpoint }, environment: given.environment ?? {} });
  try {
    return { connection: openConnection(fake.agent, 'conn'), secrets: fake.secrets };
  } finally {
    await fake.close();
  }
}

describe('openConnection', () => {
  const target = {
    id: 'conn',
    subscriptionId: 'sub',
    cloud: {
      name: 'AzureCloud',
      armEndpoint: 'https://management.azure.com',
      authorityHost: 'https://login.microsoftonline.com',
      audience: 'https://management.azure.com',
    },
  };

  it('reads a service principal with a secret, and masks it', async () => {
    const { connection, secrets } = await open({
      scheme: 'ServicePrincipal',
      parameters: { ...principal, serviceprincipalkey: 's3cret-value' },
    });
    assert.deepEqual(connection, {
      ...target,
      scheme: 'servicePrincipalKey',
      tenantId: 'tenant',
      clientId: 'client',
      clientSecret: 's3cret-value',
    });
    assert.ok(secrets.includes('s3cret-value'));
  });

  it('reads a service principal with a certificate, and masks every line of it', async () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQ-line-one\nline-two==\n-----END PRIVATE KEY-----';
    const { connection, secrets } = await open({
      scheme: 'serviceprincipal',
      parameters: { ...principal, authenticationType: 'spnCertificate', servicePrincipalCertificate: pem },
    });
    assert.equal(connection.scheme, 'servicePrincipalCertificate');
    assert.equal('certificatePem' in connection && connection.certificatePem, pem);
    assert.ok(secrets.includes('MIIEvQ-line-one') && secrets.includes('line-two=='));
  });

  it('reads a managed identity, the machine’s own or a named one', async () => {
    const own = await open({ scheme: 'ManagedServiceIdentity', parameters: { tenantid: 'tenant' } });
    assert.deepEqual(own.connection, { ...target, scheme: 'managedIdentity' });
    const named = await open({
      scheme: 'ManagedServiceIdentity',
      data: { subscriptionId: 'sub', msiclientId: 'user-assigned' },
    });
    assert.deepEqual(named.connection, { ...target, scheme: 'managedIdentity', clientId: 'user-assigned' });
  });

  it('reads a workload identity federation', async () => {
    const { connection, secrets } = await open({
      scheme: 'WorkloadIdentityFederation',
      parameters: principal,
      jobToken: 'job-token',
      environment: { SYSTEM_OIDCREQUESTURI: 'https://dev.azure.com/o/_apis/oidctoken' },
    });
    assert.deepEqual(connection, {
      ...target,
      scheme: 'workloadIdentity',
      tenantId: 'tenant',
      clientId: 'client',
      connectionId: 'conn',
      jobToken: 'job-token',
      oidcRequestUri: 'https://dev.azure.com/o/_apis/oidctoken',
    });
    assert.ok(secrets.includes('job-token'));
  });

  it('knows the sovereign clouds, and takes the connection’s own addresses over its own', async () => {
    const government = await open({
      scheme: 'ManagedServiceIdentity',
      url: 'https://management.usgovcloudapi.net/',
      data: { subscriptionId: 'sub', environment: 'AzureUSGovernment' },
    });
    assert.equal(government.connection.cloud.authorityHost, 'https://login.microsoftonline.us');
    const stack = await open({
      scheme: 'ManagedServiceIdentity',
      url: 'https://management.local.azurestack.external/',
      data: {
        subscriptionId: 'sub',
        environment: 'AzureStack',
        activeDirectoryAuthority: 'https://login.example.com/',
        activeDirectoryServiceEndpointResourceId: 'https://management.example.com/guid',
      },
    });
    assert.deepEqual(stack.connection.cloud, {
      name: 'AzureStack',
      armEndpoint: 'https://management.local.azurestack.external',
      authorityHost: 'https://login.example.com',
      audience: 'https://management.example.com/guid',
    });
  });

  it('names everything that is missing at once', async () => {
    await assert.rejects(
      open({ scheme: 'WorkloadIdentityFederation', data: { environment: 'AzureStack' }, url: 'http://arm' }),
      (error: Error) => {
        assert.ok(error instanceof UserError);
        for (const part of [
          /a subscription/,
          /a tenant id/,
          /a service principal/,
          /SystemVssConnection/,
          /System\.OidcRequestUri/,
          /activeDirectoryAuthority/,
          /https address, not 'http:\/\/arm'/,
        ])
          assert.match(error.message, part);
        return true;
      },
    );
  });

  it('never guesses at a kind it does not know', async () => {
    for (const given of [
      { scheme: 'PublishProfile' },
      { scheme: 'ServicePrincipal', parameters: { ...principal, authenticationType: 'other' } },
      {},
    ]) {
      await assert.rejects(open(given), /Service connection 'conn' cannot be used/);
    }
  });
});
