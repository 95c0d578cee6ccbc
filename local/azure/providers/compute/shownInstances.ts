/** The instances of scale sets as they are shown, each put together only when it has changed: there may be a thousand. */
import type { Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';
import { writtenOnce } from '../../front/jsonBody.js';
import type { Health } from './applicationHealth.js';
import type { Fleet } from './fleet.js';
import type { Instance } from './instance.js';
import { instanceResource, instanceViewOf } from './scaleSetInstance.js';

interface Shown {
  readonly fleet: Fleet;
  readonly instance: Instance;
  readonly set: Resource;
  readonly latest: boolean;
  readonly resource: Resource;
  viewed?: { readonly health: Health | undefined; readonly second: number; readonly resource: Resource };
}

export interface ShownInstances {
  /** @param set the resource of the scale set */
  resource(fleet: Fleet, instance: Instance, set: Resource): Resource;
  /** With its instance view; what is no such resource is left as it is. */
  withView(resource: Resource, now: Date): Resource;
}

export function createShownInstances(): ShownInstances {
  const byInstance = new WeakMap<Instance, Shown>();
  const byResource = new WeakMap<Resource, Shown>();
  return {
    resource: (fleet, instance, set) => {
      const latest = fleet.isLatest(instance);
      const known = byInstance.get(instance);
      if (known?.set === set && known.latest === latest) return known.resource;
      const resource = writtenOnce(instanceResource(instance, set, latest));
      const shown: Shown = { fleet, instance, set, latest, resource };
      byInstance.set(instance, shown);
      byResource.set(resource, shown);
      return resource;
    },
    withView: (resource, now) => {
      const shown = byResource.get(resource);
      if (shown === undefined) return resource;
      const health = shown.fleet.health(shown.instance);
      const second = Math.floor(now.getTime() / 1000);
      const { viewed } = shown;
      if (viewed?.second === second && viewed.health === health) return viewed.resource;
      const instanceView: Json = instanceViewOf(shown.instance, health, now);
      const withView = writtenOnce({ ...resource, properties: { ...resource.properties, instanceView } });
      shown.viewed = { health, second, resource: withView };
      return withView;
    },
  };
}
