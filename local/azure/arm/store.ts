/** Everything that exists: resource groups and resources, by id without regard to case. */
import type { Json } from './json.js';
import { key } from './resourceId.js';

/** A resource group as it is shown. */
export interface ResourceGroup {
  readonly id: string;
  readonly name: string;
  readonly type: 'Microsoft.Resources/resourceGroups';
  readonly location: string;
  readonly tags?: Json;
  readonly properties: { readonly provisioningState: string };
}

/** A resource as it is shown: the envelope's members that ARM knows, and the provider's properties. */
export interface Resource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location?: string;
  readonly tags?: Json;
  readonly sku?: Json;
  readonly kind?: string;
  readonly zones?: readonly string[];
  readonly identity?: Json;
  readonly plan?: Json;
  readonly etag?: string;
  /** Of a disk: the machine it is attached to. */
  readonly managedBy?: string;
  readonly properties: Json;
}

/** The one mutable state of the control plane. Resources are replaced, never changed. */
export class Store {
  readonly #groups = new Map<string, ResourceGroup>();
  readonly #resources = new Map<string, Resource>();
  /** What changed lately, oldest first: the resource as it was before, by the clock of `performance.now()`. */
  #changes: { readonly time: number; readonly id: string; readonly before: Resource | undefined }[] = [];
  /** For how long changes are remembered, in milliseconds. */
  memory = 0;
  /** Called after each change. */
  onChange: () => void = () => undefined;

  get groups(): readonly ResourceGroup[] {
    return [...this.#groups.values()];
  }

  group(name: string): ResourceGroup | undefined {
    return this.#groups.get(key(name));
  }

  setGroup(group: ResourceGroup): void {
    this.#groups.set(key(group.name), group);
    this.onChange();
  }

  deleteGroup(name: string): void {
    this.#groups.delete(key(name));
    this.onChange();
  }

  get(id: string): Resource | undefined {
    return this.#resources.get(key(id));
  }

  set(resource: Resource): void {
    this.#note(key(resource.id));
    this.#resources.set(key(resource.id), resource);
    this.onChange();
  }

  /** Replaces the members of a resource's properties that are given; nothing when it is gone. */
  update(id: string, properties: Json): void {
    const resource = this.get(id);
    if (resource !== undefined)
      this.set({ ...resource, properties: { ...resource.properties, ...properties } });
  }

  delete(id: string): void {
    this.#note(key(id));
    this.#resources.delete(key(id));
    this.onChange();
  }

  /** The resources that changed in the last so many milliseconds, as they were before; by lower-case id. */
  changedWithin(milliseconds: number): ReadonlyMap<string, Resource | undefined> {
    const past = new Map<string, Resource | undefined>();
    const since = performance.now() - milliseconds;
    for (const { time, id, before } of this.#changes)
      if (time >= since && !past.has(id)) past.set(id, before);
    return past;
  }

  #note(id: string): void {
    if (this.memory <= 0) return;
    const time = performance.now();
    const oldest = this.#changes.findIndex(one => one.time >= time - this.memory);
    if (oldest !== 0) this.#changes = oldest < 0 ? [] : this.#changes.slice(oldest);
    this.#changes.push({ time, id, before: this.#resources.get(id) });
  }

  /** Resources below a scope, in the order of their creation; of one type when given. */
  list(scope: string, type?: string): readonly Resource[] {
    const prefix = `${key(scope)}/`;
    return [...this.#resources].flatMap(([id, resource]) =>
      id.startsWith(prefix) && (type === undefined || key(resource.type) === key(type)) ? [resource] : [],
    );
  }

  /** Resources that mention the id, or one below it, in their properties. */
  referrers(id: string): readonly Resource[] {
    const wanted = key(id);
    const mentions = (value: unknown): boolean => {
      if (typeof value === 'string') return key(value) === wanted || key(value).startsWith(`${wanted}/`);
      return typeof value === 'object' && value !== null && Object.values(value).some(mentions);
    };
    return [...this.#resources].flatMap(([own, resource]) =>
      own !== wanted && !own.startsWith(`${wanted}/`) && mentions(resource.properties) ? [resource] : [],
    );
  }
}
