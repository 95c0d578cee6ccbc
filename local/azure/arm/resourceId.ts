/** ARM resource ids, taken apart and compared without regard to case. */

/** The parts of `/subscriptions/S/resourceGroups/G/providers/NS/type/name[/type/name…]`. */
export interface ResourceId {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** With its namespace: `Microsoft.Network/virtualNetworks/subnets`. */
  readonly type: string;
  /** Names of all levels, `vnet/subnet`. */
  readonly name: string;
}

/** Reads a resource id; undefined when it is none inside a resource group. */
export function parseResourceId(id: string): ResourceId | undefined {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+)((?:\/[^/]+\/[^/]+)+)$/i.exec(id);
  if (match === null) return undefined;
  const [, subscriptionId = '', resourceGroup = '', namespace = '', rest = ''] = match;
  const parts = rest.slice(1).split('/');
  return {
    subscriptionId,
    resourceGroup,
    type: [namespace, ...parts.filter((_, index) => index % 2 === 0)].join('/'),
    name: parts.filter((_, index) => index % 2 === 1).join('/'),
  };
}

/** The id that these parts make. */
export function formatResourceId({ subscriptionId, resourceGroup, type, name }: ResourceId): string {
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  const path = types.map((one, index) => `/${one}/${names[index] ?? ''}`).join('');
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${namespace}${path}`;
}

/** The form in which two ids of one resource are equal. */
export function key(id: string): string {
  return id.toLowerCase();
}

/** Whether two texts name the same thing to ARM. */
export function same(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && key(a) === key(b);
}

/** The last segment of an id. */
export function lastName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/** The id without its last `/type/name`. */
export function parentId(id: string): string {
  return id.split('/').slice(0, -2).join('/');
}
