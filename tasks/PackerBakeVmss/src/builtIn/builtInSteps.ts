/** The provisioners of the built-in template: package, playbook, deploy script, and what makes an image of the machine. Pure. */
import { builtInVariables, type BuiltInSpec } from './builtInSpec.js';
import { expression, quote, withoutTemplate as literal, type HclBlock, type HclValue } from './hcl.js';

const linuxUpload = '/tmp/bake-package';
const windowsUpload = 'C:/Windows/Temp/bake-package';

export function packageSteps({ osType, package: given }: BuiltInSpec): HclBlock[] {
  if (given === undefined) return [];
  const { path, isFolder, destination } = given;
  const name = path.split('/').at(-1) ?? '';
  const upload = osType === 'Linux' ? linuxUpload : windowsUpload;
  const file: HclBlock = {
    head: 'provisioner "file"',
    comment: ['The package. Whoever logs in may not write everywhere: it is uploaded first and moved then.'],
    options: isFolder
      ? { source: literal(`${path}/`), destination: osType === 'Linux' ? upload : `${upload}/` }
      : { source: literal(path), destination: literal(`${upload}/${name}`) },
  };
  if (osType === 'Windows') {
    const target = powerShellText(destination);
    return [
      powerShell([`New-Item -ItemType Directory -Force -Path '${windowsUpload}' | Out-Null`]),
      file,
      powerShell([
        "$ErrorActionPreference = 'Stop'",
        `New-Item -ItemType Directory -Force -Path ${target} | Out-Null`,
        `Copy-Item -Recurse -Force -Path '${windowsUpload}/*' -Destination ${target}`,
        `Remove-Item -Recurse -Force -Path '${windowsUpload}'`,
      ]),
    ];
  }
  const target = shellText(destination);
  return [
    { head: 'provisioner "shell"', options: { inline: [`mkdir -p ${linuxUpload}`] } },
    file,
    asRoot([`mkdir -p ${target}`, `cp -R ${linuxUpload}/. ${target}/`, `rm -rf ${linuxUpload}`]),
  ];
}

export function playbookSteps({ playbook }: BuiltInSpec): HclBlock[] {
  if (playbook === undefined) return [];
  const folder = playbook.includes('/') ? playbook.replace(/\/[^/]*$/, '') : undefined;
  return [
    asRoot([
      'command -v ansible-playbook >/dev/null && exit 0',
      'export DEBIAN_FRONTEND=noninteractive',
      'if command -v apt-get >/dev/null; then apt-get update; apt-get install -y --no-install-recommends ansible-core || apt-get install -y ansible',
      'elif command -v dnf >/dev/null; then dnf install -y ansible-core',
      'else yum install -y ansible; fi',
    ]),
    {
      head: 'provisioner "ansible-local"',
      options: {
        playbook_file: literal(playbook),
        // Without a folder of its own the whole working directory would go there.
        playbook_dir: folder === undefined ? undefined : literal(folder),
        command: 'sudo PYTHONUNBUFFERED=1 ansible-playbook',
        clean_staging_directory: true,
      },
    },
  ];
}

export function scriptSteps({ osType, deployScript, package: given }: BuiltInSpec): HclBlock[] {
  if (deployScript === undefined) return [];
  const path = literal(deployScript);
  if (osType === 'Windows') {
    const uploaded = 'C:/Windows/Temp/bake-deploy.ps1';
    return [
      { head: 'provisioner "file"', options: { source: path, destination: uploaded } },
      powerShell([
        "$ErrorActionPreference = 'Stop'",
        '$LASTEXITCODE = 0',
        ...(given === undefined ? [] : [`Set-Location -Path ${powerShellText(given.destination)}`]),
        { expression: `"& '${uploaded}' \${var.${builtInVariables.scriptArguments}}"` },
        '$code = $LASTEXITCODE',
        `Set-Location -Path C:/; Remove-Item -Force -Path '${uploaded}'`,
        'exit $code',
      ]),
    ];
  }
  const place = given === undefined ? '' : `cd ${shellText(given.destination)} && `;
  return [
    {
      head: 'provisioner "shell"',
      options: {
        script: path,
        // Packer fills in what stands between its own double braces; the arguments have none left.
        execute_command: expression(
          `"chmod +x {{ .Path }}; ${quote(literal(place)).slice(1, -1)}sudo {{ .Vars }} {{ .Path }} \${var.${builtInVariables.scriptArguments}}"`,
        ),
      },
    },
  ];
}

/** As Microsoft's documentation generalizes an image for Packer. */
export function generalizeSteps(osType: BuiltInSpec['osType']): HclBlock[] {
  if (osType === 'Linux') {
    const generalize = ['/usr/sbin/waagent -force -deprovision+user', 'export HISTSIZE=0', 'sync'];
    return [{ ...asRoot(generalize), comment: ['Makes an image for many machines of this one.'] }];
  }
  return [
    {
      ...powerShell([
        "while ((Get-Service RdAgent).Status -ne 'Running') { Start-Sleep -Seconds 5 }",
        "while ((Get-Service WindowsAzureGuestAgent).Status -ne 'Running') { Start-Sleep -Seconds 5 }",
        '& $env:SystemRoot\\System32\\Sysprep\\Sysprep.exe /oobe /generalize /quiet /quit /mode:vm',
        "while ((Get-ItemProperty HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State).ImageState -ne 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') { Start-Sleep -Seconds 10 }",
      ]),
      comment: ['Makes an image for many machines of this one.'],
    },
  ];
}

function asRoot(inline: readonly string[]): HclBlock {
  return {
    head: 'provisioner "shell"',
    options: {
      inline: inline.map(literal),
      inline_shebang: '/bin/sh -e',
      execute_command: 'chmod +x {{ .Path }}; sudo {{ .Vars }} {{ .Path }}',
    },
  };
}

function powerShell(inline: readonly HclValue[]): HclBlock {
  return { head: 'provisioner "powershell"', options: { inline } };
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

function powerShellText(text: string): string {
  return `'${text.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`;
}
