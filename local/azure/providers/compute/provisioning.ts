/** What machines and the instances of scale sets have in common when they are made: what is refused, and how it fails. Pure. */
import { describe, ToolError } from '../../../../shared/core/errors.js';
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { objects, type Json } from '../../arm/json.js';
import type { Disk, Machine, MachineHost, MachineOptions } from '../../machines/machineHost.js';

/** The disk of an image that is kept here, and holds nothing that this local Azure can boot. */
export const unbootable: Disk = { layers: [] };

/** The name, which a machine can have as its host name. @throws ArmError when it cannot */
export function hostName(name: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/i.test(name)) return name;
  throw invalidParameter(
    'computerName',
    `The computer name '${name}' is not valid: it may have 1 to 63 letters, digits and hyphens, none of these at an end.`,
  );
}

/** Data disks would be silently missing in the machine: refused instead. */
export function refuseDataDisks(storageProfile: Json): void {
  if (objects(storageProfile['dataDisks']).length === 0) return;
  throw invalidParameter(
    'dataDisks',
    'This local Azure gives machines no data disks; leave dataDisks empty.',
  );
}

/**
 * Starts a machine.
 * @param name of its resource
 * @throws ArmError when it does not come up, with the last lines of its console when there are any
 */
export async function boot(host: MachineHost, name: string, options: MachineOptions): Promise<Machine> {
  if (options.disk.layers.length === 0) {
    throw new ArmError(
      409,
      'OSProvisioningClientError',
      `OS Provisioning failed for VM '${name}'. Error details: its image goes back to a VHD that was uploaded, to the disk of a running ` +
        'machine or to an empty disk. This local Azure keeps such images, but boots only what was captured from its own stopped ' +
        'machines: bake the image with this local Azure.',
    );
  }
  try {
    return await host.start(options);
  } catch (error) {
    throw provisioningFailed(name, error);
  }
}

function provisioningFailed(name: string, error: unknown): ArmError {
  const why =
    error instanceof ToolError ? describe(error) : error instanceof Error ? error.message : String(error);
  return new ArmError(
    409,
    'OSProvisioningInternalError',
    `OS Provisioning failed for VM '${name}' due to an internal error: ${why}`,
  );
}
