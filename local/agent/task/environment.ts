/** The environment of a step's process, name by name as the agent makes it. */

import { delimiter } from 'node:path';
import type { Endpoint } from './endpoints.js';
import type { Variable } from './macros.js';
import { lookupVariable } from './orphans.js';

export interface EnvironmentParts {
  /** The agent's own environment. */
  readonly machine: Readonly<Record<string, string | undefined>>;
  /** The step's `env:`, expanded. */
  readonly env: ReadonlyMap<string, string>;
  readonly inputs: ReadonlyMap<string, string>;
  readonly endpoints: readonly Endpoint[];
  readonly variables: readonly Variable[];
  readonly taskVariables: readonly Variable[];
  /** Folders in the order in which they were added. */
  readonly prependedPaths: readonly string[];
  readonly lookupId: string;
}

/** Everything a task gets. */
export function taskEnvironment(parts: EnvironmentParts): Record<string, string> {
  const { endpoints, variables } = parts;
  const secrets = variables.filter(variable => variable.secret);
  const environment = commonEnvironment(parts, {
    ...prefixed('INPUT_', [...parts.inputs]),
    ...Object.fromEntries(endpoints.flatMap(endpoint => Object.entries(endpointEnvironment(endpoint)))),
    ...publicEnvironment(variables),
    VSTS_PUBLIC_VARIABLES: JSON.stringify(variables.filter(({ secret }) => !secret).map(({ name }) => name)),
    ...Object.fromEntries(secrets.map(variable => [`SECRET_${formattedName(variable)}`, variable.value])),
    VSTS_SECRET_VARIABLES: JSON.stringify(secrets.map(({ name }) => name)),
    ...Object.fromEntries(
      parts.taskVariables.map(variable => [`VSTS_TASKVARIABLE_${formattedName(variable)}`, variable.value]),
    ),
  });
  return environment;
}

/** What a script gets: no inputs, no connections, no secrets but those in its own `env:`. */
export function scriptEnvironment(parts: EnvironmentParts): Record<string, string> {
  return commonEnvironment(parts, publicEnvironment(parts.variables));
}

function commonEnvironment(parts: EnvironmentParts, own: Record<string, string>): Record<string, string> {
  // A public variable wins over the step's `env:` of the same upper-case name, as on the agent.
  const added: Record<string, string> = { ...Object.fromEntries(parts.env), ...own };
  added['TF_BUILD'] = 'True';
  added[lookupVariable] = parts.lookupId;
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...parts.machine, ...added }))
    if (value !== undefined) result[name] = value.replaceAll('\0', '');
  if (parts.prependedPaths.length > 0)
    result['PATH'] = [...parts.prependedPaths]
      .reverse()
      .concat(result['PATH'] ?? '')
      .join(delimiter);
  return result;
}

function publicEnvironment(variables: readonly Variable[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const variable of variables) {
    if (variable.secret) continue;
    if (variable.name.toLowerCase() === 'agent.jobstatus') result[variable.name] = variable.value;
    result[formattedName(variable)] = variable.value;
  }
  return result;
}

function endpointEnvironment(endpoint: Endpoint): Record<string, string> {
  const { id, scheme, parameters, data } = endpoint;
  return {
    [`ENDPOINT_URL_${id}`]: endpoint.url,
    [`ENDPOINT_AUTH_${id}`]: JSON.stringify({ parameters, scheme }),
    [`ENDPOINT_AUTH_SCHEME_${id}`]: scheme,
    ...prefixed(`ENDPOINT_AUTH_PARAMETER_${id}_`, Object.entries(parameters)),
    ...(data && {
      [`ENDPOINT_DATA_${id}`]: JSON.stringify(data),
      ...prefixed(`ENDPOINT_DATA_${id}_`, Object.entries(data)),
    }),
  };
}

function prefixed(prefix: string, pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(pairs.map(([name, value]) => [`${prefix}${environmentName(name)}`, value]));
}

function formattedName({ name, preserveCase }: Variable): string {
  return preserveCase === true ? name.replace(/[. ]/g, '_') : environmentName(name);
}

/** `Build.BuildId` as `BUILD_BUILDID`; dashes stay. */
export function environmentName(name: string): string {
  return name.replace(/[. ]/g, '_').toUpperCase();
}
