/** The instance view of a scale set: how many of its instances are in which state. Pure. */
import { compact, string, type Json } from '../../arm/json.js';
import type { Resource } from '../../arm/store.js';
import type { Fleet } from './fleet.js';
import { provisioningStatus } from './instanceView.js';

export function setView({ instances }: Pick<Fleet, 'instances'>, resource: Resource, now: Date): Json {
  const counts = new Map<string, number>();
  for (const { provisioningState } of instances) {
    const code = `ProvisioningState/${provisioningState.toLowerCase()}`;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const extensions = [
    ...new Set(instances.flatMap(({ model }) => model.extensions.map(one => one.name))),
  ].map(name => ({
    name,
    statusesSummary: [
      {
        code: 'ProvisioningState/succeeded',
        count: instances.filter(
          ({ model, provisioningState }) =>
            provisioningState === 'Succeeded' && model.extensions.some(one => one.name === name),
        ).length,
      },
    ],
  }));
  return compact({
    virtualMachine: { statusesSummary: [...counts].map(([code, count]) => ({ code, count })) },
    extensions: extensions.length === 0 ? undefined : extensions,
    statuses: [provisioningStatus(string(resource.properties['provisioningState']) ?? '', now)],
  });
}
