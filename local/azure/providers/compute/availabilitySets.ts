/** Availability sets are kept and shown; this machine is the only fault domain there is. */
import type { Provider } from '../../arm/provider.js';
import { givenProperties, resourceOf } from '../envelope.js';

const type = 'Microsoft.Compute/availabilitySets';

export const availabilitySets: Provider = {
  type,
  protocol: 'compute',
  createdStatus: 200,
  patchable: ['tags', 'sku', 'properties'],
  put: request => {
    const resource = resourceOf(type, request, {
      platformUpdateDomainCount: 5,
      platformFaultDomainCount: 1,
      ...givenProperties(request.body),
    });
    return { resource: { ...resource, sku: resource.sku ?? { name: 'Classic' } } };
  },
  // Azure shows no provisioningState at availability sets.
  show: resource => {
    const { provisioningState: _state, ...properties } = resource.properties;
    return { ...resource, properties };
  },
};
