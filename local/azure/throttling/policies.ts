/**
 * Which limits a request to Resource Manager counts against. Pure. Microsoft Learn, "Compute throttling limits" and "Understand how
 * Azure Resource Manager throttles requests" (the token buckets of 2024); that of batches as recorded exchanges tell what is left of it.
 */

export interface Policy {
  /** As in `x-ms-ratelimit-remaining-resource`, or the kind of Resource Manager's own limits. */
  readonly name: string;
  /** What has a bucket of its own: a resource, or the subscription. */
  readonly scope: string;
  readonly capacity: number;
  readonly refill: number;
  /** How often it is refilled, in seconds. */
  readonly every: number;
  readonly owner: 'compute' | 'subscription';
  /** How many tokens the request takes. */
  readonly cost: number;
}

/** `[refill, capacity]` a minute. */
interface Limit {
  readonly name: string;
  readonly resource?: readonly [refill: number, capacity: number];
  readonly subscription: readonly [refill: number, capacity: number];
}

const putVm: Limit = { name: 'PutVM', resource: [4, 12], subscription: [500, 1500] };
const updateVm: Limit = { name: 'UpdateVM', resource: [4, 12], subscription: [500, 1500] };
const deleteVm: Limit = { name: 'DeleteVM', resource: [4, 12], subscription: [500, 1500] };
const lowCostGet: Limit = { name: 'LowCostGet', resource: [12, 36], subscription: [8000, 24_000] };
const highCostGet: Limit = { name: 'HighCostGet', subscription: [300, 900] };
const getOperation: Limit = { name: 'GetOperation', resource: [15, 45], subscription: [5000, 15_000] };
const createSet: Limit = { name: 'CreateVMScaleSet', resource: [4, 12], subscription: [125, 375] };
const updateSet: Limit = { name: 'UpdateVMScaleSet', resource: [4, 12], subscription: [500, 1500] };
const deleteSet: Limit = { name: 'DeleteVMScaleSet', resource: [4, 12], subscription: [175, 525] };
const getSet: Limit = { name: 'GetVMScaleSet', resource: [12, 36], subscription: [800, 2400] };
const highCostGetSet: Limit = {
  name: 'HighCostGetVMScaleSet',
  resource: [10, 30],
  subscription: [360, 1080],
};
const updateInstance: Limit = { name: 'UpdateVMScaleSetVM', resource: [4, 12], subscription: [500, 1500] };
const deleteInstance: Limit = { name: 'DeleteVMScaleSetVM', resource: [4, 12], subscription: [500, 1500] };
const getInstance: Limit = { name: 'GetVMScaleSetVM', resource: [12, 36], subscription: [2000, 6000] };

/** Instances that requests to whole scale sets act on, in five minutes: a request costs as many as it names. */
const batched = { name: 'VMScaleSetBatchedVMRequests5Min', count: 1200, seconds: 300 };

/** Actions on whole scale sets for which the page names subscription limits only. */
const unlimitedPerSet = /^(start|restart|redeploy|performmaintenance|reimage|reimageall|poweroff)$/;

/**
 * The limits of a request.
 * @param path of its URL
 * @param existed whether the resource of a PUT is there
 * @param instances how many of a scale set it acts on
 */
export function policiesOf(method: string, path: string, existed: boolean, instances = 0): readonly Policy[] {
  const lowered = path.toLowerCase().replace(/\/+$/, '');
  const kind = method === 'GET' || method === 'HEAD' ? 'reads' : method === 'DELETE' ? 'deletes' : 'writes';
  const [refill, capacity] = kind === 'reads' ? [25, 250] : [10, 200];
  const own: Policy = {
    name: kind,
    scope: 'subscription',
    capacity,
    refill,
    every: 1,
    owner: 'subscription',
    cost: 1,
  };
  const found = computeLimit(method, lowered, existed);
  if (found === undefined) return [own];
  const { limit, resource } = found;
  const policy = (suffix: string, scope: string, [rate, most]: readonly [number, number]): Policy => ({
    name: `${limit.name}${suffix}`,
    scope,
    capacity: most,
    refill: rate,
    every: 60,
    owner: 'compute',
    cost: 1,
  });
  return [
    own,
    policy('SubscriptionMaximum', 'subscription', limit.subscription),
    ...(limit.resource === undefined || resource === undefined
      ? []
      : [policy('Resource', resource, limit.resource)]),
    ...(instances === 0
      ? []
      : [
          {
            name: batched.name,
            scope: 'subscription',
            capacity: batched.count,
            refill: batched.count,
            every: batched.seconds,
            owner: 'compute' as const,
            // What is more than a whole bucket could never be let through.
            cost: Math.min(instances, batched.count),
          },
        ]),
  ];
}

function computeLimit(
  method: string,
  path: string,
  existed: boolean,
): { readonly limit: Limit; readonly resource?: string } | undefined {
  const below = /\/providers\/microsoft\.compute\/(.+)$/.exec(path)?.[1];
  if (below === undefined) return undefined;
  if (/^locations\/[^/]+\/operations\//.test(below)) return { limit: getOperation, resource: path };
  const [type = '', name, part, ...rest] = below.split('/');
  const resource =
    name === undefined
      ? path
      : path.slice(
          0,
          path.length -
            [part, ...rest]
              .filter(Boolean)
              .map(one => `/${String(one)}`)
              .join('').length,
        );
  if (type === 'virtualmachines') {
    if (method === 'GET')
      return name === undefined ? { limit: highCostGet } : { limit: lowCostGet, resource };
    if (method === 'DELETE' || part === 'deallocate') return { limit: deleteVm, resource };
    return { limit: method === 'PUT' && part === undefined && !existed ? putVm : updateVm, resource };
  }
  if (type !== 'virtualmachinescalesets') return undefined;
  if (name === undefined) return { limit: highCostGetSet };
  if (part === 'virtualmachines') return instanceLimit(method, path, resource, rest);
  if (method === 'GET') return { limit: part === 'instanceview' ? highCostGetSet : getSet, resource };
  if (method === 'DELETE' || part === 'poweroff' || part === 'deallocate')
    return part === 'poweroff' ? { limit: deleteSet } : { limit: deleteSet, resource };
  if (method === 'PUT' && part === undefined && !existed) return { limit: createSet, resource };
  return part !== undefined && unlimitedPerSet.test(part)
    ? { limit: updateSet }
    : { limit: updateSet, resource };
}

function instanceLimit(
  method: string,
  path: string,
  scaleSet: string,
  [id, action]: readonly string[],
): { readonly limit: Limit; readonly resource?: string } {
  // The page says nothing of the list of instances; recorded answers count it with the scale set's expensive reads.
  if (id === undefined) return { limit: highCostGetSet, resource: scaleSet };
  const resource = action === undefined ? path : path.slice(0, -action.length - 1);
  if (method === 'GET') return { limit: getInstance, resource };
  const ends = method === 'DELETE' || action === 'poweroff' || action === 'deallocate';
  return { limit: ends ? deleteInstance : updateInstance, resource };
}
