/** What else a write must be allowed: to use the resources that its body refers to. Pure. */
import { isObject, type Json } from '../arm/json.js';
import { key, parseResourceId } from '../arm/resourceId.js';

export interface LinkedAction {
  readonly action: string;
  /** Id of the resource that is referred to. */
  readonly scope: string;
}

const network = 'Microsoft.Network';
const compute = 'Microsoft.Compute';

/**
 * By type of the resource that is referred to, lower case. Those of the network provider are documented with its operations as
 * `join/action`; the others are what refusals by Azure name (and, for the sources of images and versions, the reading of them).
 */
const actions: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...[
      'virtualNetworks/subnets',
      'networkSecurityGroups',
      'networkInterfaces',
      'publicIPAddresses',
      'publicIPPrefixes',
      'natGateways',
      'routeTables',
      'applicationSecurityGroups',
      'loadBalancers/backendAddressPools',
      'loadBalancers/frontendIPConfigurations',
      'loadBalancers/inboundNatPools',
      'loadBalancers/inboundNatRules',
      'loadBalancers/probes',
      'applicationGateways/backendAddressPools',
    ].map(type => `${network}/${type}/join/action`),
    ...[
      'images',
      'galleries/images',
      'galleries/images/versions',
      'virtualMachines',
      'availabilitySets',
      'diskEncryptionSets',
      'proximityPlacementGroups',
      'virtualMachineScaleSets',
    ].map(type => `${compute}/${type}/read`),
    `${compute}/disks/beginGetAccess/action`,
    `${compute}/snapshots/beginGetAccess/action`,
    'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action',
  ].map(action => [
    key(action.replace(/\/(join\/action|beginGetAccess\/action|assign\/action|read)$/, '')),
    action,
  ]),
);

/** A machine takes a disk over instead of copying it. */
const attached = `${compute}/disks/write`;

/**
 * The actions on resources that the body of a write refers to, each once.
 * @param id of the resource that is written; what is a part of it is no reference
 */
export function linkedActions(id: string, body: Json): readonly LinkedAction[] {
  const own = key(id);
  const type = key(parseResourceId(id)?.type ?? '');
  // What a template refers to is asked for with each of its resources.
  if (type === 'microsoft.resources/deployments') return [];
  const found = new Map<string, LinkedAction>();
  const note = (reference: string): void => {
    const referred = parseResourceId(reference);
    const scope = key(reference);
    if (referred === undefined || scope === own || scope.startsWith(`${own}/`)) return;
    const machine = type === key(`${compute}/virtualMachines`);
    const isDisk = key(referred.type) === key(`${compute}/disks`);
    const action = isDisk && machine ? attached : actions[key(referred.type)];
    if (action !== undefined) found.set(`${scope} ${action}`, { action, scope: reference });
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one);
      return;
    }
    if (!isObject(value)) return;
    for (const [name, member] of Object.entries(value)) {
      if (typeof member === 'string') {
        if (/^(id|.*Id)$/.test(name)) note(member);
        continue;
      }
      if (name === 'userAssignedIdentities' && isObject(member)) Object.keys(member).forEach(note);
      visit(member);
    }
  };
  for (const name of ['properties', 'identity']) visit({ [name]: body[name] });
  return [...found.values()];
}
