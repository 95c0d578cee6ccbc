/** Virtual machines: each is a real machine of the host, reached at its interface's address. */
import { randomUUID } from 'node:crypto';
import { ArmError, invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import type { ActionRequest, Provider, PutRequest, Work } from '../../arm/provider.js';
import { key } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import type { Machine } from '../../machines/machineHost.js';
import type { Cloud } from '../cloud.js';
import { apiVersion, checkReferences, givenProperties, referredId, resourceOf } from '../envelope.js';
import type { Balancing } from '../network/loadBalancers.js';
import { deleteInterfacesOf, reach } from '../network/networkInterfaces.js';
import { captureResult } from './captureResult.js';
import { attachedDisk, detachDisk, keptDisk } from './disks.js';
import { createGuests, type Guest, type Guests, type SavedGuest } from './guests.js';
import { findImage } from './imageSource.js';
import { agentView, diskView, powerStatus, provisioningStatus, type Power } from './instanceView.js';
import { loginOf, shownOsProfile } from './osProfile.js';
import { boot, hostName, refuseDataDisks } from './provisioning.js';

const type = 'Microsoft.Compute/virtualMachines';

/** The virtual machines, and what images take from them. */
export interface VirtualMachines extends Guests {
  readonly provider: Provider;
}

export function createVirtualMachines(cloud: Cloud, balancing: Balancing): VirtualMachines {
  const { store } = cloud;
  const machines = createGuests(store, type);
  const { table: guests } = machines;
  const power = (
    resource: Resource,
    run: (machine: Machine) => Promise<void>,
    after: Power,
  ): { work: Work } => {
    const guest = machines.of(resource);
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

  const provider: Provider = {
    type,
    protocol: 'compute',
    patchable: ['tags', 'properties'],
    // One that never came up is made anew.
    put: request =>
      request.existing === undefined || guests.get(key(request.id))?.failed === true
        ? create(request)
        : update(request, request.existing),
    show: (resource, query) => {
      const { timeCreated, ...properties } = resource.properties;
      const viewed = /instanceView/i.test(query.get('$expand') ?? '');
      return {
        ...resource,
        properties: {
          ...properties,
          // Told since this api-version.
          ...(apiVersion(query) < '2021-11' ? {} : { timeCreated }),
          ...(viewed ? { instanceView: instanceView(resource) } : {}),
        },
      };
    },
    kept: {
      save: () => machines.save(),
      resume: async (saved, report) => {
        const all = saved as readonly SavedGuest[];
        const resume = async (one: SavedGuest) => {
          try {
            await machines.resume(one, cloud.host);
            takeTraffic(store.get(one.id)?.id ?? one.id);
          } catch (error) {
            report(one.id, error);
          }
        };
        await Promise.all(all.map(resume));
      },
    },
    reads: { instanceview: ({ resource }) => instanceView(resource) },
    actions: {
      start,
      restart,
      redeploy: restart,
      poweroff: stop('stopped'),
      deallocate: stop('deallocated'),
      generalize: ({ resource }) => {
        const guest = machines.of(resource);
        if (guest.power === 'running' || guest.power === 'starting') {
          throw notAllowed(`VM '${resource.name}' must be stopped or deallocated before it is generalized.`);
        }
        guest.generalized = true;
        return { result: undefined };
      },
      capture: ({ resource, body }) => {
        machines.checkCapture(resource.id);
        const result = captureResult(resource, body);
        return {
          work: async () => {
            cloud.blobs.set(result.uri, await machines.capture(resource.id));
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
      deleteInterfacesOf(resource, cloud);
    },
  };
  return {
    ...machines,
    provider,
    adopt: (id, options, machine, current) => {
      machines.adopt(id, options, machine, current);
      takeTraffic(id);
    },
  };

  /** Puts the machine into the pools that its first interface names. */
  function takeTraffic(id: string): void {
    const [first] = objects(at(store.get(id)?.properties, 'networkProfile', 'networkInterfaces')).map(
      referredId,
    );
    const place = first === undefined ? undefined : reach(store, first);
    if (place !== undefined)
      balancing.join(place.backendPools, { id, address: place.address }, place.natRules);
  }

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
    const options = {
      name: computerName,
      address: place.address,
      disk: image.disk,
      login,
      boot: 'ssh',
    } as const;
    const guest: Guest = {
      options,
      machine: undefined,
      power: 'starting',
      generalized: false,
      failed: false,
    };
    guests.set(key(request.id), guest);
    const resource = {
      ...shown,
      properties: {
        ...shown.properties,
        storageProfile: compact({
          ...storageProfile,
          imageReference: image.imageReference,
          osDisk: compact({ ...osDisk, diskSizeGB: at(storageProfile, 'osDisk', 'diskSizeGB') }),
          dataDisks: [],
        }),
        osProfile: shownOsProfile({ ...osProfile, computerName }),
      },
    };
    const work = async () => {
      try {
        guest.machine = await boot(cloud.host, request.name, options);
      } catch (error) {
        guest.power = 'stopped';
        guest.failed = true;
        throw error;
      }
      // How large the disk is shows when it has been made.
      store.update(request.id, {
        storageProfile: { ...object(resource.properties['storageProfile']), osDisk },
      });
      guest.power = 'running';
      guest.machine.onExit(() => (guest.power = 'stopped'));
      takeTraffic(request.id);
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
