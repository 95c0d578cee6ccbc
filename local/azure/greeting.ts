/** What a person at a terminal is told when the local Azure is up. Pure. */
import type { Connection } from './localAzure.js';

export interface Whereabouts {
  readonly directory: string;
  readonly kept: boolean;
  readonly traffic: string | undefined;
  readonly timeScale: number;
}

/** Lines to copy into a POSIX shell, tool by tool. */
export function greeting(
  connection: Connection,
  { directory, kept, traffic, timeScale }: Whereabouts,
): string {
  const { proxy, caFile, certificateFile, tenantId, clientId, clientSecret, subscriptionId } = connection;
  const exports = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([name, value]) => `  export ${name}=${quoted(value)}`);
  return [
    'The local Azure is up. Ctrl-C ends it.',
    '',
    `  state    ${directory}${kept ? '' : ' (temporary: it goes when this ends; --state DIR keeps it)'}`,
    `  traffic  ${traffic ?? 'not logged (--traffic FILE.jsonl)'}`,
    `  pace     ${timeScale} of the time Azure takes (--time-scale 1 is its own)`,
    '',
    'In another terminal, for every tool:',
    ...exports({ HTTPS_PROXY: proxy, NO_PROXY: 'localhost,127.0.0.0/8' }),
    '  unset https_proxy SSL_CERT_DIR',
    '',
    'Packer (client_id = var.… from these, or in the template):',
    ...exports({
      SSL_CERT_FILE: caFile,
      ARM_TENANT_ID: tenantId,
      ARM_CLIENT_ID: clientId,
      ARM_CLIENT_SECRET: clientSecret,
      ARM_SUBSCRIPTION_ID: subscriptionId,
    }),
    '',
    'Azure CLI:',
    ...exports({ REQUESTS_CA_BUNDLE: caFile, AZURE_CONFIG_DIR: `${directory}/az` }),
    `  az login --service-principal --username ${clientId} --certificate ${quoted(certificateFile)} --tenant ${tenantId}`,
    '  az group create --name web --location westeurope',
    '',
    'Azure SDKs (DefaultAzureCredential, EnvironmentCredential; REQUESTS_CA_BUNDLE for Python, SSL_CERT_FILE for Go):',
    ...exports({
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: clientId,
      AZURE_CLIENT_SECRET: clientSecret,
      AZURE_SUBSCRIPTION_ID: subscriptionId,
    }),
    '',
    'Managed identity, for what asks the metadata service by this variable (Azure SDKs, az login --identity):',
    ...exports({ AZURE_POD_IDENTITY_AUTHORITY_HOST: proxy }),
    '',
    'Faults while it runs:',
    `  curl --proxy ${proxy} --cacert ${quoted(caFile)} https://control.local-azure/faults`,
    '',
    'docs/local-azure.md tells the rest.',
    '',
  ].join('\n');
}

function quoted(value: string): string {
  return /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}
