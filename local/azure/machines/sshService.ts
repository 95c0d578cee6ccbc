/** sshd of a build VM: how it is run and when it answers. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolError } from '../../../shared/core/errors.js';
import { lastLines } from '../../../shared/core/text.js';
import type { MachineConsole } from './machineConsole.js';
import type { MachineOptions } from './machineHost.js';
import { sshdConfig } from './provisioning.js';
import { parseCommands } from './units/commandLine.js';
import { readServiceUnit, type ServiceUnit } from './units/serviceUnit.js';
import { parseUnitFile } from './units/unitFile.js';

const port = 22;
const patience = 60_000;

/** sshd as a service that listens on the machine's address only. */
export function sshService({ address, login, name }: MachineOptions): ServiceUnit {
  const options = [
    `ListenAddress=${address}:${port}`,
    `PasswordAuthentication=${login?.password === undefined ? 'no' : 'yes'}`,
    'PidFile=none',
    // The machine's first process is no systemd. Told so, systemctl enables units and skips what only a running one can do.
    'SetEnv=SYSTEMD_OFFLINE=1',
  ];
  const unit = readServiceUnit(
    'ssh.service',
    parseUnitFile('[Service]\nExecStart=/usr/sbin/sshd\nRestart=on-failure'),
    name,
  );
  const [command] = parseCommands(
    `/usr/sbin/sshd -D -e -f ${sshdConfig} ${options.map(option => `-o ${option}`).join(' ')}`,
  );
  return command === undefined ? unit : { ...unit, commands: [command] };
}

/**
 * Resolves when sshd greets.
 * @param alive false as soon as waiting has no sense any more
 * @throws ToolError with the console's last lines when it does not
 */
export async function awaitSsh(
  address: string,
  alive: () => boolean,
  console: MachineConsole,
): Promise<void> {
  const deadline = Date.now() + patience;
  while (alive() && Date.now() < deadline) {
    if (await greets(address)) return;
    await delay(10);
  }
  const what = `sshd does not answer on ${address}:${port}; is something else listening there, or is no openssh-server in the image?`;
  throw new ToolError(what, 'sshd', undefined, lastLines(console.lines()));
}

function greets(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port, timeout: patience });
    const settle = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once('data', (data: Buffer) => {
      settle(data.toString('latin1').startsWith('SSH-'));
    });
    for (const event of ['error', 'close', 'timeout']) {
      socket.once(event, () => {
        settle(false);
      });
    }
  });
}
