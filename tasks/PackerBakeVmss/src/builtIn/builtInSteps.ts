/** The provisioners of the built-in template: package, playbook, deploy script, and what makes an image of the machine. Pure. */
import { builtInVariables, type BuiltInSpec } from './builtInSpec.js';
import { expression, quote, type HclBlock, type HclValue } from './hcl.js';

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
      ? { source: `${path}/`, destination: osType === 'Linux' ? upload : `${upload}/` }
      : { source: path, destination: `${upload}/${name}` },
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
        playbook_file: playbook,
        // Without a folder of its own the whole working directory would go there.
        playbook_dir: folder === undefined ? undefined : folder,
        command: 'sudo PYTHONUNBUFFERED=1 ansible-playbook',
        clean_staging_directory: true,
      },
    },
  ];
}

export function scriptSteps({ osType, deployScript, package: given }: BuiltInSpec): HclBlock[] {
  if (deployScript === undefined) return [];
  const encoded = `\${base64encode(var.${builtInVariables.scriptArguments})}`;
  const comment = ['The arguments travel in base64: Packer would evaluate what stands in double braces.'];
  if (osType === 'Windows') {
    const uploaded = 'C:/Windows/Temp/bake-deploy.ps1';
    const decoded = `[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('${encoded}'))`;
    const steps = powerShell([
      "$ErrorActionPreference = 'Stop'",
      '$LASTEXITCODE = 0',
      ...(given === undefined ? [] : [`Set-Location -Path ${powerShellText(given.destination)}`]),
      expression(`"Invoke-Expression (\\"& '${uploaded}' \\" + ${decoded})"`),
      '$code = $LASTEXITCODE',
      `Set-Location -Path C:/; Remove-Item -Force -Path '${uploaded}'`,
      'exit $code',
    ]);
    return [
      { head: 'provisioner "file"', options: { source: deployScript, destination: uploaded } },
      { ...steps, comment },
    ];
  }
  const place = given === undefined ? '' : quote(`cd ${shellText(given.destination)} && `).slice(1, -1);
  const command = `${place}eval \\"set -- $(echo ${encoded} | base64 -d)\\" && sudo {{ .Vars }} {{ .Path }} \\"$@\\"`;
  return [
    {
      head: 'provisioner "shell"',
      comment,
      options: {
        script: deployScript,
        execute_command: expression(`"chmod +x {{ .Path }}; ${command}"`),
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
      inline: inline,
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
