/** What a machine does when it boots: the script its first process reads, with the provisioning Azure's agent would do. */
import { UserError } from '../../../shared/core/errors.js';
import { escapeXml } from '../../../shared/core/text.js';
import type { Login, MachineOptions } from './machineHost.js';

/** Quotes a word for a POSIX shell. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Refuses what cannot be a machine: these values come from templates.
 * @throws UserError
 */
export function checkMachine({
  name,
  address,
  login,
}: Pick<MachineOptions, 'name' | 'address' | 'login'>): void {
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})$/.test(name)) {
    throw new UserError(`'${name}' is no host name: use letters, digits and hyphens, at most 63 of them.`);
  }
  if (!/^127(?:\.\d{1,3}){3}$/.test(address) || address === '127.0.0.1') {
    throw new UserError(`'${address}' is no address for a machine: it needs its own one of 127.0.0.0/8.`);
  }
  if (login === undefined) return;
  if (!/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/.test(login.userName) || login.userName === 'root') {
    throw new UserError(`adminUsername '${login.userName}' is not allowed on a Linux virtual machine.`);
  }
  if (login.publicKeys.some(key => /[\r\n]/.test(key.trim()))) {
    throw new UserError(
      `An SSH public key of '${login.userName}' has more than one line: give one key each.`,
    );
  }
  if (login.password !== undefined && /[\r\n]/.test(login.password)) {
    throw new UserError(`The password of '${login.userName}' has a line break in it.`);
  }
}

/**
 * The second half of the boot, run by the image's own shell inside the machine. It comes by standard input, so that the
 * password is in no argument list, and ends as `cat`: the machine lives until that input is closed, also by the host's death.
 */
export function bootScript(
  options: Pick<MachineOptions, 'name' | 'address' | 'login' | 'boot'>,
  context: { readonly firstBoot: boolean; readonly nameServers: string },
): string {
  const { name, address, login, boot } = options;
  const lines = [
    'set -eu',
    'umount -l /dev/.outside',
    'rmdir /dev/.outside',
    `echo ${name} >/proc/sys/kernel/hostname`,
    `echo ${name} >/etc/hostname`,
    ...hosts(name, address),
    // A DHCP client replaces the file too, whatever it was.
    'rm -f /etc/resolv.conf',
    `printf %s ${shellQuote(context.nameServers)} >/etc/resolv.conf`,
    'if [ -e /etc/machine-id ] && [ ! -s /etc/machine-id ]; then tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id; fi',
    // As systemd-tmpfiles does on Debian at each boot.
    'find /tmp -xdev -mindepth 1 -delete',
  ];
  // Where sshd listens is not the image's business here: other addresses of the host are not this machine's.
  if (boot === 'ssh')
    lines.push(
      `grep -viE '^[[:space:]]*(ListenAddress|Port)[[:space:]=]' /etc/ssh/sshd_config >${sshdConfig}`,
    );
  if (context.firstBoot && boot === 'ssh') lines.push(...hostKeys);
  if (context.firstBoot && login !== undefined) lines.push(...administrator(name, login));
  lines.push('wait', 'echo ready >&3', 'exec 3>&-');
  // Children of a first process that ignores SIGCHLD are reaped by the kernel, orphans included.
  lines.push('exec env --ignore-signal=CHLD cat >/dev/null', '');
  return lines.join('\n');
}

/** sshd's configuration as the machine runs it, in /run and so on no disk. */
export const sshdConfig = '/run/sshd/config';

const hostsMark = '# this machine';

/** One of each kind, as on a new VM of Azure's; the slow one while the others are made. */
const hostKeys = [
  'rm -f /etc/ssh/ssh_host_*',
  `ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/ssh_host_rsa_key </dev/null &`,
  `ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key`,
  `ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key`,
];

function hosts(name: string, address: string): string[] {
  return [
    `[ -s /etc/hosts ] || printf '127.0.0.1 localhost\\n::1 localhost ip6-localhost ip6-loopback\\n' >/etc/hosts`,
    `sed -i ${shellQuote(`/${hostsMark}$/d`)} /etc/hosts`,
    `echo ${shellQuote(`${address} ${name} ${hostsMark}`)} >>/etc/hosts`,
  ];
}

function administrator(machineName: string, login: Login): string[] {
  const user = shellQuote(login.userName);
  const keys = login.publicKeys.map(key => `${key.trim()}\n`).join('');
  return [
    `id -u ${user} >/dev/null 2>&1 || useradd --badname --create-home --shell /bin/bash ${user}`,
    // A password field of '!' counts as a locked account for sshd, also for a login by key.
    login.password === undefined
      ? `usermod -p '*' ${user}`
      : `printf '%s\\n' ${shellQuote(`${login.userName}:${login.password}`)} | chpasswd`,
    `home=$(getent passwd ${user} | cut -d: -f6)`,
    `install -d -m 0700 "$home/.ssh"`,
    `printf %s ${shellQuote(keys)} >"$home/.ssh/authorized_keys"`,
    `chmod 0600 "$home/.ssh/authorized_keys"`,
    `chown -R ${user}: "$home/.ssh"`,
    // File names as the Azure Linux agent has them: its deprovisioning takes the user out of both again.
    `install -d -m 0755 /etc/sudoers.d`,
    `printf '%s ALL=(ALL) NOPASSWD: ALL\\n' ${user} >/etc/sudoers.d/waagent`,
    `chmod 0440 /etc/sudoers.d/waagent`,
    `install -d -m 0700 /var/lib/waagent`,
    `printf %s ${shellQuote(ovfEnvironment(machineName, login))} >/var/lib/waagent/ovf-env.xml`,
    `chmod 0600 /var/lib/waagent/ovf-env.xml`,
  ];
}

/** Azure's provisioning document; `waagent -deprovision+user` reads from it whom to delete. */
function ovfEnvironment(machineName: string, login: Login): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<ns0:Environment xmlns="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns0="http://schemas.dmtf.org/ovf/environment/1" xmlns:ns1="http://schemas.microsoft.com/windowsazure">
  <ns1:ProvisioningSection>
    <ns1:Version>1.0</ns1:Version>
    <ns1:LinuxProvisioningConfigurationSet>
      <ns1:ConfigurationSetType>LinuxProvisioningConfiguration</ns1:ConfigurationSetType>
      <ns1:HostName>${escapeXml(machineName)}</ns1:HostName>
      <ns1:UserName>${escapeXml(login.userName)}</ns1:UserName>
      <ns1:DisableSshPasswordAuthentication>${login.password === undefined}</ns1:DisableSshPasswordAuthentication>
    </ns1:LinuxProvisioningConfigurationSet>
  </ns1:ProvisioningSection>
  <ns1:PlatformSettingsSection>
    <ns1:Version>1.0</ns1:Version>
    <ns1:PlatformSettings>
      <ns1:ProvisionGuestAgent>true</ns1:ProvisionGuestAgent>
    </ns1:PlatformSettings>
  </ns1:PlatformSettingsSection>
</ns0:Environment>
`;
}
