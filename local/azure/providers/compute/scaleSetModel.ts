/** A scale set's model: what its next instance is made of. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { at, compact, object, objects, string, type Json } from '../../arm/json.js';
import type { PutRequest } from '../../arm/provider.js';
import type { Disk, Login } from '../../machines/machineHost.js';
import { givenProperties, referredId } from '../envelope.js';
import { healthSettings } from './applicationHealth.js';
import { extensionsOf, shownExtension, type Extension } from './extension.js';
import { imageKind, type ImageSource } from './imageSource.js';
import type { HealthSignal } from './instanceHealth.js';
import { loginOf, shownOsProfile } from './osProfile.js';
import { shownNetwork } from './scaleSetNetwork.js';
import { refuseDataDisks } from './provisioning.js';

/** What an instance is made of. */
export interface Model {
  readonly sku: Json;
  /** `virtualMachineProfile` as it is shown: without secrets, with defaults. */
  readonly profile: Json;
  readonly disk: Disk;
  readonly login: Login;
  readonly computerNamePrefix: string;
  readonly backendPools: readonly string[];
  /** Inbound NAT pools: each gives an instance a port of its own at the load balancer. */
  readonly natPools: readonly string[];
  /** What tells of an instance's health. */
  readonly health: HealthSignal | undefined;
  /** In the order in which they run. */
  readonly extensions: readonly Extension[];
}

const modes = ['Manual', 'Automatic', 'Rolling'] as const;
export type UpgradeMode = (typeof modes)[number];
export type Orchestration = 'Uniform' | 'Flexible';

export function orchestrationOf(properties: Json): Orchestration {
  const given = string(properties['orchestrationMode']) ?? 'Uniform';
  const mode = (['Uniform', 'Flexible'] as const).find(one => one.toLowerCase() === given.toLowerCase());
  if (mode !== undefined) return mode;
  throw invalidParameter(
    'orchestrationMode',
    `The orchestrationMode must be Uniform or Flexible, not '${given}'.`,
  );
}

/** A Flexible set may leave it out, and is then upgraded by hand. */
export function upgradeModeOf(properties: Json): UpgradeMode {
  const given = string(at(properties, 'upgradePolicy', 'mode'));
  if (given === undefined && orchestrationOf(properties) === 'Flexible') return 'Manual';
  if (given === undefined)
    throw invalidParameter('upgradePolicy', "Required parameter 'upgradePolicy' is missing (null).");
  const mode = modes.find(one => one.toLowerCase() === given.toLowerCase());
  if (mode === undefined) {
    throw invalidParameter(
      'upgradePolicy.mode',
      `The upgradePolicy's mode must be one of ${modes.join(', ')}, not '${given}'.`,
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
  const sku = object(request.body['sku']);
  if (string(sku['name']) === undefined)
    throw invalidParameter('sku', "Required parameter 'sku' is missing (null).");
  // When it was made is no part of what instances are compared by.
  const { timeCreated: _made, ...profile } = object(properties['virtualMachineProfile']);
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
  if (orchestrationOf(properties) === 'Flexible' && string(network['networkApiVersion']) === undefined) {
    throw invalidParameter(
      'virtualMachineProfile.networkProfile.networkApiVersion',
      "Required parameter 'virtualMachineProfile.networkProfile.networkApiVersion' is missing (null).",
    );
  }
  const ips = configurations
    .flatMap(one => objects(at(one, 'properties', 'ipConfigurations')))
    .map(one => object(one['properties']));
  const extensions = extensionsOf(profile['extensionProfile'], before?.extensions);
  return {
    sku: { tier: 'Standard', ...sku, capacity: capacityOf(sku) },
    profile: compact({
      ...profile,
      osProfile: shownOsProfile({ ...osProfile, computerNamePrefix: prefix }),
      storageProfile: shownStorage(storageProfile, image),
      networkProfile: shownNetwork(network),
      extensionProfile: shownExtensions(profile['extensionProfile']),
    }),
    disk: image.disk,
    login: loginOf({ adminPassword: before?.login.password, ...osProfile }),
    computerNamePrefix: prefix,
    backendPools: ips
      .flatMap(one => objects(one['loadBalancerBackendAddressPools']))
      .flatMap(one => referredId(one) ?? []),
    natPools: ips
      .flatMap(one => objects(one['loadBalancerInboundNatPools']))
      .flatMap(one => referredId(one) ?? []),
    health: healthSignal(referredId(network['healthProbe']), extensions),
    extensions,
  };
}

/** The ids that a model refers to and that must exist. */
export function references(model: Model): readonly (string | undefined)[] {
  const configurations = objects(at(model.profile, 'networkProfile', 'networkInterfaceConfigurations'));
  const ips = configurations
    .flatMap(one => objects(at(one, 'properties', 'ipConfigurations')))
    .map(one => object(one['properties']));
  const probe = model.health?.kind === 'probe' ? model.health.id : undefined;
  return [...ips.map(one => referredId(one['subnet'])), ...model.backendPools, ...model.natPools, probe];
}

/** @throws ArmError when both a probe and the extension tell of health */
function healthSignal(probe: string | undefined, extensions: readonly Extension[]): HealthSignal | undefined {
  const extension = extensions.find(one => one.kind === 'applicationHealth');
  if (probe !== undefined && extension !== undefined) {
    throw badRequest(
      'Health monitoring is not supported for this Virtual Machine Scale Set because both a health probe and a health extension ' +
        'were provided. Remove the health probe or health extension.',
    );
  }
  if (extension !== undefined) return { kind: 'extension', settings: healthSettings(extension) };
  return probe === undefined ? undefined : { kind: 'probe', id: probe };
}

/**
 * What a rolling upgrade needs: a health signal, and for a Flexible set one from inside its machines.
 * @throws ArmError when there is none
 */
export function refuseRollingWithoutHealth({ health }: Model, orchestration: Orchestration): void {
  if (health === undefined) {
    throw badRequest(
      'Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health probe or health extension was not provided.',
    );
  }
  if (orchestration === 'Flexible' && health.kind === 'probe') {
    throw badRequest(
      'Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a health extension was not provided: ' +
        'with orchestration mode Flexible a health probe is not enough.',
    );
  }
}

function badRequest(message: string): ArmError {
  return new ArmError(400, 'BadRequest', message);
}

/**
 * How many instances a set may have: 100 in a single placement group, else 600 of a custom image and 1000 of a platform image or of
 * one in a gallery.
 * @throws ArmError when it is more, or when a set that spans several groups shall become a single one
 */
export function checkPlacement(properties: Json, model: Model, before: Json | undefined): void {
  const single = properties['singlePlacementGroup'] !== false && orchestrationOf(properties) === 'Uniform';
  if (single && before?.['singlePlacementGroup'] === false) {
    throw new ArmError(
      409,
      'PropertyChangeNotAllowed',
      "Changing property 'singlePlacementGroup' is not allowed: a scale set of several placement groups cannot become one of a single group.",
      { target: 'singlePlacementGroup' },
    );
  }
  const storage = object(model.profile['storageProfile']);
  const inGallery = /\/galleries\//i.test(string(at(storage, 'imageReference', 'id')) ?? '');
  const custom = imageKind(storage) !== 'platform' && !inGallery;
  const most = single ? 100 : custom ? 600 : 1000;
  if (capacityOf(model.sku) <= most) return;
  throw invalidParameter(
    'sku.capacity',
    `The capacity ${capacityOf(model.sku)} is more than the ${most} instances that a Virtual Machine Scale Set with ` +
      `singlePlacementGroup=${single} and ${custom ? 'a custom' : 'a platform'} image may have.`,
  );
}

/** Whether an instance of one model is up to date with the other: its size and its profile are what count. */
export function sameModel(a: Model, b: Model): boolean {
  return modelChange(a, b) === 'none';
}

/** `sameModel` for many instances of few models: each model is compared once. */
export function comparisonWith(wanted: Model): (model: Model) => boolean {
  const known = new WeakMap<Model, boolean>();
  return model => {
    const before = known.get(model);
    if (before !== undefined) return before;
    const same = sameModel(model, wanted);
    known.set(model, same);
    return same;
  };
}

/**
 * What an instance of one model needs to become one of the other: a new disk for another image or guest, a restart for another
 * size; all else is changed while it runs.
 */
export function modelChange(a: Model, b: Model): 'none' | 'inPlace' | 'resize' | 'remake' {
  if (a === b) return 'none';
  const parts = ({ profile }: Model) => [profile['storageProfile'], profile['osProfile']];
  if (!isDeepStrictEqual(a.disk, b.disk) || !isDeepStrictEqual(parts(a), parts(b))) return 'remake';
  if (a.sku['name'] !== b.sku['name']) return 'resize';
  return isDeepStrictEqual([a.profile, a.extensions], [b.profile, b.extensions]) ? 'none' : 'inPlace';
}

/** A model with the extensions of another, and all else as it was; itself when it has them already. */
export function withExtensionsOf(model: Model, { extensions, health, profile }: Model): Model {
  if (isDeepStrictEqual(model.extensions, extensions)) return model;
  const { extensionProfile } = profile;
  return { ...model, extensions, health, profile: compact({ ...model.profile, extensionProfile }) };
}

/** @throws ArmError when the image changes its kind, which takes a new scale set on Azure */
export function refuseImageKindChange(before: Model, after: Model): void {
  const [old, wanted] = [before, after].map(model => imageKind(object(model.profile['storageProfile'])));
  if (old === wanted) return;
  throw new ArmError(
    409,
    'PropertyChangeNotAllowed',
    'The Image type for a Virtual Machine Scale Set may not be changed.',
    { target: old === 'vhd' || wanted === 'vhd' ? 'osDisk.image' : 'imageReference' },
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
      ...(image.kind === 'vhd' ? {} : { diskSizeGB: 30 }),
      ...osDisk,
      createOption: 'FromImage',
      managedDisk: managed,
    }),
  });
}

function shownExtensions(given: unknown): Json | undefined {
  const extensions = objects(object(given)['extensions']);
  if (extensions.length === 0) return undefined;
  return {
    ...object(given),
    extensions: extensions.map(one => ({ ...one, properties: shownExtension(object(one['properties'])) })),
  };
}
