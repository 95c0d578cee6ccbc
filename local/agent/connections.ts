/** The service connections of a run: described in a file, or those of the local Azure. */

import { readFileSync } from 'node:fs';
import { ProblemsError, UserError } from '../../shared/core/errors.js';
import { findInput, findTask } from './task/check.js';
import type { TaskDefinition } from './task/definition.js';
import { type Endpoint, connectionId } from './task/endpoints.js';
import { expandMacros } from './task/macros.js';
import type { Pipeline } from './yaml/model.js';
import type { Report } from './yaml/source.js';

/** What the local Azure says about itself when it is ready. */
export interface AzureFacts {
  /** URL of its proxy. */
  readonly proxy: string;
  /** Path of the certificate of its authority, PEM. */
  readonly caFile: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
  /** PEM file of the application's certificate and private key. */
  readonly certificateFile: string;
  /** The token with which a job may ask it for OIDC tokens. */
  readonly systemAccessToken: string;
}

/** The ways in which a connection to the local Azure can sign in. */
export const connectionSchemes = [
  'ServicePrincipal',
  'Certificate',
  'WorkloadIdentityFederation',
  'ManagedServiceIdentity',
] as const;
export type ConnectionScheme = (typeof connectionSchemes)[number];

/** The connection of any name to the local Azure. */
export function azureConnection(name: string, azure: AzureFacts, scheme: ConnectionScheme): Endpoint {
  return {
    id: connectionId(name),
    name,
    url: 'https://management.azure.com/',
    scheme: scheme === 'Certificate' ? 'ServicePrincipal' : scheme,
    parameters: {
      tenantid: azure.tenantId,
      ...(scheme === 'ManagedServiceIdentity' ? {} : { serviceprincipalid: azure.clientId }),
      ...credential(azure, scheme),
    },
    data: {
      environment: 'AzureCloud',
      scopeLevel: 'Subscription',
      subscriptionId: azure.subscriptionId,
      subscriptionName: 'Local',
      creationMode: 'Manual',
      resourceManagerUrl: 'https://management.azure.com/',
      activeDirectoryAuthority: 'https://login.microsoftonline.com/',
      environmentAuthorityUrl: 'https://login.windows.net/',
      activeDirectoryServiceEndpointResourceId: 'https://management.core.windows.net/',
      graphUrl: 'https://graph.windows.net/',
      microsoftGraphUrl: 'https://graph.microsoft.com/',
      AzureKeyVaultDnsSuffix: 'vault.azure.net',
      AzureKeyVaultServiceEndpointResourceId: 'https://vault.azure.net',
    },
  };
}

function credential(azure: AzureFacts, scheme: ConnectionScheme): Record<string, string> {
  switch (scheme) {
    case 'ServicePrincipal':
      return { serviceprincipalkey: azure.clientSecret, authenticationType: 'spnKey' };
    case 'Certificate':
      return {
        servicePrincipalCertificate: readFileSync(azure.certificateFile, 'utf8'),
        authenticationType: 'spnCertificate',
      };
    case 'WorkloadIdentityFederation':
    case 'ManagedServiceIdentity':
      return {};
  }
}

/**
 * Reads a file of connections: `{"NAME": {"scheme", "url", "parameters": {…}, "data": {…}}, …}`, all values text, `id` optional.
 * @throws UserError or ProblemsError when it cannot be read
 */
export function readConnections(file: string): Endpoint[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // The parser's message can quote the file, and the file holds secrets.
    const why = error instanceof SyntaxError ? 'it is no JSON' : String(error);
    throw new UserError(`The connections in ${file} cannot be read: ${why}.`);
  }
  const problems: string[] = [];
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new UserError(`The connections in ${file} must be an object with one entry a connection.`);
  const endpoints = Object.entries(json).map(([name, value]) => readConnection(name, value, problems));
  if (problems.length > 0) throw new ProblemsError(`The connections in ${file} cannot be used`, problems);
  return endpoints;
}

function readConnection(name: string, json: unknown, problems: string[]): Endpoint {
  const entries = new Map<string, unknown>(
    typeof json === 'object' && json !== null ? Object.entries(json) : [],
  );
  const text = (key: string, fallback?: string): string => {
    const value = entries.get(key) ?? fallback;
    if (typeof value === 'string') return value;
    problems.push(`'${name}' needs '${key}' as text`);
    return '';
  };
  const texts = (key: string): Record<string, string> => {
    const value = entries.get(key);
    const pairs = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    for (const [inner, item] of pairs)
      if (typeof item !== 'string') problems.push(`'${name}' has a '${key}.${inner}' that is no text`);
    return Object.fromEntries(pairs.map(([inner, item]) => [inner, String(item)]));
  };
  for (const key of entries.keys())
    if (!['id', 'scheme', 'url', 'parameters', 'data'].includes(key))
      problems.push(`'${name}' has the unknown key '${key}'; known are id, scheme, url, parameters and data`);
  return {
    id: text('id', connectionId(name)).toLowerCase(),
    name,
    scheme: text('scheme'),
    url: text('url'),
    parameters: texts('parameters'),
    data: texts('data'),
  };
}

/**
 * Without an Azure every connection that the file names must be described. Names with variables that are known only in the run are
 * left to it.
 * @param variables known before the run
 */
export function checkConnections(
  pipeline: Pipeline,
  tasks: readonly TaskDefinition[],
  connections: readonly Endpoint[],
  variables: ReadonlyMap<string, string>,
  report: Report,
): void {
  const known = (name: string) =>
    connections.some(other => isSame(other.name, name) || isSame(other.id, name));
  for (const stage of pipeline.stages)
    for (const job of stage.jobs) {
      const own = [...job.variables, ...stage.variables, ...pipeline.variables].filter(
        ({ expression }) => !expression,
      );
      const lookUp = (name: string) =>
        own.find(variable => isSame(variable.name, name))?.value ??
        [...variables].find(([other]) => isSame(other, name))?.[1];
      for (const step of job.phases.flatMap(phase => phase.steps)) {
        if (step.kind !== 'task' || !step.enabled) continue;
        const task = findTask(step.task.text, tasks);
        for (const [input, { text, at }] of step.inputs) {
          const type = task && findInput(task, input)?.type.toLowerCase();
          if (type?.startsWith('connectedservice:') !== true) continue;
          const names = expandMacros(text, lookUp)
            .split(',')
            .map(part => part.trim());
          for (const name of names)
            if (!name.includes('$(') && name !== '' && !known(name))
              report(
                at,
                `there is no service connection '${name}'; run with --azure local, or describe it in the file of --connections`,
              );
        }
      }
    }
}

function isSame(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
