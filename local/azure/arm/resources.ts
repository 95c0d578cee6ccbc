/** What can be done to a resource, the same for a direct request and for a deployment. */
import {
  ArmError,
  asArmError,
  entityNotFound,
  groupNotFound,
  methodNotAllowed,
  resourceNotFound,
  unknownBelow,
} from './armError.js';
import { checkConditions } from './conditions.js';
import { merge, object, withoutNulls, type Json } from './json.js';
import { lasting } from './lasting.js';
import type { Accepted, Acted, RequestDetails } from './requests.js';
import type { OperationEffect, OperationFaults } from '../faults/operationFaults.js';
import type { Operation, Operations } from './operations.js';
import type { Pace } from './pace.js';
import type { Provider, PutRequest } from './provider.js';
import { createProviderTable, type ProviderTable } from './providerTable.js';
import { formatResourceId, key, parseResourceId, type ResourceId } from './resourceId.js';
import { createSerial } from './serial.js';
import type { Resource, ResourceGroup, Store } from './store.js';
import { timingOf, type StartingCall } from './timings.js';

const noQuery = new URLSearchParams();

/** The resources of one local Azure. All ids are compared without regard to case; all methods throw ArmError. */
export class Resources {
  readonly #providers: ProviderTable;
  readonly #serial = createSerial();
  readonly #requested = new Map<string, Json>();

  constructor(
    readonly store: Store,
    readonly operations: Operations,
    providers: readonly Provider[],
    readonly pace: Pace,
    readonly faults: OperationFaults,
  ) {
    this.#providers = createProviderTable(providers);
  }

  get types(): readonly string[] {
    return this.#providers.all.map(provider => provider.type);
  }

  get providers(): readonly Provider[] {
    return this.#providers.all;
  }

  /** @throws ArmError InvalidResourceType naming what there is */
  provider(type: string): Provider {
    return this.#providers.get(type);
  }

  find(id: string): Resource | undefined {
    const parsed = parseResourceId(id);
    const provider = parsed && this.#providers.find(parsed.type);
    return provider?.find === undefined ? this.store.get(id) : provider.find(id);
  }

  /** All that requests have asked of the resource; undefined when nobody remembers. */
  requested(id: string): Json | undefined {
    return this.#requested.get(key(id));
  }

  /** {@link requested} of all resources, by id. */
  get allRequested(): readonly (readonly [id: string, body: Json])[] {
    return [...this.#requested];
  }

  remember(requested: Resources['allRequested']): void {
    for (const [id, body] of requested) this.#requested.set(id, body);
  }

  /** The resource as GET shows it. */
  get(id: string, query = noQuery): Resource {
    const { resource, provider } = this.#existing(id);
    return provider.show?.(resource, query) ?? resource;
  }

  /** Resources of a type below a scope (a subscription, a group or a parent resource). */
  list(scope: string, type: string, query = noQuery): readonly Resource[] {
    const provider = this.provider(type);
    const resources = provider.list?.(scope, query) ?? this.store.list(scope, type);
    return resources.map(resource => provider.show?.(resource, query) ?? resource);
  }

  put(id: string, body: Json, details: RequestDetails = {}): Accepted {
    const parsed = this.#parse(id);
    const provider = this.provider(parsed.type);
    const group = this.#writableGroup(parsed.resourceGroup);
    const existing = this.find(id);
    checkConditions(existing, details);
    if (provider.put === undefined) throw methodNotAllowed('PUT', parsed.type);
    const spelled = formatResourceId({ ...parsed, type: provider.type, resourceGroup: group.name });
    const accepted = this.#put('PUT', provider, details.query, {
      id: existing?.id ?? spelled,
      name: existing?.name ?? parsed.name.slice(parsed.name.lastIndexOf('/') + 1),
      group,
      // A template of a deployment may say null and mean it.
      body: provider.protocol === 'deployments' ? body : withoutNulls(body),
      existing,
      text: details.text,
    });
    if (provider.protocol !== 'deployments') this.#requested.set(key(id), body);
    return accepted;
  }

  patch(id: string, patch: Json, details: RequestDetails = {}): Accepted {
    const { parsed, provider, resource } = this.#existing(id);
    checkConditions(resource, details);
    if (provider.put === undefined) throw methodNotAllowed('PATCH', parsed.type);
    const names = provider.patchable ?? ['tags'];
    const given = Object.fromEntries(Object.entries(patch).filter(([name]) => names.includes(name)));
    // Tags are replaced as a whole by PATCH, everything else is merged.
    const merged = {
      ...object(merge(resource, given)),
      ...(given['tags'] === undefined ? {} : { tags: given['tags'] }),
    };
    const noted = () => this.#requested.set(key(id), object(merge(this.requested(id), given)));
    if (Object.keys(given).every(name => name === 'tags')) {
      noted();
      const tagged = { ...resource, tags: object(merged.tags) };
      this.store.set(tagged);
      return {
        provider,
        resource: provider.show?.(tagged, details.query ?? noQuery) ?? tagged,
        existed: true,
        operation: undefined,
      };
    }
    const group = this.#writableGroup(parsed.resourceGroup);
    const accepted = this.#put('PATCH', provider, details.query, {
      id: resource.id,
      name: resource.name,
      group,
      body: merged,
      existing: resource,
      text: undefined,
    });
    noted();
    return accepted;
  }

  /** Undefined when there is nothing to delete. */
  remove(
    id: string,
    details: RequestDetails = {},
  ): { provider: Provider; resource: Resource; operation: Operation } | undefined {
    const parsed = this.#parse(id);
    const provider = this.provider(parsed.type);
    const resource = this.find(id);
    if (resource === undefined) return undefined;
    checkConditions(resource, details);
    provider.refuseRemoval?.(resource);
    const effect = this.#effect('DELETE', resource.id);
    const work = async () => {
      try {
        await lasting(this.pace, timing, effect, () =>
          this.removeNow(resource, this.pace.wait(timing.seconds)),
        );
      } catch (error) {
        this.store.update(resource.id, { provisioningState: 'Failed' });
        throw error;
      }
    };
    const timing = timingOf({ method: 'DELETE', type: provider.type, existed: true });
    this.store.update(resource.id, { provisioningState: 'Deleting' });
    return { provider, resource, operation: this.operations.start(work, { timing }) };
  }

  /** Deletes a resource without asking whether it may go; it is shown until its time has come. */
  async removeNow(resource: Resource, until: Promise<void> = Promise.resolve()): Promise<void> {
    const provider = this.provider(resource.type);
    this.store.update(resource.id, { provisioningState: 'Deleting' });
    const work = provider.remove?.(resource);
    if (work !== undefined) await this.#serial(topLevel(resource.id), work);
    await until;
    for (const child of this.store.list(resource.id)) this.store.delete(child.id);
    this.store.delete(resource.id);
    this.#requested.delete(key(resource.id));
  }

  act(id: string, action: string, body: Json, query = noQuery): Acted {
    const { parsed, provider, resource } = this.#existing(id);
    const act = provider.actions?.[key(action)];
    if (act === undefined) throw unknownBelow(action, parsed, Object.keys(provider.actions ?? {}));
    const effect = this.#effect('POST', `${resource.id}/${action}`);
    const acted = act({ resource, body, query });
    if ('result' in acted) return { provider, result: acted.result };
    const timing = timingOf({ method: 'POST', type: provider.type, action, existed: true });
    const work = () =>
      lasting(this.pace, timing, effect, () => this.#serial(topLevel(id), acted.work, acted.company));
    return { provider, resource, operation: this.operations.start(work, { timing }) };
  }

  /** Whether there is such a view: `rollingUpgrades/latest` is one, and looks like a resource. */
  reads(id: string, what: string): boolean {
    const parsed = parseResourceId(id);
    return parsed !== undefined && this.#providers.find(parsed.type)?.reads?.[key(what)] !== undefined;
  }

  read(id: string, what: string, query = noQuery): unknown {
    const { parsed, provider, resource } = this.#existing(id);
    const read = provider.reads?.[key(what)];
    if (read === undefined) throw unknownBelow(what, parsed, Object.keys(provider.reads ?? {}));
    return read({ resource, body: {}, query });
  }

  #put(
    method: StartingCall['method'],
    provider: Provider,
    query: URLSearchParams = noQuery,
    request: PutRequest,
  ): Accepted {
    const effect = this.#effect(method, request.id);
    const put = provider.put?.({ ...request, query });
    if (put === undefined) throw methodNotAllowed('PUT', provider.type);
    const { resource } = put;
    // What is done at once cannot hang or fail later, unless a fault makes an operation of it.
    const followed = put.followed === true || effect !== undefined;
    const work = put.work ?? (followed ? () => Promise.resolve(undefined) : undefined);
    const existed = request.existing !== undefined;
    // Deployments keep their own, richer states.
    const state = (name: string) => (provider.protocol === 'deployments' ? {} : { provisioningState: name });
    const begun =
      put.work === undefined && effect === undefined
        ? 'Succeeded'
        : existed || provider.protocol === 'network'
          ? 'Updating'
          : 'Creating';
    const stored = { ...resource, properties: { ...resource.properties, ...state(begun) } };
    if (provider.find === undefined) this.store.set(stored);
    const shown = provider.show?.(stored, query) ?? stored;
    if (work === undefined) return { provider, resource: shown, existed, operation: undefined };
    const timing = timingOf({ method, type: provider.type, existed });
    const begin = async () => {
      try {
        const output = await lasting(this.pace, timing, effect, () =>
          this.#serial(topLevel(resource.id), work),
        );
        this.store.update(resource.id, state('Succeeded'));
        return output;
      } catch (error) {
        // A deployment tells of its own failures, but does not learn of those that a fault makes.
        const told = provider.protocol === 'deployments' && effect !== undefined;
        const failed = { provisioningState: 'Failed', error: asArmError(error).body };
        this.store.update(resource.id, told ? failed : state('Failed'));
        throw error;
      }
    };
    const countdown = provider.protocol === 'deployments';
    const operation = this.operations.start(begin, { timing, countdown });
    return { provider, resource: shown, existed, operation };
  }

  /** What faults make of the operation. @throws ArmError when they refuse the request that starts it */
  #effect(method: StartingCall['method'], path: string): OperationEffect | undefined {
    const effect = this.faults.operation(method, path);
    if (effect?.kind === 'refused') throw effect.error;
    return effect;
  }

  #parse(id: string): ResourceId {
    const parsed = parseResourceId(id);
    if (parsed === undefined)
      throw new ArmError(400, 'InvalidResourceId', `'${id}' is not the id of a resource.`);
    return parsed;
  }

  #group(name: string): ResourceGroup {
    const group = this.store.group(name);
    if (group === undefined) throw groupNotFound(name);
    return group;
  }

  #writableGroup(name: string): ResourceGroup {
    const group = this.#group(name);
    if (group.properties.provisioningState !== 'Deleting') return group;
    throw new ArmError(
      409,
      'ResourceGroupBeingDeleted',
      `The resource group '${group.name}' is in deprovisioning state and cannot perform this operation.`,
    );
  }

  #existing(id: string): { parsed: ResourceId; provider: Provider; resource: Resource } {
    const parsed = this.#parse(id);
    const provider = this.provider(parsed.type);
    const group = this.#group(parsed.resourceGroup);
    const resource = this.find(id);
    if (resource === undefined && provider.find !== undefined) throw entityNotFound();
    if (resource === undefined) throw resourceNotFound(provider.type, parsed.name, group.name);
    return { parsed, provider, resource };
  }
}

function topLevel(id: string): string {
  return key(id).split('/').slice(0, 9).join('/');
}
