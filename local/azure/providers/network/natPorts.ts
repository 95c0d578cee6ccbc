/** Inbound NAT of a load balancer: which frontend port leads to which machine. */
import { invalidParameter } from '../../arm/armError.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import { key, lastName, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Forward } from '../../machines/natForwards.js';
import { referredId } from '../envelope.js';

/** A range of frontend ports, one for each machine: a NAT pool, or a NAT rule with a backend pool. A single rule is a range of one. */
export interface NatRange {
  readonly id: string;
  readonly frontendId: string;
  /** Machines of this backend pool get a port without being told of the rule. */
  readonly backendPool: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly backendPort: number;
  readonly kind: 'pool' | 'rule';
}

/** A machine at the load balancer. */
export interface NatMember {
  readonly id: string;
  readonly address: string;
  readonly pools: readonly string[];
  /** Ids of NAT pools and rules, in lower case. */
  readonly natIds: readonly string[];
}

/** @throws ArmError when a port is missing or out of range */
export function natRanges({ properties }: Resource): readonly NatRange[] {
  const read = (kind: NatRange['kind'], collection: string) =>
    objects(properties[collection]).map((one): NatRange => {
      const name = string(one['name']) ?? '';
      const inner = object(one['properties']);
      const port = (member: string) => {
        const value = Number(inner[member]);
        if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
        throw invalidParameter(
          `${collection}.${name}.${member}`,
          `'${name}' of ${collection} needs a ${member} from 1 to 65535.`,
        );
      };
      const [from, to] =
        inner['frontendPort'] === undefined || kind === 'pool'
          ? (['frontendPortRangeStart', 'frontendPortRangeEnd'] as const)
          : (['frontendPort', 'frontendPort'] as const);
      return {
        id: key(string(one['id']) ?? ''),
        frontendId: key(referredId(at(inner, 'frontendIPConfiguration')) ?? ''),
        backendPool: referredId(at(inner, 'backendAddressPool')),
        first: port(from),
        last: port(to),
        backendPort: port('backendPort'),
        kind,
      };
    });
  return [...read('pool', 'inboundNatPools'), ...read('rule', 'inboundNatRules')];
}

/** The ports that were given away: a machine keeps its own until it is forgotten. */
export class NatPorts {
  /** By range and machine. */
  readonly #given = new Map<string, Map<string, number>>();

  /** The port of a machine in a range, given now when it has none; undefined when the range is used up. */
  port(range: NatRange, memberId: string): number | undefined {
    const ports = this.#given.get(range.id) ?? new Map<string, number>();
    this.#given.set(range.id, ports);
    const own = ports.get(memberId);
    if (own !== undefined && own >= range.first && own <= range.last) return own;
    const taken = new Set(ports.values());
    for (let port = range.first; port <= range.last; port += 1) {
      if (taken.has(port)) continue;
      ports.set(memberId, port);
      return port;
    }
    return undefined;
  }

  forget(memberId: string): void {
    for (const ports of this.#given.values()) ports.delete(memberId);
  }

  save(): readonly (readonly [
    rangeId: string,
    ports: readonly (readonly [memberId: string, port: number])[],
  ])[] {
    return [...this.#given].map(([rangeId, ports]) => [rangeId, [...ports]]);
  }

  restore(saved: ReturnType<NatPorts['save']>): void {
    for (const [rangeId, ports] of saved) this.#given.set(rangeId, new Map(ports));
  }

  /** Who has which port of a range. */
  of(rangeId: string): ReadonlyMap<string, number> {
    return this.#given.get(rangeId) ?? new Map();
  }
}

/** What a frontend forwards. */
export function forwardsOf(
  frontendId: string,
  ranges: readonly NatRange[],
  members: readonly NatMember[],
  ports: NatPorts,
): readonly Forward[] {
  return ranges
    .filter(range => range.frontendId === key(frontendId))
    .flatMap(range =>
      members
        .filter(
          ({ natIds, pools }) =>
            natIds.includes(range.id) ||
            (range.backendPool !== undefined && pools.some(pool => same(pool, range.backendPool))),
        )
        .flatMap(({ id, address }) => {
          const frontendPort = ports.port(range, id);
          return frontendPort === undefined
            ? []
            : [{ frontendPort, address, backendPort: range.backendPort }];
        }),
    );
}

/** The rules that Azure shows for the machines of NAT pools, beside those that were given. */
export function shownNatRules(resource: Resource, ports: NatPorts): readonly Json[] {
  const given = objects(resource.properties['inboundNatRules']);
  const pools = natRanges(resource).filter(range => range.kind === 'pool');
  const made = pools.flatMap(range => {
    const pool = objects(resource.properties['inboundNatPools']).find(one =>
      same(string(one['id']), range.id),
    );
    const {
      frontendPortRangeStart: _start,
      frontendPortRangeEnd: _end,
      ...properties
    } = object(pool?.['properties']);
    return [...ports.of(range.id)].map(([memberId, frontendPort]) => {
      const name = `${string(pool?.['name']) ?? ''}.${lastName(memberId)}`;
      return {
        name,
        id: `${resource.id}/inboundNatRules/${name}`,
        type: `${resource.type}/inboundNatRules`,
        properties: { ...properties, frontendPort },
      };
    });
  });
  return [...given, ...made];
}
