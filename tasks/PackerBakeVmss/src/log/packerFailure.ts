/** What a failed run of Packer means for the pipeline's author: the cause in its own words, and the next step. */
import { ToolError } from '../../../../shared/core/errors.js';
import { formatImageReference } from '../../../../shared/core/imageReference.js';
import { lastLines, listOf, singleLine } from '../../../../shared/core/text.js';
import type { PackerRun } from './packerLog.js';

const azurePlugin = `packer {
  required_plugins {
    azure = {
      source  = "github.com/hashicorp/azure"
      version = "~> 2"
    }
  }
}`;

/** Failures that people meet, by what Azure, Packer or its plugins say, the more telling ones first. */
const advices: readonly { readonly sign: RegExp; readonly advice: string }[] = [
  {
    sign: /AADSTS700024/,
    advice:
      "The federated token expired during the build. Give the template variables oidc_request_url and oidc_request_token and pass them to the azure-arm source: then Packer asks for fresh tokens (plugin 'azure' 2.0 or later).",
  },
  {
    sign: /AADSTS7000215|AADSTS7000222/,
    advice:
      "The service connection's secret is wrong or expired. Renew it in the project settings, or convert the connection to workload identity federation.",
  },
  {
    sign: /AADSTS700027/,
    advice:
      "The service connection's certificate is not, or no longer, one of the application's. Renew it in the project settings.",
  },
  {
    sign: /AADSTS\d+|invalid_client/,
    advice: 'Azure refused the sign-in. Verify the service connection in the project settings.',
  },
  {
    sign: /AuthorizationFailed|does not have authorization/i,
    advice:
      "The service connection's principal lacks a right. It needs Contributor on the subscription, or on the resource groups named in build_resource_group_name and managed_image_resource_group_name.",
  },
  {
    sign: /already exists.*-force|use the -force option|a gallery image version for image name .* already exists/i,
    advice:
      'The image exists already. Give each run its own name, such as web-$(Build.BuildId), or set allowOverwrite: true to have it deleted before the build.',
  },
  {
    sign: /QuotaExceeded|exceeding approved .*quota/i,
    advice:
      'The subscription has not enough cores in this region. Ask for a higher quota, or take a smaller vm_size or another location.',
  },
  {
    sign: /SkuNotAvailable|AllocationFailed|ZonalAllocationFailed/,
    advice: 'Azure has no machine of this size there now. Take another vm_size or location.',
  },
  {
    sign: /Timeout waiting for (SSH|WinRM)/i,
    advice:
      'Packer could not log in to the build machine. Check that the agent may reach it (port 22 or 5986; a private network needs an agent inside it), and that ssh_timeout or winrm_timeout is long enough.',
  },
  {
    sign: /ResourceGroupNotFound|Cannot locate the managed image resource group|resource group .* (could not be found|does not exist)/i,
    advice:
      'A resource group that the template names does not exist. Packer does not make the one for the image: create it, or mend the name.',
  },
  {
    sign: /PlatformImageNotFound|ImageNotFound/,
    advice:
      "The base image does not exist in this region. 'az vm image list --all --publisher …' lists those that do.",
  },
  {
    sign: /Missing plugins|packer plugins install|Unknown (source|builder|provisioner)|(builder|source|provisioner) type .*(unknown|not found)|Failed to initialize build/i,
    advice:
      `Packer 1.10 and later bring no plugins. Add this block to an HCL2 template, and the task installs them by 'packer init':\n${azurePlugin}\n` +
      "A template in the older JSON cannot name plugins: run 'packer plugins install github.com/hashicorp/azure' on the agent, turn it into HCL2 with 'packer hcl2_upgrade', or take packerVersion: ~1.9.",
  },
  {
    sign: /x509: certificate signed by unknown authority/,
    advice:
      "Packer does not trust the proxy's certificate. Point SSL_CERT_FILE to your authority's certificates in the step's env.",
  },
  {
    sign: /no such host|connection refused|proxyconnect|i\/o timeout|TLS handshake timeout/i,
    advice:
      'The network between the agent and Azure fails. Check the proxy of the agent, and that login.microsoftonline.com and management.azure.com are open.',
  },
  {
    sign: /No valid set of authentication values/,
    advice:
      "The Azure builder is not given all that the service connection signs in with. Pass client_id, client_secret, tenant_id and subscription_id (for other kinds of connections what the task's README lists) to it, and declare a variable for each.",
  },
  {
    sign: /Script exited with non-zero exit status|Error executing Ansible/i,
    advice: 'A provisioner failed on the build machine; what it last said is below, all of it in packer.log.',
  },
];

/** The next step for a failure, undefined when its text is not known. */
export function adviceFor(text: string): string | undefined {
  return advices.find(({ sign }) => sign.test(text))?.advice;
}

/** The error of a `packer build` that failed. */
export function buildFailure(run: PackerRun, exitCode: number | undefined): ToolError {
  const causes = run.failed.map(
    ({ build, message }) => `Build '${build}' failed: ${singleLine(message, 600)}`,
  );
  if (causes.length === 0) causes.push(...run.errors.slice(0, 10).filter(line => line.trim() !== ''));
  // A provisioner's own output may speak of anything: it counts only where the build's error says nothing.
  const told = [run.failed.map(each => each.message), run.errors, run.lastLines(run.failed[0]?.build)];
  const advice = told.map(lines => adviceFor(lines.join('\n'))).find(each => each !== undefined);
  const message = [
    ...causes,
    `packer build ended with ${exitCode === undefined ? 'a signal' : `exit code ${exitCode}`}.`,
    ...(advice === undefined ? [] : [advice]),
    ...leftovers(run),
  ].join('\n');
  return new ToolError(message, 'Packer', exitCode, lastLines(run.lastLines(run.failed[0]?.build)));
}

/** Builds that succeeded beside the failed one have made images that nobody will use. */
function leftovers(run: PackerRun): string[] {
  const made = [...new Set(run.images.map(image => formatImageReference(image.reference)))];
  if (made.length === 0) return [];
  return [
    `Other builds of this run succeeded; their images are not used and may be deleted: ${listOf(made)}.`,
  ];
}

/** The error of a `packer validate` or `packer init` that failed. */
export function commandFailure(command: string, run: PackerRun, exitCode: number | undefined): ToolError {
  const said = lastLines(run.lastLines(undefined));
  const advice = adviceFor(said.join('\n'));
  const headline = {
    init:
      "packer init could not install the template's plugins. Check that the agent reaches api.github.com and github.com; where GitHub limits the rate, map a token in the step's env: PACKER_GITHUB_API_TOKEN. " +
      "For an agent without internet fill a folder elsewhere by 'PACKER_PLUGIN_PATH=FOLDER packer init', bring it here and name it with pluginsPath.",
    validate: 'The template is not valid: packer validate refused it.',
  }[command];
  const message = [headline ?? `packer ${command} failed.`, ...(advice === undefined ? [] : [advice])].join(
    '\n',
  );
  return new ToolError(message, 'Packer', exitCode, said);
}
