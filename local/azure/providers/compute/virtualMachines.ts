/** Virtual machines: each is a real machine of the host, reached at its interface's address. */
import { randomUUID } from 'node:crypto';
import { describe, ToolError } from '../../../../shared/core/errors.js';
import { ArmError, invalidParameter, notAllowed } from '../../arm/armError.js';
import { compact, object, objects, string, type Json } from '../../arm/json.js';
import type { ActionRequest, Provider, PutRequest, Work } from '../../arm/provider.js';
import { key } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Disk, Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import { checkReferences, givenProperties, referredId, resourceOf } from '../envelope.js';
import type { Balancing } from '../network/loadBalancers.js';
import { reach } from '../network/networkInterfaces.js';
import { captureResult } from './captureResult.js';
import { attachedDisk, detachDisk, keptDisk } from './disks.js';
import { findImage } from './imageSource.js';
import { agentView, diskView, powerStatus, provisioningStatus, type Power } from './instanceView.js';
import { loginOf, shownOsProfile } from './osProfile.js';

const type = 'Microsoft.Compute/virtualMachines';

interface Guest {
  machine: Machine | undefined;
  power: Power;
  generalized: boolean;
  /** It did not come up. */
  failed: boolean;
}

/** The virtual machines, and what images take from them. */
export interface VirtualMachines {
  readonly provider: Provider;
  /**
   * Freezes the OS disk of a generalized machine.
   * @throws ArmError when it is no machine here, or not generalized
   */
  checkCapture(id: string): Resource;
  capture(id: string): Promise<Disk>;
  /** @throws ArmError when it does not run */
  running(id: string): Machine;
  /** Takes over a machine that a scale set has let go. */
  adopt(id: string, machine: Machine, power: Power): void;
  /**
   * Freezes the OS disk of a stopped machine as it is, for a copy of it.
   * @throws ArmError when the machine runs
   */
  freeze(id: string): () => Promise<Disk>;
  /** The same for a disk that is a blob; of a machine that runs nothing can be taken, and Azure does not refuse it. */
  freezeBlob(uri: string): () => Promise<Disk | undefined>;
}

export function createVirtualMachines(cloud: Cloud, balancing: Balancing): VirtualMachines {
  const { store } = cloud;
  const guests = new Map<string, Guest>();
  const guestOf = (resource: Resource): Guest & { readonly machine: Machine } => {
    const guest = guests.get(key(resource.id));
    if (guest !== undefined && hasMachine(guest)) return guest;
    throw notAllowed(`The VM '${resource.name}' has no machine: its provisioning failed or has not ended.`);
  };
  const power = (
    resource: Resource,
    run: (machine: Machine) => Promise<void>,
    after: Power,
  ): { work: Work } => {
    const guest = guestOf(resource);
    if (guest.generalized && after === 'running') {
      throw notAllowed(
        `Operation 'start' is not allowed on VM '${resource.name}' since the VM is generalized.`,
      );
    }
    return {
      work: async () => {
        await run(guest.machine);
        guest.power = after;
      },
    };
  };
  const stop =
    (after: Power) =>
    ({ resource }: ActionRequest) =>
      power(resource, machine => machine.stop(), after);
  const start = ({ resource }: ActionRequest) =>
    power(resource, machine => (machine.running ? Promise.resolve() : machine.start()), 'running');
  const restart = ({ resource }: ActionRequest) =>
    power(
      resource,
      async machine => {
        await machine.stop();
        await machine.start();
      },
      'running',
    );

  const checkCapture = (id: string): Resource => {
    const resource = store.get(id);
    if (resource === undefined || key(resource.type) !== key(type)) {
      throw new ArmError(404, 'NotFound', `The source virtual machine '${id}' was not found.`, {
        target: 'sourceVirtualMachine',
      });
    }
    const { generalized } = guestOf(resource);
    if (!generalized)
      throw notAllowed(`Capture of VM '${resource.name}' is not allowed: the VM must be generalized first.`);
    return resource;
  };
  const capture = async (id: string) => {
    const resource = checkCapture(id);
    return guestOf(resource).machine.capture();
  };

  const freeze = (id: string) => {
    const resource = store.get(id);
    if (resource === undefined) throw notAllowed(`The machine '${id}' of the disk is gone.`);
    const { machine, power: now } = guestOf(resource);
    if (now === 'running' || now === 'starting') {
      throw notAllowed(
        `The disk is attached to VM '${resource.name}', which runs. This local Azure copies disks of stopped machines only: stop ` +
          'or deallocate the VM first.',
      );
    }
    return () => machine.capture();
  };
  const freezeBlob = (uri: string) => async () => {
    const [owner] = store.referrers(uri).filter(one => guests.has(key(one.id)));
    const machine = owner && guests.get(key(owner.id))?.machine;
    return machine === undefined || machine.running ? undefined : machine.capture();
  };

  const provider: Provider = {
    type,
    protocol: 'compute',
    patchable: ['tags', 'properties'],
    // One that never came up is made anew.
    put: request =>
      request.existing === undefined || guests.get(key(request.id))?.failed === true
        ? create(request)
        : update(request, request.existing),
    show: (resource, query) =>
      /instanceView/i.test(query.get('$expand') ?? '')
        ? { ...resource, properties: { ...resource.properties, instanceView: instanceView(resource) } }
        : resource,
    reads: { instanceview: ({ resource }) => instanceView(resource) },
    actions: {
      start,
      restart,
      redeploy: restart,
      poweroff: stop('stopped'),
      deallocate: stop('deallocated'),
      generalize: ({ resource }) => {
        const guest = guestOf(resource);
        if (guest.power === 'running' || guest.power === 'starting') {
          throw notAllowed(`VM '${resource.name}' must be stopped or deallocated before it is generalized.`);
        }
        guest.generalized = true;
        return { result: undefined };
      },
      capture: ({ resource, body }) => {
        checkCapture(resource.id);
        const result = captureResult(resource, body);
        return {
          work: async () => {
            cloud.blobs.set(result.uri, await capture(resource.id));
            return result.template;
          },
        };
      },
    },
    remove: resource => async () => {
      const guest = guests.get(key(resource.id));
      guests.delete(key(resource.id));
      balancing.leave(resource.id);
      const machine = guest?.machine;
      const disk = keptDisk(store, resource);
      if (machine !== undefined && disk !== undefined) {
        await machine.stop();
        cloud.images.set(key(disk.id), await machine.capture());
      }
      await machine?.remove();
      detachDisk(store, resource);
    },
  };
  const running = (id: string): Machine => {
    const guest = guests.get(key(id));
    if (guest !== undefined && hasMachine(guest) && guest.power === 'running') return guest.machine;
    throw notAllowed('Cannot modify extensions in the VM when the VM is not running.');
  };
  const adopt = (id: string, machine: Machine, current: Power) => {
    const guest: Guest = { machine, power: current, generalized: false, failed: false };
    machine.onExit(() => (guest.power = 'stopped'));
    guests.set(key(id), guest);
  };
  return { adopt, running, provider, checkCapture, capture, freeze, freezeBlob };

  function create(request: PutRequest): { resource: Resource; work: Work } {
    const given = givenProperties(request.body);
    const shown = resourceOf(type, request, {
      ...given,
      vmId: randomUUID(),
      timeCreated: cloud.now().toISOString(),
    });
    const storageProfile = object(given['storageProfile']);
    const osProfile = object(given['osProfile']);
    const computerName = hostName(string(osProfile['computerName']) ?? request.name);
    const login = loginOf(osProfile);
    const image = findImage(cloud, storageProfile, shown.location ?? '');
    const interfaces = objects(object(given['networkProfile'])['networkInterfaces']).map(referredId);
    checkReferences(store, request.id, interfaces);
    const place = interfaces[0] === undefined ? undefined : reach(store, interfaces[0]);
    if (place === undefined)
      throw invalidParameter('networkProfile', `VM '${request.name}' must have a network interface.`);
    if (string(object(given['hardwareProfile'])['vmSize']) === undefined) {
      throw invalidParameter('vmSize', "The value '' provided for the VM size is not valid.");
    }
    refuseDataDisks(storageProfile);
    const vhd = string(object(object(storageProfile['osDisk'])['vhd'])['uri']);
    if (vhd !== undefined) cloud.osBlobs.add(vhd);
    const osDisk = attachedDisk(store, shown, object(storageProfile['osDisk']), cloud.now());
    const guest: Guest = { machine: undefined, power: 'starting', generalized: false, failed: false };
    guests.set(key(request.id), guest);
    const resource = {
      ...shown,
      properties: {
        ...shown.properties,
        storageProfile: compact({
          ...storageProfile,
          imageReference: image.imageReference,
          osDisk,
          dataDisks: [],
        }),
        osProfile: shownOsProfile({ ...osProfile, computerName }),
      },
    };
    const work = async () => {
      try {
        guest.machine = await cloud.host.start({
          name: computerName,
          address: place.address,
          disk: image.disk,
          login,
          boot: 'ssh',
        });
      } catch (error) {
        guest.power = 'stopped';
        guest.failed = true;
        throw provisioningFailed(request.name, error);
      }
      guest.power = 'running';
      guest.machine.onExit(() => (guest.power = 'stopped'));
      balancing.join(place.backendPools, { id: request.id, address: place.address });
    };
    return { resource, work };
  }

  function update(request: PutRequest, existing: Resource): { resource: Resource; work: Work } {
    const given = givenProperties(request.body);
    const before = object(existing.properties['storageProfile']);
    const reference = object(object(given['storageProfile'])['imageReference']);
    const old = object(before['imageReference']);
    if (
      ['id', 'publisher', 'offer', 'sku'].some(
        name => reference[name] !== undefined && reference[name] !== old[name],
      )
    ) {
      throw new ArmError(
        409,
        'PropertyChangeNotAllowed',
        "Changing property 'imageReference' is not allowed.",
        { target: 'imageReference' },
      );
    }
    const resource = resourceOf(type, request, {
      ...existing.properties,
      ...(given['hardwareProfile'] === undefined ? {} : { hardwareProfile: given['hardwareProfile'] }),
    });
    return { resource, work: () => Promise.resolve() };
  }

  function instanceView(resource: Resource): Json {
    const now = cloud.now();
    const guest = guests.get(key(resource.id));
    const diskName = string(object(object(resource.properties['storageProfile'])['osDisk'])['name']) ?? '';
    const running = guest?.power === 'running';
    return {
      ...(running
        ? {
            computerName: object(resource.properties['osProfile'])['computerName'],
            osName: 'debian',
            osVersion: '12',
          }
        : {}),
      vmAgent: agentView(running, now),
      disks: [diskView(diskName, now)],
      statuses: [
        provisioningStatus(string(resource.properties['provisioningState']) ?? '', now),
        ...(guest?.generalized === true
          ? [{ code: 'OSState/generalized', level: 'Info', displayStatus: 'VM generalized' }]
          : []),
        powerStatus(guest?.power ?? 'stopped'),
      ],
    };
  }
}

function hasMachine(guest: Guest): guest is Guest & { readonly machine: Machine } {
  return guest.machine !== undefined;
}

function hostName(name: string): string {
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

/** A machine that did not come up, with the last lines of its console when there are any. */
export function provisioningFailed(name: string, error: unknown): ArmError {
  const why =
    error instanceof ToolError ? describe(error) : error instanceof Error ? error.message : String(error);
  return new ArmError(
    409,
    'OSProvisioningInternalError',
    `OS Provisioning failed for VM '${name}' due to an internal error: ${why}`,
  );
}
