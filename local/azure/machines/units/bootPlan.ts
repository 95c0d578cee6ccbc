/** Which services an instance starts and in which order; decisions over plain data. */
import type { ServiceUnit } from './serviceUnit.js';

/**
 * What stands for the machine itself. The local Azure plays these parts (network, agent, console), and they would do so for
 * the whole host, whose network every instance shares: a second sshd on port 22, an agent that calls Azure's fabric.
 */
const machineServices =
  /^(?:sshd?|walinuxagent|waagent|cloud-(?:init|config|final).*|systemd-.*|networking|ifup@.*|NetworkManager.*|(?:serial-|console-|container-)?getty@.*|dbus|udev)\.service$/;

/**
 * The enabled services that an instance starts: what the image brought beyond the base image.
 * The base image's own are left out: they keep a whole machine going (login, timers, agent) and nobody baked them.
 * @param enabled names that the image's boot target wants
 * @param enabledInBase names that the base image's boot target wants
 */
export function servicesToStart(enabled: readonly string[], enabledInBase: readonly string[]): string[] {
  const base = new Set(enabledInBase);
  return enabled.filter(name => name.endsWith('.service') && !base.has(name) && !machineServices.test(name));
}

/** True for a service that never runs in an instance, whoever asks for it. */
export function isMachineService(name: string): boolean {
  return machineServices.test(name);
}

/**
 * Orders services so that each comes behind those it names in `After=`. A circle is broken at its last member in the given
 * order, as systemd drops a job to break one.
 */
export function inOrder(services: readonly ServiceUnit[]): ServiceUnit[] {
  const byName = new Map(services.map(service => [service.name, service]));
  const ordered: ServiceUnit[] = [];
  const seen = new Set<string>();
  const visit = (service: ServiceUnit) => {
    if (seen.has(service.name)) return;
    seen.add(service.name);
    for (const name of service.after) {
      const earlier = byName.get(name);
      if (earlier !== undefined) visit(earlier);
    }
    ordered.push(service);
  };
  services.forEach(visit);
  return ordered;
}
