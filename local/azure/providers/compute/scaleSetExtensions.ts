/** The extensions of scale sets as resources of their own: entries of the set's extensionProfile. */
import { entityNotFound } from '../../arm/armError.js';
import { at, object, objects, string, type Json } from '../../arm/json.js';
import type { Provider, Work } from '../../arm/provider.js';
import { lastName, parentId, same } from '../../arm/resourceId.js';
import type { Resource, ResourceGroup } from '../../arm/store.js';
import type { Cloud } from '../cloud.js';
import { givenProperties } from '../envelope.js';
import type { ScaleSets } from './scaleSets.js';

const type = 'Microsoft.Compute/virtualMachineScaleSets/extensions';

export function scaleSetExtensions({ store }: Cloud, sets: ScaleSets): Provider {
  const find = (id: string): Resource | undefined => {
    const set = store.get(parentId(id));
    const entry = set && entriesOf(set).find(one => same(string(one['name']), lastName(id)));
    return set && entry && shown(set, entry);
  };
  /** Gives the set other extensions, as a PUT of the set would. */
  const change = (setId: string, group: ResourceGroup, extensions: readonly Json[]): Work => {
    const existing = store.get(setId);
    if (existing === undefined) throw entityNotFound();
    const { properties } = existing;
    const profile = object(properties['virtualMachineProfile']);
    const virtualMachineProfile = {
      ...profile,
      extensionProfile: { ...object(profile['extensionProfile']), extensions },
    };
    const body = { ...existing, properties: { ...properties, virtualMachineProfile } };
    const put = sets.provider.put?.({
      id: existing.id,
      name: existing.name,
      group,
      body,
      existing,
      text: undefined,
    });
    if (put === undefined) throw entityNotFound();
    store.set(put.resource);
    store.update(setId, { provisioningState: 'Updating' });
    return async () => {
      try {
        await put.work?.();
        store.update(setId, { provisioningState: 'Succeeded' });
      } catch (error) {
        store.update(setId, { provisioningState: 'Failed' });
        throw error;
      }
    };
  };
  return {
    type,
    protocol: 'compute',
    patchable: ['properties'],
    find,
    list: setId => {
      const set = store.get(setId);
      return set === undefined ? [] : entriesOf(set).map(entry => shown(set, entry));
    },
    put: ({ id, name, group, body }) => {
      const setId = parentId(id);
      const set = store.get(setId);
      if (set === undefined) throw entityNotFound();
      const before = entriesOf(set);
      const entry = { name, properties: givenProperties(body) };
      const extensions = before.some(one => isNamed(one, name))
        ? before.map(one => (isNamed(one, name) ? entry : one))
        : [...before, entry];
      const work = change(setId, group, extensions);
      return { resource: find(id) ?? shown(set, entry), work };
    },
    remove: resource => {
      const setId = parentId(resource.id);
      const set = store.get(setId);
      const group = store.group(resource.id.split('/')[4] ?? '');
      if (set === undefined || group === undefined) throw entityNotFound();
      return change(
        setId,
        group,
        entriesOf(set).filter(one => !isNamed(one, resource.name)),
      );
    },
  };
}

function entriesOf(set: Resource): readonly Json[] {
  return objects(at(set.properties, 'virtualMachineProfile', 'extensionProfile', 'extensions'));
}

function isNamed(entry: Json, name: string): boolean {
  return same(string(entry['name']), name);
}

/** An extension is as far as its set. */
function shown(set: Resource, entry: Json): Resource {
  const name = string(entry['name']) ?? '';
  const { provisioningState } = set.properties;
  return {
    id: `${set.id}/extensions/${name}`,
    name,
    type,
    properties: { ...object(entry['properties']), provisioningState },
  };
}
