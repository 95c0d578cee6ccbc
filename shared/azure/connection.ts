/** A pipeline's AzureRM service connection, read into one of the four ways to sign in. */
import type { Agent, Endpoint } from '../agent/agent.js';
import { ProblemsError, UserError } from '../core/errors.js';

/** The Azure cloud that a connection leads to. */
export interface Cloud {
  /** The connection's own name for it: `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, `AzureStack`. */
  readonly name: string;
  /** Azure Resource Manager, as `https://management.azure.com`: no trailing slash. */
  readonly armEndpoint: string;
  /** Sign-in, as `https://login.microsoftonline.com`: no trailing slash. */
  readonly authorityHost: string;
  /** The audience that tokens for Azure Resource Manager are asked for; their scope is `${audience}/.default`. */
  readonly audience: string;
}

/** What every connection has. */
interface ConnectionTarget {
  /** The connection's id in Azure DevOps, for messages. */
  readonly id: string;
  readonly subscriptionId: string;
  readonly cloud: Cloud;
}

/** A service principal with a client secret. */
export interface ServicePrincipalKeyConnection extends ConnectionTarget {
  readonly scheme: 'servicePrincipalKey';
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A service principal with a certificate. */
export interface ServicePrincipalCertificateConnection extends ConnectionTarget {
  readonly scheme: 'servicePrincipalCertificate';
  readonly tenantId: string;
  readonly clientId: string;
  /** PEM text that holds the certificate and its private key. */
  readonly certificatePem: string;
}

/** The identity of the agent's own machine. */
export interface ManagedIdentityConnection extends ConnectionTarget {
  readonly scheme: 'managedIdentity';
  /** Names a user-assigned identity; without it the system-assigned one is used. */
  readonly clientId?: string;
}

/** A workload identity federation: the job's own token is exchanged, no secret is stored. */
export interface WorkloadIdentityConnection extends ConnectionTarget {
  readonly scheme: 'workloadIdentity';
  readonly tenantId: string;
  readonly clientId: string;
  /** The `serviceConnectionId` that the OIDC token is asked for. */
  readonly connectionId: string;
  /** The bearer token of the job's own connection, which the OIDC request is signed with. */
  readonly jobToken: string;
  /** Where the agent hands out OIDC tokens (`System.OidcRequestUri`), without a query. */
  readonly oidcRequestUri: string;
}

/** An AzureRM service connection, ready to sign in with. */
export type ServiceConnection =
  | ServicePrincipalKeyConnection
  | ServicePrincipalCertificateConnection
  | ManagedIdentityConnection
  | WorkloadIdentityConnection;

/** A cloud's addresses as Microsoft publishes them; a connection's own URL fields win over them. */
const clouds: Readonly<Record<string, { readonly arm: string; readonly authority: string }>> = {
  azurecloud: { arm: 'https://management.azure.com', authority: 'https://login.microsoftonline.com' },
  azureusgovernment: {
    arm: 'https://management.usgovcloudapi.net',
    authority: 'https://login.microsoftonline.us',
  },
  azurechinacloud: {
    arm: 'https://management.chinacloudapi.cn',
    authority: 'https://login.partner.microsoftonline.cn',
  },
};

/**
 * Reads a service connection and registers its secrets with the agent before anything else is done with it.
 * @param id the value of the task's `azureSubscription` input
 * @throws UserError when its kind is not one of the four, or naming everything that it lacks
 */
export function openConnection(agent: Agent, id: string): ServiceConnection {
  const endpoint = agent.endpoint(id);
  for (const secret of [
    endpoint.parameter('serviceprincipalkey'),
    endpoint.parameter('servicePrincipalCertificate'),
    endpoint.jobToken,
  ]) {
    if (secret !== undefined && secret !== '') agent.secret(secret);
  }

  const fields = fieldsOf(endpoint);
  const target = {
    id,
    subscriptionId: fields.required(
      endpoint.data('subscriptionId'),
      'a subscription; make it with subscription scope, not management group or workspace scope',
    ),
    cloud: readCloud(endpoint, fields),
  };
  const connection = readScheme(agent, endpoint, target, fields);
  if (fields.problems.length > 0)
    throw new ProblemsError(`${nameOf(endpoint)} lacks what is needed to sign in to Azure`, fields.problems);
  return connection;
}

function readScheme(
  agent: Agent,
  endpoint: Endpoint,
  target: ConnectionTarget,
  fields: Fields,
): ServiceConnection {
  const scheme = (endpoint.scheme ?? '').toLowerCase();
  switch (scheme) {
    case 'serviceprincipal': {
      const principal = { ...target, ...readPrincipal(endpoint, fields) };
      const kind = (endpoint.parameter('authenticationType') ?? '').toLowerCase();
      if (kind === 'spncertificate') {
        const certificatePem = fields.required(
          endpoint.parameter('servicePrincipalCertificate'),
          'its certificate (PEM, with the private key)',
        );
        return { ...principal, scheme: 'servicePrincipalCertificate', certificatePem };
      }
      if (kind !== '' && kind !== 'spnkey') throw unsupported(endpoint, `authentication type '${kind}'`);
      const clientSecret = fields.required(
        endpoint.parameter('serviceprincipalkey'),
        "the service principal's key (client secret)",
      );
      return { ...principal, scheme: 'servicePrincipalKey', clientSecret };
    }
    case 'managedserviceidentity': {
      const clientId = endpoint.data('msiclientId');
      return {
        ...target,
        scheme: 'managedIdentity',
        ...(clientId === undefined || clientId === '' ? {} : { clientId }),
      };
    }
    case 'workloadidentityfederation':
      return {
        ...target,
        ...readPrincipal(endpoint, fields),
        scheme: 'workloadIdentity',
        connectionId: endpoint.id,
        jobToken: fields.required(
          endpoint.jobToken,
          "the job's own access token (SystemVssConnection); the agent gives it to every task of a job that names the connection in an input",
        ),
        oidcRequestUri: fields.required(
          agent.environment('SYSTEM_OIDCREQUESTURI'),
          'the variable System.OidcRequestUri, which the service sets; Azure DevOps Server and old agents have no workload identity federation, use a service principal there',
        ),
      };
    default:
      throw unsupported(endpoint, scheme === '' ? 'no authorization scheme' : `scheme '${scheme}'`);
  }
}

function readPrincipal(endpoint: Endpoint, fields: Fields) {
  return {
    tenantId: fields.required(endpoint.parameter('tenantid'), 'a tenant id'),
    clientId: fields.required(endpoint.parameter('serviceprincipalid'), 'a service principal (client) id'),
  };
}

function readCloud(endpoint: Endpoint, fields: Fields): Cloud {
  const given = endpoint.data('environment');
  const name = given === undefined || given === '' ? 'AzureCloud' : given;
  const known = clouds[name.toLowerCase()];
  const armEndpoint = fields.url(endpoint.url, known?.arm, 'the URL of Azure Resource Manager');
  return {
    name,
    armEndpoint,
    authorityHost: fields.url(
      endpoint.data('activeDirectoryAuthority'),
      known?.authority,
      `the sign-in address of '${name}' (activeDirectoryAuthority)`,
    ),
    audience:
      known === undefined
        ? fields.url(
            endpoint.data('activeDirectoryServiceEndpointResourceId'),
            undefined,
            `the token audience of '${name}' (activeDirectoryServiceEndpointResourceId)`,
          )
        : armEndpoint,
  };
}

interface Fields {
  readonly problems: string[];
  required(value: string | undefined, what: string): string;
  url(value: string | undefined, fallback: string | undefined, what: string): string;
}

function fieldsOf(endpoint: Endpoint): Fields {
  const problems: string[] = [];
  const required = (value: string | undefined, what: string) => {
    if (value !== undefined && value.trim() !== '') return value;
    problems.push(`It lacks ${what}.`);
    return '';
  };
  return {
    problems,
    required,
    url(value, fallback, what) {
      const text = required(value === undefined || value.trim() === '' ? fallback : value.trim(), what);
      if (text !== '' && !/^https:\/\/[^/\s]+/i.test(text))
        problems.push(`${what} of ${nameOf(endpoint)} must be an https address, not '${text}'.`);
      return text.replace(/\/+$/, '');
    },
  };
}

function unsupported(endpoint: Endpoint, what: string): UserError {
  return new UserError(
    `${nameOf(endpoint)} cannot be used: it has ${what}. Use an Azure Resource Manager connection made with ` +
      'workload identity federation, a service principal (secret or certificate) or a managed identity. ' +
      `If the name in the task's input 'azureSubscription' is misspelt, or the connection is not authorized for this pipeline, mend that.`,
  );
}

function nameOf(endpoint: Endpoint): string {
  const subscription = endpoint.data('subscriptionName');
  const suffix = subscription === undefined || subscription === '' ? '' : ` (subscription '${subscription}')`;
  return `Service connection '${endpoint.id}'${suffix}`;
}
