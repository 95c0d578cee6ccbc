/** The built-in template: an image from a base image, a package and what deploys it, written as HCL2. Pure. */
import { builtInVariables, type BuiltInSpec, type StartImage } from './builtInSpec.js';
import { generalizeSteps, packageSteps, playbookSteps, scriptSteps } from './builtInSteps.js';
import { expression, formatHcl, variable, type HclBlock, type HclValue } from './hcl.js';

/** What the Packer that reads it can do. */
export interface TemplateDialect {
  /** Whether plugins are named in the template; before 1.7 Packer refuses the block and has the builders in it. */
  readonly hasPlugins: boolean;
}

/** The one build's name in Packer's output and in `buildName`. */
export const builtInBuild = 'azure-arm.image';

/** Writes the template. */
export function formatBuiltInTemplate(spec: BuiltInSpec, dialect: TemplateDialect): string {
  return formatHcl([
    ...(dialect.hasPlugins ? [plugins(spec)] : []),
    ...credentials(dialect).map(credentialVariable),
    ...runVariables(spec),
    source(spec, dialect),
    {
      head: 'build',
      options: { sources: [`source.${builtInBuild}`] },
      blocks: [
        ...packageSteps(spec),
        ...playbookSteps(spec),
        ...scriptSteps(spec),
        ...generalizeSteps(spec.osType),
      ],
    },
  ]);
}

function plugins({ playbook }: BuiltInSpec): HclBlock {
  const plugin = (name: string, version: string): HclBlock => ({
    head: `${name} =`,
    options: { source: `github.com/hashicorp/${name}`, version },
  });
  const required = [plugin('azure', '~> 2'), ...(playbook === undefined ? [] : [plugin('ansible', '~> 1')])];
  return { head: 'packer', blocks: [{ head: 'required_plugins', blocks: required }] };
}

/** Options for signing in, which are also the names of the variables that they are given by. */
function credentials({ hasPlugins }: TemplateDialect): string[] {
  const common = [
    'client_id',
    'client_secret',
    'client_cert_path',
    'client_jwt',
    'tenant_id',
    'subscription_id',
  ];
  const newer = ['client_cert_password', 'oidc_request_url', 'oidc_request_token'];
  return [...common, ...(hasPlugins ? newer : []), 'cloud_environment_name'];
}

function credentialVariable(name: string): HclBlock {
  const isSecret = /secret|jwt|password|token/.test(name);
  return {
    head: `variable "${name}"`,
    options: {
      type: expression('string'),
      default: name === 'cloud_environment_name' ? 'Public' : '',
      sensitive: isSecret ? true : undefined,
    },
  };
}

function runVariables({ managed, gallery, vhd, deployScript }: BuiltInSpec): HclBlock[] {
  const variable = (name: string, description: string, fallback?: string): HclBlock => ({
    head: `variable "${name}"`,
    options: { type: expression('string'), description, default: fallback },
  });
  return [
    ...(managed ? [variable(builtInVariables.imageName, 'The managed image.')] : []),
    ...(gallery
      ? [variable(builtInVariables.galleryVersion, 'The gallery image version: major.minor.patch.')]
      : []),
    ...(vhd ? [variable(builtInVariables.vhdPrefix, "How the VHD's name begins.")] : []),
    ...(deployScript === undefined
      ? []
      : [
          variable(
            builtInVariables.scriptArguments,
            "The deploy script's arguments, as on a command line.",
            '',
          ),
        ]),
  ];
}

function source(spec: BuiltInSpec, dialect: TemplateDialect): HclBlock {
  const { osType, managed, gallery, vhd, location, vmSize } = spec;
  const start = startOptions(spec.startImage);
  return {
    head: 'source "azure-arm" "image"',
    options: {
      ...Object.fromEntries(credentials(dialect).map(name => [name, variable(name)])),
      os_type: osType,
      location: location,
      vm_size: vmSize,
      ...(osType === 'Windows'
        ? {
            communicator: 'winrm',
            winrm_username: 'packer',
            winrm_use_ssl: true,
            winrm_insecure: true,
            winrm_timeout: '15m',
          }
        : {}),
      ...start.options,
      ...(managed && {
        managed_image_resource_group_name: managed.resourceGroup,
        managed_image_name: variable(builtInVariables.imageName),
      }),
      ...(vhd && {
        resource_group_name: vhd.resourceGroup,
        storage_account: vhd.storageAccount,
        capture_container_name: vhd.container,
        capture_name_prefix: variable(builtInVariables.vhdPrefix),
      }),
    },
    blocks: [
      ...start.blocks,
      ...(gallery === undefined
        ? []
        : [
            {
              head: 'shared_image_gallery_destination',
              options: {
                subscription: variable('subscription_id'),
                resource_group: gallery.resourceGroup,
                gallery_name: gallery.name,
                image_name: gallery.definition,
                image_version: variable(builtInVariables.galleryVersion),
                replication_regions: gallery.regions,
              },
            },
          ]),
    ],
  };
}

function startOptions(start: StartImage): { options: Record<string, HclValue>; blocks: HclBlock[] } {
  switch (start.kind) {
    case 'platform':
      return {
        options: {
          image_publisher: start.publisher,
          image_offer: start.offer,
          image_sku: start.sku,
          image_version: start.version,
        },
        blocks: [],
      };
    case 'managed':
      return {
        options: {
          custom_managed_image_resource_group_name: start.resourceGroup,
          custom_managed_image_name: start.name,
        },
        blocks: [],
      };
    case 'vhd':
      return { options: { image_url: start.uri }, blocks: [] };
    case 'gallery': {
      const options = {
        subscription: start.subscription,
        resource_group: start.resourceGroup,
        gallery_name: start.gallery,
        image_name: start.definition,
        image_version: start.version === undefined ? undefined : start.version,
      };
      return { options: {}, blocks: [{ head: 'shared_image_gallery', options }] };
    }
  }
}
