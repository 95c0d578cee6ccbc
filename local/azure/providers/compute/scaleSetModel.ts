/** A scale set's model: what its next instance is made of. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import type { PutRequest } from '../../arm/provider.js';
import type { Disk, Login } from '../../machines/machineHost.js';
import { givenProperties, referredId } from '../envelope.js';
import { imageKind, type ImageSource } from './imageSource.js';
import { loginOf, shownOsProfile } from './osProfile.js';
import { refuseDataDisks } from './virtualMachines.js';

/** What an instance is made of. */
export interface Model {
  readonly sku: Json;
  /** `virtualMachineProfile` as it is shown: without secrets, with defaults. */
  readonly profile: Json;
  readonly disk: Disk;
  readonly login: Login;
  readonly computerNamePrefix: string;
  readonly backendPools: readonly string[];
  /** The load balancer probe that tells of an instance's health. */
  readonly healthProbe: string | undefined;
}

export type UpgradeMode = 'Manual' | 'Automatic';

export function upgradeModeOf(properties: Json): UpgradeMode {
  const given = string(at(properties, 'upgradePolicy', 'mode'));
  if (given === undefined)
    throw invalidParameter('upgradePolicy', "Required parameter 'upgradePolicy' is missing (null).");
  const mode = (['Manual', 'Automatic'] as const).find(one => one.toLowerCase() === given.toLowerCase());
  if (mode === undefined) {
    throw invalidParameter(
      'upgradePolicy.mode',
      `This local Azure upgrades scale sets by Manual and Automatic policy only, not by '${given}'.`,
    );
  }
  return mode;
}

/** How many instances are wanted. */
export function capacityOf(sku: Json): number {
  const capacity = Number(sku['capacity']);
  if (Number.isInteger(capacity) && capacity >= 0 && capacity <= 1000) return capacity;
  throw invalidParameter(
    'sku.capacity',
    `The sku's capacity must be a number from 0 to 1000, not ${JSON.stringify(sku['capacity'])}.`,
  );
}

/**
 * The model that a PUT describes.
 * @param findImage finds the storage profile's image
 * @param before the model it replaces, which keeps its password when none is given
 * @throws ArmError when it is incomplete or asks for what is not possible here
 */
export function modelOf(
  request: PutRequest,
  findImage: (storageProfile: Json) => ImageSource,
  before?: Model,
): Model {
  const properties = givenProperties(request.body);
  const orchestration = string(properties['orchestrationMode']) ?? 'Uniform';
  if (orchestration.toLowerCase() !== 'uniform') {
    throw invalidParameter(
      'orchestrationMode',
      `This local Azure runs scale sets of orchestration mode Uniform only, not '${orchestration}'.`,
    );
  }
  const sku = object(request.body['sku']);
  if (string(sku['name']) === undefined)
    throw invalidParameter('sku', "Required parameter 'sku' is missing (null).");
  const profile = object(properties['virtualMachineProfile']);
  const storageProfile = object(profile['storageProfile']);
  refuseDataDisks(storageProfile);
  const image = findImage(storageProfile);
  const osProfile = object(profile['osProfile']);
  const prefix = string(osProfile['computerNamePrefix']) ?? request.name;
  if (!/^[a-z0-9][-a-z0-9]{0,57}$/i.test(prefix)) {
    throw invalidParameter(
      'computerNamePrefix',
      `The computer name prefix '${prefix}' may have letters, digits and hyphens only, up to 58.`,
    );
  }
  const network = object(profile['networkProfile']);
  const configurations = objects(network['networkInterfaceConfigurations']);
  if (configurations.length === 0) {
    throw invalidParameter(
      'networkInterfaceConfigurations',
      'Virtual machine scale set must have at least one network interface configuration.',
    );
  }
  const ips = configurations
    .flatMap(one => objects(at(one, 'properties', 'ipConfigurations')))
    .map(one => object(one['properties']));
  return {
    sku: { tier: 'Standard', ...sku, capacity: capacityOf(sku) },
    profile: compact({
      ...profile,
      osProfile: shownOsProfile({ ...osProfile, computerNamePrefix: prefix }),
      storageProfile: shownStorage(storageProfile, image),
      extensionProfile: shownExtensions(profile['extensionProfile']),
    }),
    disk: image.disk,
    login: loginOf({ adminPassword: before?.login.password, ...osProfile }),
    computerNamePrefix: prefix,
    backendPools: ips
      .flatMap(one => objects(one['loadBalancerBackendAddressPools']))
      .flatMap(one => referredId(one) ?? []),
    healthProbe: referredId(network['healthProbe']),
  };
}

/** The ids that a model refers to and that must exist. */
export function references(model: Model): readonly (string | undefined)[] {
  const configurations = objects(at(model.profile, 'networkProfile', 'networkInterfaceConfigurations'));
  const ips = configurations
    .flatMap(one => objects(at(one, 'properties', 'ipConfigurations')))
    .map(one => object(one['properties']));
  return [...ips.map(one => referredId(one['subnet'])), ...model.backendPools, model.healthProbe];
}

/** Whether an instance of one model is up to date with the other: its size and its profile are what count. */
export function sameModel(a: Model, b: Model): boolean {
  return (
    a.sku['name'] === b.sku['name'] &&
    isDeepStrictEqual(a.profile, b.profile) &&
    isDeepStrictEqual(a.disk, b.disk)
  );
}

/** @throws ArmError when the image changes its kind, which takes a new scale set on Azure */
export function refuseImageKindChange(before: Model, after: Model): void {
  const [old, wanted] = [before, after].map(model => imageKind(object(model.profile['storageProfile'])));
  if (old === wanted) return;
  const target = old === 'vhd' || wanted === 'vhd' ? 'osDisk.image' : 'imageReference';
  throw new ArmError(
    409,
    'PropertyChangeNotAllowed',
    `Changing property '${target}' is not allowed: the scale set's image is of kind ${old ?? ''} and cannot become one of kind ` +
      `${wanted ?? ''}. Make a new scale set for it.`,
    { target },
  );
}

function shownStorage(given: Json, image: ImageSource): Json {
  const osDisk = object(given['osDisk']);
  const managed =
    image.kind === 'vhd'
      ? undefined
      : { storageAccountType: 'Standard_LRS', ...object(osDisk['managedDisk']) };
  const { exactVersion: _exact, ...imageReference } = image.imageReference ?? {};
  return compact({
    ...given,
    imageReference: image.imageReference === undefined ? undefined : imageReference,
    osDisk: compact({
      osType: 'Linux',
      caching: 'None',
      ...osDisk,
      createOption: 'FromImage',
      managedDisk: managed,
    }),
  });
}

/** Extensions are shown without their protected settings; scripts in them are not run here. */
function shownExtensions(given: unknown): Json | undefined {
  const extensions = objects(object(given)['extensions']);
  if (extensions.length === 0) return undefined;
  throw invalidParameter(
    'extensionProfile',
    `This local Azure runs no extensions (${extensions.map(one => String(one['name'])).join(', ')}); bake them into the image.`,
  );
}
