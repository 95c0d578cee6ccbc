/** The services of an image, found as systemd finds them. */
import { isMachineService, servicesToStart } from './bootPlan.js';
import type { RootedFiles } from './rootedFiles.js';
import { readServiceUnit, type ServiceUnit } from './serviceUnit.js';
import { parseUnitFile, type UnitEntries } from './unitFile.js';

/** Where units are, the first that has one wins (systemd.unit(5), "Unit File Search Path"). */
const searchPath = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
/** What an instance boots into: the targets of a server. */
const bootTargets = ['multi-user.target', 'default.target', 'graphical.target'];

export interface ImageServices {
  readonly services: readonly ServiceUnit[];
  /** Services that were meant to start and cannot be: one sentence each. */
  readonly problems: readonly string[];
}

/**
 * Names of the units that somebody or some package has enabled. `systemctl enable` links them below /etc; what vendors link
 * below /usr is the operating system's own start-up.
 */
async function enabledUnits(files: RootedFiles): Promise<string[]> {
  const names = await Promise.all(
    bootTargets.flatMap(target =>
      ['wants', 'requires'].map(kind => files.list(`/etc/systemd/system/${target}.${kind}`)),
    ),
  );
  return [...new Set(names.flat())].sort();
}

/**
 * The services that an instance of the image starts, with those they want or require that come with the image.
 * @param image the machine's merged file system
 * @param base the base image's
 */
export async function findServices(
  image: RootedFiles,
  base: RootedFiles,
  hostName: string,
): Promise<ImageServices> {
  const [enabled, enabledInBase] = await Promise.all([enabledUnits(image), enabledUnits(base)]);
  const pending = servicesToStart(enabled, enabledInBase);
  const services = new Map<string, ServiceUnit>();
  const problems: string[] = [];
  const seen = new Set<string>(pending);
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    try {
      const entries = await loadUnit(image, name);
      if (entries === 'masked') continue;
      if (entries === undefined) throw new Error('no unit file of that name is in the image');
      const service = readServiceUnit(name, entries, hostName);
      services.set(name, service);
      const pulledIn = [...service.requires, ...service.wants].filter(
        other =>
          other.endsWith('.service') &&
          !seen.has(other) &&
          !enabledInBase.includes(other) &&
          !isMachineService(other),
      );
      for (const other of pulledIn) seen.add(other);
      pending.push(...pulledIn);
    } catch (error) {
      problems.push(`${name} is enabled but cannot be started: ${(error as Error).message}.`);
    }
  }
  return { services: [...services.values()], problems };
}

/** A unit's entries with its drop-ins; `masked` when it links to /dev/null or is empty. */
async function loadUnit(files: RootedFiles, name: string): Promise<UnitEntries | 'masked' | undefined> {
  const template = name.replace(/@[^@]*(?=\.service$)/, '@');
  for (const candidate of new Set([name, template])) {
    for (const path of searchPath) {
      const file = `${path}/${candidate}`;
      if ((await files.resolve(file)) === '/dev/null') return 'masked';
      const text = await files.read(file);
      if (text === '') return 'masked';
      if (text !== undefined)
        return [...parseUnitFile(text), ...(await dropIns(files, new Set([candidate, name])))];
    }
  }
  return undefined;
}

/** Drop-ins in the order of their file names; a name in an earlier directory hides the same name in a later one. */
async function dropIns(files: RootedFiles, names: ReadonlySet<string>): Promise<UnitEntries> {
  const found = new Map<string, string>();
  for (const path of searchPath) {
    for (const name of names) {
      for (const file of await files.list(`${path}/${name}.d`)) {
        if (file.endsWith('.conf') && !found.has(file)) found.set(file, `${path}/${name}.d/${file}`);
      }
    }
  }
  const inOrder = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
  const texts = await Promise.all(inOrder.map(path => files.read(path)));
  return texts.flatMap(text => parseUnitFile(text ?? ''));
}
