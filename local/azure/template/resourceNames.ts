/** Finds the resources of a template by whatever an expression or a `dependsOn` may call them. */
import type { ExpandedResource, ExpandedTemplate } from './expandResources.js';
import { resourceIdIn, segmentsOf } from './resourceId.js';

/** The resources of one template by id, `Type/name`, name, symbolic name and loop. All look-ups ignore case. */
export interface ResourceNames {
  /** the one resource of that name, undefined when there is none or the bare name fits several */
  one(name: string): ExpandedResource | undefined;
  /** the resources of a loop, undefined when there is no such loop */
  loop(name: string): readonly ExpandedResource[] | undefined;
}

/** Indexes the resources. */
export function indexNames({ resources, loopNames }: ExpandedTemplate): ResourceNames {
  const exact = new Map<string, ExpandedResource>();
  const bare = new Map<string, ExpandedResource[]>();
  const loops = new Map<string, ExpandedResource[]>([...loopNames].map(name => [name.toLowerCase(), []]));
  const setExact = (key: string, resource: ExpandedResource): void => {
    // A resource may be declared as existing besides; the one that is deployed counts.
    const before = exact.get(key.toLowerCase());
    if (before === undefined || !before.deployed) exact.set(key.toLowerCase(), resource);
  };
  for (const resource of resources) {
    const names = segmentsOf(resource.name);
    setExact(resource.id, resource);
    setExact(resourceIdIn('', resource.type, names).slice('/providers/'.length), resource);
    setExact(`${resource.type}/${resource.name}`, resource);
    for (const symbol of resource.symbols) setExact(symbol, resource);
    push(bare, resource.name, resource);
    if (resource.loop !== undefined) push(loops, resource.loop.name, resource);
  }
  return {
    one(name) {
      const found = exact.get(name.toLowerCase());
      if (found !== undefined) return found;
      const candidates = bare.get(name.toLowerCase()) ?? [];
      const deployed = candidates.filter(candidate => candidate.deployed);
      return candidates.length === 1 ? candidates[0] : deployed.length === 1 ? deployed[0] : undefined;
    },
    loop: name => loops.get(name.toLowerCase()),
  };
}

function push(map: Map<string, ExpandedResource[]>, key: string, resource: ExpandedResource): void {
  const list = map.get(key.toLowerCase());
  if (list === undefined) map.set(key.toLowerCase(), [resource]);
  else list.push(resource);
}
