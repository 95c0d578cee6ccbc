/** Resource groups: made at once, deleted with everything in them. */
import { ArmError, groupNotFound } from './armError.js';
import { object, string, type Json } from './json.js';
import type { Operation } from './operations.js';
import { normalLocation } from './protocol.js';
import { key } from './resourceId.js';
import type { Resources } from './resources.js';
import type { Resource, ResourceGroup } from './store.js';
import { jobTiming } from './timings.js';

export function showGroup(resources: Resources, name: string): ResourceGroup {
  const group = resources.store.group(name);
  if (group === undefined) throw groupNotFound(name);
  return group;
}

/** The group as the api-version knows it: older ones do not tell its type. */
export function shownGroup(group: ResourceGroup, query: URLSearchParams): Omit<ResourceGroup, 'type'> {
  const { type: _type, ...untyped } = group;
  return (query.get('api-version') ?? '') < '2018' ? untyped : group;
}

export function putGroup(
  resources: Resources,
  subscriptionId: string,
  name: string,
  body: Json,
): { group: ResourceGroup; existed: boolean } {
  if (!/^[-\w.()]{1,90}$/.test(name) || name.endsWith('.')) {
    throw new ArmError(
      400,
      'InvalidResourceGroup',
      `The provided resource group name '${name}' has these invalid characters or ends with a period. ` +
        "The name can only be letters, digits, '-', '.', '(', ')' or '_'.",
    );
  }
  const existing = resources.store.group(name);
  const location = string(body['location']) ?? existing?.location;
  if (location === undefined)
    throw new ArmError(400, 'LocationRequired', 'The location property is required for this definition.');
  if (existing !== undefined && normalLocation(existing.location) !== normalLocation(location)) {
    throw new ArmError(
      409,
      'InvalidResourceGroupLocation',
      `Invalid resource group location '${location}'. The Resource group already exists in location '${existing.location}'.`,
    );
  }
  const group: ResourceGroup = {
    id: existing?.id ?? `/subscriptions/${subscriptionId}/resourceGroups/${name}`,
    name: existing?.name ?? name,
    type: 'Microsoft.Resources/resourceGroups',
    location: existing?.location ?? normalLocation(location),
    ...(body['tags'] === undefined ? {} : { tags: object(body['tags']) }),
    properties: { provisioningState: 'Succeeded' },
  };
  resources.store.setGroup(group);
  return { group, existed: existing !== undefined };
}

export function patchGroup(resources: Resources, name: string, body: Json): ResourceGroup {
  const group = showGroup(resources, name);
  const patched = body['tags'] === undefined ? group : { ...group, tags: object(body['tags']) };
  resources.store.setGroup(patched);
  return patched;
}

/** What uses others goes before what is used. */
const order: readonly string[] = [
  'microsoft.resources/deployments',
  'microsoft.insights/autoscalesettings',
  'microsoft.compute/virtualmachinescalesets',
  'microsoft.compute/virtualmachines',
  'microsoft.compute/images',
  'microsoft.compute/disks',
  'microsoft.network/loadbalancers',
  'microsoft.network/networkinterfaces',
  'microsoft.network/publicipaddresses',
];

export function removeGroup(resources: Resources, name: string): Operation {
  const group = showGroup(resources, name);
  resources.store.setGroup({ ...group, properties: { provisioningState: 'Deleting' } });
  const work = async () => {
    const least = resources.pace.wait(jobTiming.seconds);
    for (const step of removalSteps(resources.store.list(group.id))) {
      await Promise.all(step.map(resource => resources.removeNow(resource)));
    }
    await least;
    resources.store.deleteGroup(name);
  };
  return resources.operations.start(work, { id: jobId(group), timing: jobTiming });
}

/** The job's name as ARM puts it into the URL that is polled. */
function jobId({ name, location }: ResourceGroup): string {
  const escaped = name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, one => `:${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const job = {
    jobId: `RESOURCEGROUPDELETIONJOB-${escaped}-${location.toUpperCase()}`,
    jobLocation: location,
  };
  return Buffer.from(JSON.stringify(job)).toString('base64url');
}

/** The resources in the order in which they can go: those of one step at once. */
export function removalSteps(all: readonly Resource[]): readonly (readonly Resource[])[] {
  const rank = (resource: Resource) => {
    const index = order.indexOf(key(resource.type));
    return index < 0 ? order.length : index;
  };
  const ranks = [...new Set(all.map(rank))].sort((a, b) => a - b);
  return ranks.map(one => all.filter(resource => rank(resource) === one));
}
