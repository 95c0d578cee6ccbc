/** The services of one running machine: found in its file system, run in its namespaces, heard on its console. */
import { once } from 'node:events';
import type { MachineConsole } from './machineConsole.js';
import type { MachineOptions } from './machineHost.js';
import type { Ending, Namespaces } from './namespaces.js';
import { sshService } from './sshService.js';
import { parseEnvironmentFile } from './units/commandLine.js';
import { findServices } from './units/imageUnits.js';
import { rootedFiles, type RootedFiles } from './units/rootedFiles.js';
import { processRequest } from './units/serviceProcess.js';
import type { ServiceUnit } from './units/serviceUnit.js';
import { createSupervisor, type Supervisor } from './units/supervisor.js';

/** The supervisor of what this machine runs: sshd, or what its image has enabled. */
export async function machineServices(
  options: MachineOptions,
  namespaces: Namespaces,
  baseDirectory: string,
  console: MachineConsole,
): Promise<Supervisor> {
  const image = rootedFiles(namespaces.root);
  const { services, problems } =
    options.boot === 'ssh'
      ? { services: [sshService(options)], problems: [] }
      : await findServices(image, rootedFiles(baseDirectory), options.name);
  for (const problem of problems) console.write('boot', problem);
  if (services.length === 0)
    console.write('boot', 'The image has no enabled service of its own: nothing is started.');
  return createSupervisor(services, {
    say: console.write.bind(console),
    now: Date.now,
    async launch(service, command) {
      const request = processRequest(service, command, await fileVariables(service, image), options.address);
      const child = namespaces.enter(request.command, request.environment);
      await once(child, 'spawn');
      if (child.stdout !== null) console.follow(service.name, child.stdout);
      if (child.stderr !== null) console.follow(service.name, child.stderr);
      const ended = new Promise<Ending>(resolve => {
        child.once('exit', (code, signal) => {
          resolve({ code, signal });
        });
      });
      return { ended };
    },
  });
}

async function fileVariables(service: ServiceUnit, image: RootedFiles): Promise<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { path, optional } of service.environmentFiles) {
    const text = await image.read(path);
    if (text === undefined && !optional) throw new Error(`EnvironmentFile=${path} is not in the image`);
    Object.assign(variables, parseEnvironmentFile(text ?? ''));
  }
  return variables;
}
