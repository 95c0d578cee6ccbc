/** Image versions of a gallery: a frozen disk, and the regions that it is replicated to. */
import { invalidParameter, notAllowed } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import { normalLocation } from '../../arm/protocol.js';
import type { Provider, Put, PutRequest } from '../../arm/provider.js';
import { key, same } from '../../arm/resourceId.js';
import type { Resource } from '../../arm/store.js';
import { release, type Cloud } from '../cloud.js';
import { apiVersion, givenProperties, referredId, resourceOf, unchangeable } from '../envelope.js';
import { isRegion, regionName } from '../regions.js';
import { diskTypes, sourceId, type Content, type DiskSources } from './diskSource.js';
import { osDiskSize } from './disks.js';
import { parentOf } from './galleries.js';
import { checkVersionName, isIn } from './imageVersion.js';
import type { VirtualMachines } from './virtualMachines.js';

const type = 'Microsoft.Compute/galleries/images/versions';
const imageTypes = ['Microsoft.Compute/images', type];

interface Source {
  readonly content: Content;
  /** What is known of the source, to be compared with the definition. */
  readonly osType?: unknown;
  readonly osState?: unknown;
  readonly hyperVGeneration?: unknown;
  readonly sizeInGB: unknown;
}

export function galleryImageVersions(
  cloud: Cloud,
  sources: DiskSources,
  machines: VirtualMachines,
): Provider {
  const { store } = cloud;
  return {
    type,
    protocol: 'galleries',
    patchable: ['tags', 'properties'],
    put: request => {
      checkVersionName(request.name);
      const definition = parentOf(store, request.id, type);
      return put(request, sourceAtItsPlace(givenProperties(request.body)), definition);
    },
    show: (resource, query) => {
      const { replicationStatus, safetyProfile, ...properties } = resource.properties;
      const expanded = /replicationStatus/i.test(query.get('$expand') ?? '');
      const safety = shownSafety(safetyProfile, apiVersion(query));
      return {
        ...resource,
        properties: compact({
          ...properties,
          safetyProfile: safety,
          replicationStatus: expanded ? replicationStatus : undefined,
        }),
      };
    },
    refuseRemoval: resource => {
      const blocked = at(resource.properties, 'safetyProfile', 'blockDeletionBeforeEndOfLife') === true;
      const endOfLife = string(at(resource.properties, 'publishingProfile', 'endOfLifeDate'));
      if (!blocked || endOfLife === undefined || new Date(endOfLife) <= cloud.now()) return;
      throw notAllowed(
        `The gallery image version '${resource.id}' cannot be deleted before its end of life date ${endOfLife}: its safety profile ` +
          'has blockDeletionBeforeEndOfLife.',
      );
    },
    remove: resource => async () => {
      const disk = cloud.images.get(key(resource.id));
      cloud.images.delete(key(resource.id));
      if (disk !== undefined) await release(cloud, disk);
    },
  };

  function put(request: PutRequest, given: Json, definition: Resource): Put {
    const { existing } = request;
    const location = string(request.body['location']) ?? '';
    const storageProfile = object(given['storageProfile']);
    const kept =
      existing === undefined || existing.properties['provisioningState'] === 'Failed'
        ? undefined
        : updated(existing, given);
    const source = kept === undefined ? sourceOf(given, definition, location) : undefined;
    const publishingProfile = {
      ...publishing(object(given['publishingProfile']), location),
      publishedDate:
        at(kept, 'publishingProfile', 'publishedDate') ?? cloud.now().toISOString().replace('Z', '0000Z'),
    };
    const regions = publishingProfile.targetRegions.map(region => normalLocation(region.name));
    const replicated = (stateOf: (region: string) => 'Completed' | 'Replicating' | 'Failed') => {
      store.update(request.id, { replicationStatus: replication(regions, stateOf) });
    };
    const before = (region: string) => existing !== undefined && isIn(existing, region);
    const resource = resourceOf(type, request, {
      publishingProfile,
      storageProfile: kept?.['storageProfile'] ?? storageProfile,
      safetyProfile: given['safetyProfile'] ?? kept?.['safetyProfile'],
      replicationStatus: replication(regions, region => (before(region) ? 'Completed' : 'Replicating')),
    });
    const work = async () => {
      try {
        if (source !== undefined) await take(request.id, source, storageProfile);
        replicated(() => 'Completed');
      } catch (error) {
        replicated(region => (before(region) ? 'Completed' : 'Failed'));
        throw error;
      }
    };
    return { resource, work };
  }

  async function take(id: string, source: Source, storageProfile: Json): Promise<void> {
    const disk = await source.content();
    if (disk !== undefined) cloud.images.set(key(id), disk);
    const given = object(storageProfile['osDiskImage']);
    const osDiskImage = { sizeInGB: source.sizeInGB, hostCaching: 'None', source: {}, ...given };
    store.update(id, { storageProfile: { ...storageProfile, osDiskImage } });
  }

  /** Where the content comes from. @throws ArmError when nothing is named, or it does not fit the definition */
  function sourceOf(given: Json, definition: Resource, location: string): Source {
    const storageProfile = object(given['storageProfile']);
    const id = sourceId(
      referredId(storageProfile['source']),
      at(storageProfile, 'source', 'virtualMachineId'),
    );
    const osDisk = object(at(storageProfile, 'osDiskImage', 'source'));
    const diskId = referredId(osDisk);
    const uri = string(osDisk['uri']);
    const target = 'galleryImageVersion.properties.storageProfile.source.id';
    if ([id, diskId, uri].filter(one => one !== undefined).length !== 1) {
      throw invalidParameter(
        target,
        'A gallery image version has one source: properties.storageProfile.source.id, or in ' +
          'properties.storageProfile.osDiskImage.source one of id and uri.',
      );
    }
    const source =
      id !== undefined
        ? fromResource(id, target, location)
        : diskId !== undefined
          ? fromDisk(diskId, location)
          : { content: sources.blob(uri ?? '', 'osDiskImage.source.uri'), sizeInGB: osDiskSize };
    checkFits(source, definition);
    return source;
  }

  function fromResource(id: string, target: string, location: string): Source {
    if (same(store.get(id)?.type, 'Microsoft.Compute/virtualMachines')) {
      const machine = machines.checkCapture(id);
      return {
        content: () => machines.capture(machine.id),
        osType: 'Linux',
        osState: 'Generalized',
        sizeInGB: osDiskSize,
      };
    }
    const { resource, content } = sources.resource(id, imageTypes, target, location);
    const osDisk = object(at(resource.properties, 'storageProfile', 'osDisk'));
    const definition = same(resource.type, type) ? parentOf(store, resource.id, type).properties : {};
    return {
      content,
      osType: osDisk['osType'] ?? definition['osType'],
      osState: osDisk['osState'] ?? definition['osState'],
      hyperVGeneration: resource.properties['hyperVGeneration'] ?? definition['hyperVGeneration'],
      sizeInGB:
        osDisk['diskSizeGB'] ??
        at(resource.properties, 'storageProfile', 'osDiskImage', 'sizeInGB') ??
        osDiskSize,
    };
  }

  function fromDisk(id: string, location: string): Source {
    const { resource, content } = sources.resource(id, diskTypes, 'osDiskImage.source.id', location);
    return {
      content,
      osType: resource.properties['osType'],
      hyperVGeneration: resource.properties['hyperVGeneration'],
      sizeInGB: resource.properties['diskSizeGB'],
    };
  }
}

/** As the api-version knows it: at first it was not, then without the block. */
function shownSafety(safetyProfile: unknown, version: string): Json | undefined {
  if (safetyProfile === undefined || version < '2022-03') return undefined;
  const { blockDeletionBeforeEndOfLife, ...rest } = object(safetyProfile);
  return version < '2024-03' ? rest : compact({ ...rest, blockDeletionBeforeEndOfLife });
}

/** What an update keeps. @throws ArmError when it names another source */
function updated(existing: Resource, given: Json): Json {
  const paths = [
    ['storageProfile', 'source', 'id'],
    ['storageProfile', 'osDiskImage', 'source', 'id'],
    ['storageProfile', 'osDiskImage', 'source', 'uri'],
  ];
  for (const path of paths) {
    const [before, after] = [existing.properties, given].map(one => string(at(one, ...path)));
    if (after !== undefined && !same(before, after))
      throw unchangeable(`galleryImageVersion.properties.${path.join('.')}`);
  }
  return existing.properties;
}

/** Versions of the API before 2019-07-01, which Packer speaks, name the managed image in the publishing profile. */
function sourceAtItsPlace(given: Json): Json {
  const { source, ...publishingProfile } = object(given['publishingProfile']);
  const id = string(at(source, 'managedImage', 'id'));
  if (id === undefined) return given;
  return {
    ...given,
    publishingProfile,
    storageProfile: { source: { id }, ...object(given['storageProfile']) },
  };
}

interface Publishing {
  readonly targetRegions: readonly { readonly name: string }[];
}

/** The publishing profile with what Azure fills in. @throws ArmError when a region is none, or named twice */
function publishing(given: Json, location: string): Publishing & Json {
  const replicaCount = given['replicaCount'] ?? 1;
  const storageAccountType = given['storageAccountType'] ?? 'Standard_LRS';
  const asked = objects(given['targetRegions']);
  const targetRegions = (asked.length === 0 ? [{ name: location }] : asked).map(region => {
    const name = string(region.name) ?? '';
    if (!isRegion(name))
      throw invalidParameter('targetRegions', `The target region '${name}' is no region of Azure.`);
    return { regionalReplicaCount: replicaCount, storageAccountType, ...region, name: regionName(name) };
  });
  const names = targetRegions.map(region => normalLocation(region.name));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw invalidParameter('targetRegions', `The target region '${twice}' is named more than once.`);
  if (!names.includes(normalLocation(location))) {
    throw invalidParameter(
      'targetRegions',
      `The target regions must include the location of the image version itself, '${location}'.`,
    );
  }
  const endOfLifeDate = string(given['endOfLifeDate']);
  if (endOfLifeDate !== undefined && Number.isNaN(Date.parse(endOfLifeDate)))
    throw invalidParameter('endOfLifeDate', `The end of life date '${endOfLifeDate}' is no date.`);
  const excludeFromLatest = given['excludeFromLatest'] ?? false;
  return { ...given, targetRegions, replicaCount, excludeFromLatest, storageAccountType };
}

function replication(
  regions: readonly string[],
  stateOf: (region: string) => 'Completed' | 'Replicating' | 'Failed',
): Json {
  const summary = regions.map(region => {
    const state = stateOf(region);
    return { region, state, progress: state === 'Completed' ? 100 : 0 };
  });
  const has = (state: string) => summary.some(one => one.state === state);
  return {
    aggregatedState: has('Failed') ? 'Failed' : has('Replicating') ? 'InProgress' : 'Completed',
    summary,
  };
}

function checkFits(source: Source, definition: Resource): void {
  for (const name of ['osType', 'osState', 'hyperVGeneration'] as const) {
    const [has, wanted] = [string(source[name]), string(definition.properties[name])];
    if (has === undefined || same(has, wanted)) continue;
    throw invalidParameter(
      `galleryImageVersion.properties.storageProfile.source`,
      `The ${name} '${has}' of the source is not the ${name} '${wanted ?? ''}' of the image definition '${definition.name}'.`,
    );
  }
}
