/** Network security groups and their rules, with Azure's default rules; they are kept and shown, no packet is judged by them. */
import { randomUUID } from 'node:crypto';
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { object, objects, string, type Json } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { lastName, parentId, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { children, givenProperties, resourceOf } from '../envelope.js';
import { withEtag } from './networkResource.js';

const type = 'Microsoft.Network/networkSecurityGroups';
const collections = ['securityRules', 'defaultSecurityRules'] as const;
type Collection = (typeof collections)[number];

export function networkSecurityGroups({ store }: Cloud): Provider {
  return {
    type,
    protocol: 'network',
    patchable: ['tags'],
    put: request => {
      const given = givenProperties(request.body);
      const securityRules = rulesOf(request.id, 'securityRules', objects(given['securityRules']));
      checkRules(securityRules);
      const resource = resourceOf(type, request, {
        ...given,
        resourceGuid: request.existing?.properties['resourceGuid'] ?? randomUUID(),
        securityRules,
        defaultSecurityRules: rulesOf(request.id, 'defaultSecurityRules', defaultRules),
      });
      return { resource: withEtag(resource), work: () => Promise.resolve() };
    },
    show: resource => {
      const users = store.referrers(resource.id);
      const interfaces = users.filter(one => same(one.type, 'Microsoft.Network/networkInterfaces'));
      const subnets = users
        .flatMap(({ properties }) => objects(properties['subnets']))
        .filter(one => same(groupIdOf(one), resource.id));
      return {
        ...resource,
        properties: {
          ...resource.properties,
          ...(interfaces.length === 0 ? {} : { networkInterfaces: interfaces.map(({ id }) => ({ id })) }),
          ...(subnets.length === 0 ? {} : { subnets: subnets.map(({ id }) => ({ id })) }),
        },
      };
    },
    refuseRemoval: resource => {
      const [user] = store.referrers(resource.id);
      if (user === undefined) return;
      throw new ArmError(
        400,
        'InUseNetworkSecurityGroupCannotBeDeleted',
        `Network security group ${resource.id} cannot be deleted because it is in use by the following resources: ${user.id}. In ` +
          'order to delete the Network security group, remove the association with the resource(s). To learn how to do this, ' +
          'see aka.ms/deletensg.',
      );
    },
  };
}

/** The rules as resources of their own: `securityRules` can be put and deleted, `defaultSecurityRules` only read. */
export function securityRules({ store }: Cloud): readonly Provider[] {
  return collections.map(collection => {
    const childType = `${type}/${collection}`;
    const inGroup = (groupId: string) => objects(store.get(groupId)?.properties[collection]);
    const replace = (groupId: string, change: (rules: readonly Json[]) => readonly Json[]) => {
      const group = store.get(groupId);
      if (group === undefined) return;
      const properties = { ...group.properties, [collection]: change(inGroup(groupId)) };
      store.set(withEtag({ ...group, properties }));
    };
    const reading: Provider = {
      type: childType,
      protocol: 'network',
      find: id => {
        const rule = inGroup(parentId(id)).find(one => same(string(one['id']), id));
        return rule && toResource(rule, childType);
      },
      list: parent => inGroup(parent).map(rule => toResource(rule, childType)),
    };
    if (collection === 'defaultSecurityRules') return reading;
    return {
      ...reading,
      put: ({ id, name, body }) => {
        const groupId = parentId(id);
        if (store.get(groupId) === undefined) {
          throw new ArmError(
            404,
            'ParentResourceNotFound',
            `Failed to perform 'write' on resource of type 'networkSecurityGroups/securityRules', because the parent resource ` +
              `'${groupId}' could not be found.`,
          );
        }
        const [rule = {}] = rulesOf(groupId, collection, [{ name, properties: givenProperties(body) }]);
        const others = inGroup(groupId).filter(one => !same(string(one['id']), id));
        checkRules([...others, rule]);
        replace(groupId, () => [...others, rule]);
        const made = inGroup(groupId).find(one => same(string(one['id']), id)) ?? rule;
        return { resource: toResource(made, childType), work: () => Promise.resolve() };
      },
      remove: resource => () => {
        replace(parentId(resource.id), rules => rules.filter(one => !same(string(one['id']), resource.id)));
        return Promise.resolve();
      },
    };
  });
}

/** The rules with what Azure fills in: it shows every list of the plural members, empty where none was given. */
function rulesOf(groupId: string, collection: Collection, given: readonly Json[]): readonly Json[] {
  const lists =
    collection === 'securityRules'
      ? {
          sourcePortRanges: [],
          destinationPortRanges: [],
          sourceAddressPrefixes: [],
          destinationAddressPrefixes: [],
        }
      : {};
  return children(groupId, collection, type, given).map(rule => ({
    ...rule,
    properties: { ...lists, ...object(rule['properties']) },
  }));
}

/** @throws ArmError when a rule has no direction, access or priority that Azure takes, or two share a priority */
function checkRules(rules: readonly Json[]): void {
  const seen = new Map<string, string>();
  for (const rule of rules) {
    const name = string(rule['name']) ?? '';
    const { priority, direction, access } = object(rule['properties']);
    const refused = (member: string, must: string) =>
      invalidParameter(`securityRules.${name}.${member}`, `Security rule '${name}' needs ${must}.`);
    if (!['inbound', 'outbound'].includes(String(direction).toLowerCase()))
      throw refused('direction', 'the direction Inbound or Outbound');
    if (!['allow', 'deny'].includes(String(access).toLowerCase()))
      throw refused('access', 'the access Allow or Deny');
    const number = Number(priority);
    if (!Number.isInteger(number) || number < 100 || number > 4096)
      throw refused('priority', 'a priority from 100 to 4096');
    const place = `${String(direction).toLowerCase()} ${number}`;
    const other = seen.get(place);
    if (other !== undefined) {
      throw new ArmError(
        400,
        'SecurityRuleConflict',
        `Security rule ${name} conflicts with rule ${other}. Rules cannot have the same Priority and Direction. To learn more ` +
          'about the security rules, see aka.ms/nsgrules.',
      );
    }
    seen.set(place, name);
  }
}

function groupIdOf(child: Json): string | undefined {
  return string(object(object(child['properties'])['networkSecurityGroup'])['id']);
}

function toResource(rule: Json, childType: string): Resource {
  const id = string(rule['id']) ?? '';
  const etag = string(rule['etag']);
  return {
    id,
    name: lastName(id),
    type: childType,
    ...(etag === undefined ? {} : { etag }),
    properties: object(rule['properties']),
  };
}

/** The six rules that every group has below its own, as Azure words them. */
const defaultRules: readonly Json[] = [
  defaultRule('AllowVnetInBound', 'Allow inbound traffic from all VMs in VNET', 65_000, {
    sourceAddressPrefix: 'VirtualNetwork',
    destinationAddressPrefix: 'VirtualNetwork',
  }),
  defaultRule('AllowAzureLoadBalancerInBound', 'Allow inbound traffic from azure load balancer', 65_001, {
    sourceAddressPrefix: 'AzureLoadBalancer',
  }),
  defaultRule('DenyAllInBound', 'Deny all inbound traffic', 65_500, {}),
  defaultRule('AllowVnetOutBound', 'Allow outbound traffic from all VMs to all VMs in VNET', 65_000, {
    sourceAddressPrefix: 'VirtualNetwork',
    destinationAddressPrefix: 'VirtualNetwork',
  }),
  defaultRule('AllowInternetOutBound', 'Allow outbound traffic from all VMs to Internet', 65_001, {
    destinationAddressPrefix: 'Internet',
  }),
  defaultRule('DenyAllOutBound', 'Deny all outbound traffic', 65_500, {}),
];

function defaultRule(name: string, description: string, priority: number, prefixes: Json): Json {
  return {
    name,
    properties: {
      description,
      protocol: '*',
      sourcePortRange: '*',
      destinationPortRange: '*',
      sourceAddressPrefix: '*',
      destinationAddressPrefix: '*',
      ...prefixes,
      access: name.startsWith('Allow') ? 'Allow' : 'Deny',
      priority,
      direction: name.endsWith('InBound') ? 'Inbound' : 'Outbound',
    },
  };
}
