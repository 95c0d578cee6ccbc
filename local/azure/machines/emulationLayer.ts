/**
 * What the image must find because it runs here and not on Azure: files in a layer between a machine's disk and its changes,
 * so that they are there while it runs and in no captured disk.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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

/** Writes the layer into a directory, which it makes. */
export async function writeEmulationLayer(directory: string): Promise<void> {
  for (const { path, mode, text } of files) {
    const file = join(directory, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, mode);
  }
  // In the overlay these directories show this layer's permissions.
  for (const made of ['', 'usr', 'usr/sbin', 'etc', 'etc/sudoers.d'])
    await chmod(join(directory, made), 0o755);
}
