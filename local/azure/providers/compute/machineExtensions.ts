/** Extensions of virtual machines as resources of their own; a custom script runs when it is put. */
import { notAllowed, resourceNotFound } from '../../arm/armError.js';
import { compact } from '../../arm/json.js';
import type { Provider } from '../../arm/provider.js';
import { key, lastName, parentId } from '../../arm/resourceId.js';
import { referredId, givenProperties, resourceOf } from '../envelope.js';
import type { Cloud } from '../cloud.js';
import { healthSettings } from './applicationHealth.js';
import { extensionOf, shownExtension, type Extension } from './extension.js';
import { runExtension } from './runExtension.js';
import type { VirtualMachines } from './virtualMachines.js';

const type = 'Microsoft.Compute/virtualMachines/extensions';

export function machineExtensions({ store }: Cloud, machines: VirtualMachines): Provider {
  const extensions = new Map<string, Extension>();
  return {
    type,
    protocol: 'compute',
    patchable: ['tags', 'properties'],
    kept: {
      save: () => [...extensions],
      resume: saved => {
        for (const [id, extension] of saved as readonly (readonly [string, Extension])[])
          extensions.set(id, extension);
        return Promise.resolve();
      },
    },
    put: request => {
      const machineId = parentId(request.id);
      const owner = store.get(machineId);
      if (owner === undefined)
        throw resourceNotFound('Microsoft.Compute/virtualMachines', lastName(machineId), request.group.name);
      if (referredId(owner.properties['virtualMachineScaleSet']) !== undefined) {
        throw notAllowed(
          `VM '${owner.name}' belongs to a scale set: give the extension to the set's extensionProfile, or detach the VM first.`,
        );
      }
      const given = givenProperties(request.body);
      const before = extensions.get(key(request.id));
      const extension = extensionOf(request.name, given, before);
      if (extension.kind === 'applicationHealth') healthSettings(extension);
      const machine = machines.running(machineId);
      const location = request.body['location'] ?? owner.location;
      const resource = resourceOf(
        type,
        { ...request, body: compact({ ...request.body, location }) },
        shownExtension(given),
      );
      return {
        resource,
        work: async () => {
          if (JSON.stringify(before) !== JSON.stringify(extension)) await runExtension(extension, machine);
          extensions.set(key(request.id), extension);
        },
      };
    },
    remove: resource => () => {
      extensions.delete(key(resource.id));
      return Promise.resolve();
    },
  };
}
