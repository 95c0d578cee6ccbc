/** A service as its unit files describe it: what to run, as whom, when to run it again (systemd.service(5), systemd.exec(5)). */
import { parseCommands, parseEnvironment, splitWords, type UnitCommand } from './commandLine.js';
import { allValues, lastValue, parseBoolean, parseTimeSpan, type UnitEntries } from './unitFile.js';

export type RestartPolicy =
  'no' | 'always' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-abort' | 'on-watchdog';

export interface EnvironmentFile {
  readonly path: string;
  /** Prefix `-`: may be missing. */
  readonly optional: boolean;
}

/** A directory that the service is given, owned by its user. */
export interface ServiceDirectory {
  readonly path: string;
  readonly mode: string;
}

export interface ServiceUnit {
  readonly name: string;
  /** `simple`: runs until it ends; `oneshot`: is done when it ends; `forking`: leaves a daemon behind. */
  readonly kind: 'simple' | 'oneshot' | 'forking';
  readonly before: readonly UnitCommand[];
  readonly commands: readonly UnitCommand[];
  /** Empty for root. */
  readonly user: string;
  /** Empty for the user's own group. */
  readonly group: string;
  /** `~` is the user's home. */
  readonly workingDirectory: string;
  readonly workingDirectoryOptional: boolean;
  readonly directories: readonly ServiceDirectory[];
  /** Names such as `CAP_NET_BIND_SERVICE` that a service keeps although it does not run as root. */
  readonly ambientCapabilities: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly environmentFiles: readonly EnvironmentFile[];
  readonly restart: RestartPolicy;
  readonly restartDelay: number;
  /** No more than `burst` starts within `interval` milliseconds. */
  readonly startLimit: { readonly burst: number; readonly interval: number };
  /** Exit codes besides 0, and names of signals, that count as success. */
  readonly successStatus: readonly string[];
  /** Names of units that come first when they are started too. */
  readonly after: readonly string[];
  readonly requires: readonly string[];
  readonly wants: readonly string[];
  /** What the machine cannot do as systemd would, for its console. */
  readonly remarks: readonly string[];
}

const kinds: Readonly<Record<string, ServiceUnit['kind']>> = {
  simple: 'simple',
  exec: 'simple',
  idle: 'simple',
  notify: 'simple',
  'notify-reload': 'simple',
  dbus: 'simple',
  oneshot: 'oneshot',
  forking: 'forking',
};
const policies = [
  'no',
  'always',
  'on-success',
  'on-failure',
  'on-abnormal',
  'on-abort',
  'on-watchdog',
] as const;
const directoryRoots = [
  ['RuntimeDirectory', '/run'],
  ['StateDirectory', '/var/lib'],
  ['CacheDirectory', '/var/cache'],
  ['LogsDirectory', '/var/log'],
] as const;

/**
 * @param name the unit's name with `.service`
 * @param raw its entries, drop-ins included
 * @throws Error with the reason when the unit cannot be run
 */
export function readServiceUnit(name: string, raw: UnitEntries, hostName: string): ServiceUnit {
  const entries = raw.map(entry => ({ ...entry, value: replaceSpecifiers(entry.value, name, hostName) }));
  const value = (key: string) => lastValue(entries, 'Service', key);
  const list = (section: string, key: string) =>
    allValues(entries, section, key).flatMap(text => text.split(/\s+/));
  const commandsOf = (key: string) =>
    allValues(entries, 'Service', key).flatMap(text => {
      try {
        return parseCommands(text);
      } catch (error) {
        throw new Error(`${key}=${text}: ${(error as Error).message}`, { cause: error });
      }
    });
  const commands = commandsOf('ExecStart');
  const type = value('Type') ?? (commands.length === 0 ? 'oneshot' : 'simple');
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`Type=${type} is not known`);
  const emptyAllowed = kind === 'oneshot' && parseBoolean(value('RemainAfterExit') ?? 'no') === true;
  if (commands.length === 0 && !emptyAllowed) throw new Error('it has no ExecStart=');
  if (commands.length > 1 && kind !== 'oneshot')
    throw new Error(`more than one ExecStart= needs Type=oneshot, not ${type}`);
  const restart = value('Restart') ?? 'no';
  const directory = value('WorkingDirectory') ?? '/';
  const dynamic = parseBoolean(value('DynamicUser') ?? 'no') === true;
  const remarks = [];
  if (dynamic) remarks.push(`DynamicUser= is not available here: it runs as ${value('User') ?? 'nobody'}`);
  if (kind === 'forking') remarks.push('its daemon is not watched: it is not started again when it ends');
  return {
    name,
    kind,
    before: [...commandsOf('ExecCondition'), ...commandsOf('ExecStartPre')],
    commands,
    user: value('User') ?? (dynamic ? 'nobody' : ''),
    group: value('Group') ?? '',
    workingDirectory: directory.replace(/^-/, ''),
    workingDirectoryOptional: directory.startsWith('-'),
    directories: directoryRoots.flatMap(([key, root]) =>
      list('Service', key).flatMap(path => {
        const relative = path.split(':')[0] ?? '';
        if (relative === '' || relative.startsWith('/') || relative.split('/').includes('..')) return [];
        return [{ path: `${root}/${relative}`, mode: value(`${key}Mode`) ?? '0755' }];
      }),
    ),
    ambientCapabilities: list('Service', 'AmbientCapabilities').filter(name => /^CAP_[A-Z_]+$/.test(name)),
    environment: Object.assign(
      {},
      ...allValues(entries, 'Service', 'Environment').map(parseEnvironment),
    ) as Record<string, string>,
    environmentFiles: allValues(entries, 'Service', 'EnvironmentFile').map(path => ({
      path: path.replace(/^-/, ''),
      optional: path.startsWith('-'),
    })),
    restart: policies.find(policy => policy === restart) ?? 'no',
    restartDelay: parseTimeSpan(value('RestartSec') ?? '100ms') ?? 100,
    startLimit: {
      burst: Number(lastValue(entries, 'Unit', 'StartLimitBurst') ?? value('StartLimitBurst') ?? 5),
      interval:
        parseTimeSpan(
          lastValue(entries, 'Unit', 'StartLimitIntervalSec') ?? value('StartLimitInterval') ?? '10s',
        ) ?? 10_000,
    },
    successStatus: allValues(entries, 'Service', 'SuccessExitStatus').flatMap(splitWords),
    after: list('Unit', 'After'),
    requires: [...list('Unit', 'Requires'), ...list('Unit', 'BindsTo')],
    wants: list('Unit', 'Wants'),
    remarks,
  };
}

/** Replaces the specifiers that name the unit and the host (systemd.unit(5), "Specifiers"); others stay as they are. */
function replaceSpecifiers(text: string, name: string, hostName: string): string {
  const whole = name.replace(/\.service$/, '');
  const at = whole.indexOf('@');
  const prefix = at < 0 ? whole : whole.slice(0, at);
  const instance = at < 0 ? '' : whole.slice(at + 1);
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    n: name,
    N: whole,
    p: prefix,
    i: instance,
    I: instance
      .replaceAll('-', '/')
      .replace(/\\x([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    H: hostName,
    l: hostName,
    t: '/run',
    S: '/var/lib',
    C: '/var/cache',
    L: '/var/log',
    T: '/tmp',
    V: '/var/tmp',
    E: '/etc',
  };
  return text.replace(/%([A-Za-z%])/g, (found, letter: string) => values[letter] ?? found);
}
