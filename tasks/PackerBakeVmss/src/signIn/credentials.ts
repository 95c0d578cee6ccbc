/** A service connection as the options that Packer's Azure builders sign in with. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { Cloud, ServiceConnection } from '../../../../shared/azure/connection.js';
import { requestOidcToken } from '../../../../shared/azure/oidcToken.js';
import { readKeyPair, toPem, toPkcs12 } from './certificate.js';
import { openOidcBridge } from './oidcBridge.js';
import type { PackerVersion } from '../packer/packer.js';
import type { PackerTemplate } from '../template/packerTemplate.js';

/** Options of packer-plugin-azure. All that do not belong to the connection's scheme are empty, so that no other sign-in is tried. */
export interface AzureOptions {
  readonly client_id: string;
  readonly client_secret: string;
  readonly client_cert_path: string;
  readonly client_cert_password: string;
  readonly client_jwt: string;
  readonly oidc_request_url: string;
  readonly oidc_request_token: string;
  readonly tenant_id: string;
  readonly subscription_id: string;
  readonly cloud_environment_name: string;
  /** Where the plugin asks for a cloud's addresses; empty for a cloud that it knows by its name. */
  readonly metadata_host: string;
}

/** Packer's names for the clouds. */
const cloudNames: Readonly<Record<string, string>> = {
  azurecloud: 'Public',
  azureusgovernment: 'USGovernment',
  azurechinacloud: 'China',
};

/**
 * The options for a connection. A federated one gets its token here, as late as can be: it is good for some ten minutes. A template
 * that has `oidc_request_url` can ask for fresh ones instead.
 */
export async function azureOptions(
  connection: ServiceConnection,
  template: PackerTemplate,
  version: PackerVersion,
  agent: Agent,
): Promise<AzureOptions> {
  const common = {
    ...noOptions,
    subscription_id: connection.subscriptionId,
    ...cloudOptions(connection.cloud),
  };
  // Packer takes the machine's identity only where no tenant is named.
  if (connection.scheme === 'managedIdentity') return { ...common, client_id: connection.clientId ?? '' };
  const principal = { ...common, tenant_id: connection.tenantId, client_id: connection.clientId };
  switch (connection.scheme) {
    case 'servicePrincipalKey':
      return { ...principal, client_secret: connection.clientSecret };
    case 'servicePrincipalCertificate':
      return { ...principal, ...certificateOptions(connection.certificatePem, template, version, agent) };
    case 'workloadIdentity': {
      const requestToken = () => requestOidcToken(agent, connection);
      if (!template.asksForTokens) return { ...principal, client_jwt: await requestToken() };
      const bridge = await openOidcBridge(requestToken);
      agent.secret(bridge.token);
      agent.onCleanUp('closing the token bridge', () => bridge.close());
      return { ...principal, oidc_request_url: bridge.url, oidc_request_token: bridge.token };
    }
  }
}

const noOptions = {
  client_id: '',
  client_secret: '',
  client_cert_path: '',
  client_cert_password: '',
  client_jwt: '',
  oidc_request_url: '',
  oidc_request_token: '',
  tenant_id: '',
};

/** The file lies in the run's own temporary directory and goes with it. */
function certificateOptions(
  pem: string,
  template: PackerTemplate,
  version: PackerVersion,
  agent: Agent,
): Pick<AzureOptions, 'client_cert_path' | 'client_cert_password'> {
  const pair = readKeyPair(pem);
  const path = join(agent.tempDirectory, `${randomBytes(8).toString('hex')}.pfx`);
  const write = (content: string | Buffer) => {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
  };
  if (!readsPkcs12(template, version)) {
    write(toPem(pair));
    return { client_cert_path: path, client_cert_password: '' };
  }
  const password = template.hasCertificatePassword ? randomBytes(24).toString('hex') : '';
  agent.secret(password);
  write(toPkcs12(pair, password));
  return { client_cert_path: path, client_cert_password: password };
}

/** Packer brought the plugin's version 1, which reads PEM, up to its own version 1.9; a template may ask for a newer plugin since 1.7. */
function readsPkcs12(template: PackerTemplate, { major, minor }: PackerVersion): boolean {
  if (major > 1 || minor >= 10) return true;
  return minor >= 7 && (template.requiresPlugins || template.hasCertificatePassword);
}

function cloudOptions(cloud: Cloud): Pick<AzureOptions, 'cloud_environment_name' | 'metadata_host'> {
  const name = cloudNames[cloud.name.toLowerCase()];
  if (name !== undefined) return { cloud_environment_name: name, metadata_host: '' };
  // Azure Stack and its like tell their addresses themselves, at Resource Manager's own host.
  return { cloud_environment_name: cloud.name, metadata_host: new URL(cloud.armEndpoint).host };
}

/** The environment that templates read credentials from: `PKR_VAR_…` for HCL2 variables, `ARM_…` for `{{env}}`, named as Terraform does. */
export function credentialEnvironment(options: AzureOptions): Record<string, string | undefined> {
  const environment: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(options)) environment[`PKR_VAR_${name}`] = String(value);
  const arm = {
    ARM_CLIENT_ID: options.client_id,
    ARM_CLIENT_SECRET: options.client_secret,
    ARM_CLIENT_CERTIFICATE_PATH: options.client_cert_path,
    ARM_CLIENT_CERTIFICATE_PASSWORD: options.client_cert_password,
    ARM_OIDC_TOKEN: options.client_jwt,
    ARM_TENANT_ID: options.tenant_id,
    ARM_SUBSCRIPTION_ID: options.subscription_id,
    ARM_METADATA_HOST: options.metadata_host,
  };
  // An empty one is taken away: the agent's machine may have credentials of its own in there.
  for (const [name, value] of Object.entries(arm)) environment[name] = value === '' ? undefined : value;
  return environment;
}
