/** What is in the local marketplace image Debian 12; its hash names the image in the cache. */

export const recipe = {
  suite: 'bookworm',
  variant: 'minbase',
  include: [
    'systemd', // systemctl enable; nothing here boots by it
    'openssh-server', // Packer's way in
    'sudo', // provisioners run as the administrator that Azure makes, and become root
    'waagent', // Azure's agent, which generalizes the machine at the end of a bake
    'python3-minimal', // Ansible's modules and waagent
    'ansible-core', // ansible-local provisioner
    'php-cli', // the sample application
    'ca-certificates', // a provisioner's downloads
    'iproute2', // waagent and Ansible's facts look at the network
    'procps',
  ],
  /** Shell commands over the finished tree, `$1`. An image that many machines start from identifies none of them. */
  customize: [
    'rm -f "$1"/etc/ssh/ssh_host_*_key "$1"/etc/ssh/ssh_host_*_key.pub',
    ': > "$1/etc/machine-id"',
    'echo localhost > "$1/etc/hostname"',
    'rm -f "$1/var/lib/dbus/machine-id" "$1/etc/resolv.conf"',
  ],
};

const defaultMirror = 'http://deb.debian.org/debian';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * The image's apt sources: the machine's own Debian mirrors where it has any for this suite (so that a company's mirror is
 * used in the image too), else Debian's.
 * @param {string} indexTargets output of `apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)'`
 * @returns {{ lines: string[], ownMirror: boolean }} one-line-style sources, main component only
 */
export function imageSources(indexTargets) {
  const own = indexTargets
    .split('\n')
    .map(line => line.split('|'))
    .filter(
      ([, release = '', component, origin]) =>
        origin === 'Debian' &&
        component === 'main' &&
        (release === recipe.suite || release.startsWith(`${recipe.suite}-`)),
    )
    .map(([uri = '', release = '']) => ({ uri: uri.replace(/\/$/, ''), release }));
  const ownMirror = own.some(({ release }) => release === recipe.suite);
  const sources = ownMirror ? own : [{ uri: defaultMirror, release: recipe.suite }];
  const lines = sources.map(({ uri, release }) => `deb [signed-by=${keyring}] ${uri} ${release} main`);
  return { lines: [...new Set(lines)], ownMirror };
}
