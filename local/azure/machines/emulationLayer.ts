/**
 * What the image must find because it runs here and not on Azure: files in a layer between a machine's disk and its changes,
 * so that they are there while it runs and in no captured disk.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const files = [
  {
    // A package's installation must not start its daemon: it would listen on the host's addresses.
    path: 'usr/sbin/policy-rc.d',
    mode: 0o755,
    text: '#!/bin/sh\nexit 101\n',
  },
  {
    path: 'etc/sudoers.d/systemd-offline',
    mode: 0o440,
    text: 'Defaults env_keep += "SYSTEMD_OFFLINE"\n',
  },
];

/**
 * The proxies through which apt reaches its mirrors here, as apt's configuration; a machine is behind them too.
 * @param environment the host's, whose lower-case names apt reads
 */
export function aptProxies(environment: Readonly<Record<string, string | undefined>>): string {
  return ['http', 'https']
    .map(scheme => [scheme, environment[`${scheme}_proxy`] ?? ''] as const)
    .filter(([, url]) => /^[\w.+-]+:\/\/[^\s"\\]+$/.test(url))
    .map(([scheme, url]) => `Acquire::${scheme}::Proxy "${url}";\n`)
    .join('');
}

/** The proxies of apt's own configuration on this host; none where there is no apt. */
async function configuredProxies(): Promise<string> {
  const keys = ['Acquire::http::Proxy', 'Acquire::https::Proxy'];
  const dump = await promisify(execFile)('apt-config', ['dump', '--no-empty', ...keys]).catch(
    () => undefined,
  );
  return dump?.stdout ?? '';
}

/** Writes the layer into a directory, which it makes. */
export async function writeEmulationLayer(directory: string): Promise<void> {
  const proxies = {
    path: 'etc/apt/apt.conf.d/95host-proxy',
    mode: 0o644,
    text: (await configuredProxies()) + aptProxies(process.env),
  };
  const all = proxies.text === '' ? files : [...files, proxies];
  for (const { path, mode, text } of all) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, mode);
  }
  // In the overlay these directories show this layer's permissions.
  const made = all.flatMap(({ path }) => parents(path));
  for (const one of new Set(['', ...made])) await chmod(join(directory, one), 0o755);
}

/** `etc/apt/x` → `etc`, `etc/apt` */
function parents(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
