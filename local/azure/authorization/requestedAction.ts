/** Which action of Azure's role-based access control a request to Resource Manager is, and where. Pure. */

export interface RequestedAction {
  /** `Microsoft.Compute/virtualMachineScaleSets/write` */
  readonly action: string;
  /** The id of what it is done to. */
  readonly scope: string;
  /**
   * `once`: it must be allowed at the scope. `anywhere`: at the scope or at any below it, as for polls of operations, whose URLs
   * name no resource group. `shown`: nobody is refused, and only those resources are listed that may be read.
   */
  readonly where: 'once' | 'anywhere' | 'shown';
}

/**
 * Undefined for what everyone may do: to see the tenant and the subscription.
 * @param path of the URL, decoded or not
 * @param spelled a type of resource as Azure spells it, for one in any case
 */
export function requestedAction(
  method: string,
  path: string,
  spelled: (type: string) => string,
): RequestedAction | undefined {
  const [, subscriptions = '', id, ...below] = path.replace(/\/+$/, '').split('/');
  if (subscriptions.toLowerCase() !== 'subscriptions' || id === undefined || below.length === 0)
    return undefined;
  const subscription = `/${subscriptions}/${id}`;
  const [first = '', second, third, ...rest] = below;
  switch (first.toLowerCase()) {
    case 'resourcegroups':
      break;
    case 'operationresults':
      return {
        action: 'Microsoft.Resources/subscriptions/operationresults/read',
        scope: subscription,
        where: 'anywhere',
      };
    case 'providers':
      return second === undefined || third === undefined
        ? {
            action: 'Microsoft.Resources/subscriptions/providers/read',
            scope: subscription,
            where: 'anywhere',
          }
        : ofProvider(method, `${subscription}/providers`, [second, third, ...rest], spelled);
    default:
      return {
        action: `Microsoft.Resources/subscriptions/${first}/read`,
        scope: subscription,
        where: 'shown',
      };
  }
  const groups = 'Microsoft.Resources/subscriptions/resourceGroups';
  if (second === undefined) return { action: `${groups}/read`, scope: subscription, where: 'shown' };
  const group = `${subscription}/${first}/${second}`;
  if (third === undefined) return { action: `${groups}/${verbOf(method)}`, scope: group, where: 'once' };
  if (third.toLowerCase() === 'providers') return ofProvider(method, `${group}/providers`, rest, spelled);
  if (third.toLowerCase() === 'deployments') {
    return ofProvider(method, `${group}/providers`, ['Microsoft.Resources', third, ...rest], spelled);
  }
  if (method === 'POST') return { action: `${groups}/${third}/action`, scope: group, where: 'once' };
  return { action: `${groups}/${third}/read`, scope: group, where: 'shown' };
}

/** @param segments namespace, type, name, type, name … and, at the end, the type of a list, a view, or an action */
function ofProvider(
  method: string,
  prefix: string,
  segments: readonly string[],
  spelled: (type: string) => string,
): RequestedAction {
  const [namespace = '', ...path] = segments;
  const types = path.filter((_, index) => index % 2 === 0);
  const named = path.length % 2 === 0;
  const inGroup = /\/resourcegroups\//i.test(prefix);
  const scope = `${prefix}/${[namespace, ...(named ? path : path.slice(0, -1))].join('/')}`;
  if (method === 'POST') {
    // The last segment is the action, also where it stands in the place of a name: `rollingUpgrades/cancel`.
    const action = path.at(-1) ?? '';
    const owner = spelled([namespace, ...(named ? types : types.slice(0, -1))].join('/'));
    // The one POST that Azure calls a read.
    const verb = action.toLowerCase() === 'checknameavailability' ? 'read' : 'action';
    const parent = path.slice(0, -1);
    return {
      action: `${owner}/${action}/${verb}`,
      scope:
        parent.length === 0
          ? prefix.replace(/\/providers$/, '')
          : `${prefix}/${[namespace, ...parent].join('/')}`,
      where: inGroup ? 'once' : 'anywhere',
    };
  }
  const action = `${spelled([namespace, ...types].join('/'))}/${verbOf(method)}`;
  if (inGroup) return { action, scope, where: 'once' };
  return {
    action,
    scope: prefix.replace(/\/providers$/, ''),
    where: path.length === 1 ? 'shown' : 'anywhere',
  };
}

function verbOf(method: string): string {
  if (method === 'GET' || method === 'HEAD') return 'read';
  return method === 'DELETE' ? 'delete' : 'write';
}
