/** What the built-in template bakes, read from the inputs. */
import { statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { Inputs } from '../../../../shared/agent/inputs.js';
import type { PlatformImage } from '../../../../shared/azure/modelImage.js';
import { tryParseImageReference } from '../../../../shared/core/imageReference.js';
import { listOf } from '../../../../shared/core/text.js';
import type { inputs } from '../inputs.generated.js';

type Input = Inputs<typeof inputs>;

/** Where the build machine's disk comes from. */
export type StartImage =
  | PlatformImage
  | { readonly kind: 'managed'; readonly resourceGroup: string; readonly name: string }
  | {
      readonly kind: 'gallery';
      readonly subscription: string;
      readonly resourceGroup: string;
      readonly gallery: string;
      readonly definition: string;
      readonly version: string | undefined;
    }
  | { readonly kind: 'vhd'; readonly uri: string };

/** What is to be baked. Paths are as Packer is to read them, relative ones to the working directory, with slashes. */
export interface BuiltInSpec {
  readonly osType: 'Linux' | 'Windows';
  readonly startImage: StartImage;
  readonly location: string;
  readonly vmSize: string;
  readonly package?: {
    readonly path: string;
    readonly isFolder: boolean;
    /** The folder in the image that gets the file, or what is in the folder. */
    readonly destination: string;
  };
  readonly deployScript?: string;
  readonly playbook?: string;
  readonly managed?: { readonly resourceGroup: string };
  readonly gallery?: {
    readonly resourceGroup: string;
    readonly name: string;
    readonly definition: string;
    readonly regions: readonly string[];
  };
  readonly vhd?: {
    readonly resourceGroup: string;
    readonly storageAccount: string;
    readonly container: string;
  };
}

/** The names of the variables that change from run to run; the others are the credentials. */
export const builtInVariables = {
  imageName: 'image_name',
  galleryVersion: 'gallery_image_version',
  vhdPrefix: 'vhd_name_prefix',
  scriptArguments: 'deploy_script_arguments',
} as const;

/** What a bake without a template of one's own needs. */
export interface BuiltInBake {
  readonly spec: BuiltInSpec;
  /** By {@link builtInVariables}' names. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * Reads the inputs of the built-in template.
 * @param workingDirectory where Packer runs
 * @returns what to bake, or what is wrong with the inputs, a sentence each
 */
export function readBuiltIn(
  input: Input,
  workingDirectory: string,
): BuiltInBake | { readonly problems: string[] } {
  const problems: string[] = [];
  const needed = (name: 'baseImage' | 'location') => {
    const value = input[name];
    if (value === undefined) problems.push(`'${name}' is required with templateType: builtIn.`);
    return value ?? '';
  };
  const location = needed('location');
  const startImage = readStartImage(needed('baseImage'));
  if (startImage === undefined && input.baseImage !== undefined) {
    problems.push(
      `'baseImage' must be publisher:offer:sku or publisher:offer:sku:version, the id of a managed image or gallery image, or the URI of a VHD, not '${input.baseImage}'.`,
    );
  }
  if (
    input.packagePath === undefined &&
    input.deployScript === undefined &&
    input.ansiblePlaybook === undefined
  )
    problems.push(
      "One of 'packagePath', 'deployScript' and 'ansiblePlaybook' is needed: the image would be the base image.",
    );
  if (input.ansiblePlaybook !== undefined && input.osType === 'Windows')
    problems.push(
      "'ansiblePlaybook' runs on the build machine, which must be Linux; for Windows use 'deployScript' (PowerShell).",
    );
  for (const name of ['packagePath', 'deployScript', 'ansiblePlaybook'] as const) {
    const path = input[name];
    if (path === undefined) continue;
    const entry = statSync(path, { throwIfNoEntry: false });
    if (entry === undefined) problems.push(`'${name}': ${path} does not exist.`);
    else if (name !== 'packagePath' && !entry.isFile()) problems.push(`'${name}': ${path} is no file.`);
  }
  if (/[\r\n]/.test(input.deployScriptArguments ?? ''))
    problems.push("'deployScriptArguments' must be one line.");
  const braced = Object.entries(input)
    .filter(([name, value]) => name !== 'deployScriptArguments' && String(value).includes('{{'))
    .map(([name]) => `'${name}'`);
  if (braced.length > 0)
    problems.push(
      `${listOf(braced)} must not have '{{' in it: Packer would evaluate what stands between double braces.`,
    );
  const destinations = readDestinations(input, problems);
  if (startImage?.kind === 'vhd' && (destinations.managed ?? destinations.gallery) !== undefined)
    problems.push(
      "A VHD as 'baseImage' can only become a VHD: make a managed image of it first, and bake from that one.",
    );
  if (problems.length > 0 || startImage === undefined) return { problems };

  const inWorkingDirectory = (path: string) => pathForPacker(path, workingDirectory);
  return {
    spec: {
      osType: input.osType,
      startImage,
      location,
      vmSize: input.vmSize ?? 'Standard_D2s_v5',
      ...(input.packagePath !== undefined && {
        package: {
          path: inWorkingDirectory(input.packagePath),
          isFolder: statSync(input.packagePath).isDirectory(),
          destination: input.packageDestination ?? (input.osType === 'Linux' ? '/opt/package' : 'C:/package'),
        },
      }),
      ...(input.deployScript !== undefined && { deployScript: inWorkingDirectory(input.deployScript) }),
      ...(input.ansiblePlaybook !== undefined && { playbook: inWorkingDirectory(input.ansiblePlaybook) }),
      ...destinations,
    },
    variables: new Map(
      [
        [builtInVariables.imageName, destinations.managed && input.managedImageName],
        [builtInVariables.galleryVersion, destinations.gallery && input.galleryImageVersion],
        [builtInVariables.vhdPrefix, destinations.vhd && input.vhdNamePrefix],
        [builtInVariables.scriptArguments, input.deployScript && input.deployScriptArguments],
      ].filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  };
}

/** The inputs of each destination: all of one are given, or none. */
const destinationInputs = {
  managed: ['managedImageName', 'managedImageResourceGroupName'],
  gallery: ['galleryName', 'galleryResourceGroupName', 'galleryImageDefinition', 'galleryImageVersion'],
  vhd: ['vhdStorageAccount', 'vhdResourceGroupName', 'vhdContainer', 'vhdNamePrefix'],
} as const;

function readDestinations(
  input: Input,
  problems: string[],
): Pick<BuiltInSpec, 'managed' | 'gallery' | 'vhd'> {
  const isGiven = (kind: keyof typeof destinationInputs): boolean => {
    const names: readonly (keyof Input)[] = destinationInputs[kind];
    const missing = names.filter(name => input[name] === undefined);
    if (missing.length > 0 && missing.length < names.length) {
      const given = names.filter(name => !missing.includes(name));
      problems.push(
        `${listOf(missing.map(name => `'${name}'`))} must be given, too, with ${listOf(given.map(name => `'${name}'`))}.`,
      );
    }
    return missing.length < names.length;
  };
  const given = { managed: isGiven('managed'), gallery: isGiven('gallery'), vhd: isGiven('vhd') };
  if (!given.managed && !given.gallery && !given.vhd)
    problems.push(
      "A destination is needed: 'managedImageName', 'galleryName' or 'vhdStorageAccount', with what belongs to it.",
    );
  const version = input.galleryImageVersion;
  if (given.gallery && version !== undefined && !/^(auto|\d+\.\d+\.\d+)$/.test(version))
    problems.push(`'galleryImageVersion' must be auto, or three numbers such as 1.4.2, not '${version}'.`);
  return {
    ...(given.managed && { managed: { resourceGroup: input.managedImageResourceGroupName ?? '' } }),
    ...(given.gallery && {
      gallery: {
        resourceGroup: input.galleryResourceGroupName ?? '',
        name: input.galleryName ?? '',
        definition: input.galleryImageDefinition ?? '',
        regions: (input.replicationRegions ?? input.location ?? '')
          .split(/[,\n]/)
          .map(region => region.trim())
          .filter(region => region !== ''),
      },
    }),
    ...(given.vhd && {
      vhd: {
        resourceGroup: input.vhdResourceGroupName ?? '',
        storageAccount: input.vhdStorageAccount ?? '',
        container: input.vhdContainer ?? '',
      },
    }),
  };
}

/** Reads `publisher:offer:sku[:version]`, an ARM id or the URI of a VHD. */
export function readStartImage(text: string): StartImage | undefined {
  const reference = tryParseImageReference(text);
  const parts = text.trim().split('/');
  const part = (index: number) => parts[index] ?? '';
  if (reference?.kind === 'vhd') return { kind: 'vhd', uri: reference.uri };
  if (reference?.kind === 'managed') return { kind: 'managed', resourceGroup: part(4), name: part(8) };
  if (reference?.kind === 'gallery') {
    return {
      kind: 'gallery',
      subscription: part(2),
      resourceGroup: part(4),
      gallery: part(8),
      definition: part(10),
      version: parts[12],
    };
  }
  const [publisher, offer, sku, version = 'latest', ...more] = text.split(':').map(each => each.trim());
  if (!publisher || !offer || !sku || version === '' || more.length > 0) return undefined;
  return { kind: 'platform', publisher, offer, sku, version };
}

/** Relative to the working directory where it lies in it: a template that is taken over works in any checkout. */
function pathForPacker(path: string, workingDirectory: string): string {
  const inside = relative(workingDirectory, path);
  const chosen = inside !== '' && !inside.startsWith('..') && !isAbsolute(inside) ? inside : path;
  return chosen.split(sep).join('/');
}
