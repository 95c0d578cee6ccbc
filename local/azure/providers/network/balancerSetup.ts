/** What a load balancer's resource says of the balancers that run for it. Pure. */
import { invalidParameter } from '../../arm/armError.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import { key, lastName, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { HealthProbe, LoadBalancerOptions, LoadBalancingRule } from '../../machines/loadBalancer.js';
import { referredId } from '../envelope.js';

/** What runs for a load balancer: one balancer for each frontend that has an address. */
export function frontends(
  resource: Resource,
  addressOf: (frontend: Json) => string | undefined,
): readonly { readonly id: string; readonly options: LoadBalancerOptions }[] {
  const { properties } = resource;
  const probes = objects(properties['probes']).map(probeOf);
  const rules = objects(properties['loadBalancingRules']).map(rule => ({
    frontend: referredId(at(rule, 'properties', 'frontendIPConfiguration')),
    rule: ruleOf(rule),
  }));
  return objects(properties['frontendIPConfigurations']).flatMap(frontend => {
    const address = addressOf(frontend);
    if (address === undefined) return [];
    const own = rules.filter(one => same(one.frontend, string(frontend['id']))).map(one => one.rule);
    return [{ id: string(frontend['id']) ?? '', options: { address, rules: own, probes } }];
  });
}

function ruleOf(rule: Json): LoadBalancingRule {
  const probe = referredId(at(rule, 'properties', 'probe'));
  const pool = referredId(at(rule, 'properties', 'backendAddressPool'));
  return {
    frontendPort: port(rule, 'loadBalancingRules', 'frontendPort'),
    backendPort: port(rule, 'loadBalancingRules', 'backendPort'),
    ...(probe === undefined ? {} : { probeName: lastName(probe) }),
    ...(pool === undefined ? {} : { pool: key(pool) }),
  };
}

function probeOf(probe: Json): HealthProbe {
  const name = string(probe['name']) ?? '';
  const properties = object(probe['properties']);
  const protocol = (['Http', 'Https', 'Tcp'] as const).find(one => same(one, string(properties['protocol'])));
  if (protocol === undefined) {
    throw invalidParameter(
      `probes.${name}.protocol`,
      `Probe '${name}' has protocol '${String(properties['protocol'])}'; it must be Http, Https or Tcp.`,
    );
  }
  const path = string(properties['requestPath']);
  if (protocol !== 'Tcp' && path === undefined) {
    throw invalidParameter(
      `probes.${name}.requestPath`,
      `Probe '${name}' of protocol ${protocol} needs a requestPath.`,
    );
  }
  return {
    name,
    protocol,
    port: port(probe, 'probes', 'port'),
    ...(path === undefined || protocol === 'Tcp' ? {} : { path }),
    intervalSeconds: Number(properties['intervalInSeconds'] ?? 15),
    numberOfProbes: Number(properties['numberOfProbes'] ?? 2),
  };
}

function port(child: Json, collection: string, member: string): number {
  const value = Number(at(child, 'properties', member));
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  const name = string(child['name']) ?? '';
  throw invalidParameter(
    `${collection}.${name}.${member}`,
    `'${name}' of ${collection} needs a ${member} from 1 to 65535.`,
  );
}

export function sameSetup(before: Resource, after: Resource): boolean {
  const setup = ({ properties }: Resource) =>
    JSON.stringify(
      ['frontendIPConfigurations', 'loadBalancingRules', 'probes'].map(name => properties[name]),
    );
  return setup(before) === setup(after);
}
