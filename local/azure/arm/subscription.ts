/** The one subscription, and the resource types that are registered in it. */
import type { Identity } from '../signIn/identity.js';
import { ArmError } from './armError.js';
import type { Json } from './json.js';
import type { Resources } from './resources.js';

export function showSubscription({ subscriptionId, tenantId }: Identity): Json {
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: 'RoleBased',
    subscriptionId,
    tenantId,
    displayName: 'Local Azure',
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

/** `Microsoft.Compute` and the like. */
export function namespaces({ types }: Resources): readonly string[] {
  return [...new Set(types.map(type => type.split('/')[0] ?? ''))];
}

/** @throws ArmError when no such namespace is here */
export function showNamespace(
  { resources, identity }: { readonly resources: Resources; readonly identity: Identity },
  namespace: string,
): Json {
  const known = namespaces(resources).find(one => one.toLowerCase() === namespace.toLowerCase());
  if (known === undefined) {
    throw new ArmError(404, 'InvalidResourceNamespace', `The resource namespace '${namespace}' is invalid.`);
  }
  const types = resources.types
    .filter(type => type.startsWith(`${known}/`))
    .map(type => type.slice(known.length + 1));
  return {
    id: `/subscriptions/${identity.subscriptionId}/providers/${known}`,
    namespace: known,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
    resourceTypes: types.map(resourceType => ({
      resourceType,
      locations: [],
      apiVersions: ['2024-07-01'],
      capabilities: 'None',
    })),
  };
}
