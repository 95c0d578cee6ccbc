/** From a service to the processes that make it up: arguments, environment, user, directories. */
import { expandCommand, type UnitCommand } from './commandLine.js';
import { narrowListen, narrowVariable } from './narrowListen.js';
import type { ServiceUnit } from './serviceUnit.js';

/** A command line with its environment, to be run as root inside the machine. */
export interface ProcessRequest {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Becomes the service's user in its directory and then the command; exit codes as systemd's (systemd.exec(5), "Process Exit Codes").
 * Arguments: user, group, directory, 1 when that may be missing, capabilities as setpriv has them, number of directories to make, MODE and PATH of each, command.
 */
const launcher = `
user=$1 group=$2 directory=$3 optional=$4 capabilities=$5 count=$6
shift 6
gid=0 uid=0 home=/root
if [ -n "$user" ]; then
  entry=$(getent passwd "$user") || { echo "User=$user is not in the image" >&2; exit 217; }
  uid=$(echo "$entry" | cut -d: -f3) gid=$(echo "$entry" | cut -d: -f4) home=$(echo "$entry" | cut -d: -f6)
  export HOME="$home" USER="$(echo "$entry" | cut -d: -f1)" LOGNAME="$(echo "$entry" | cut -d: -f1)" SHELL="$(echo "$entry" | cut -d: -f7)"
fi
if [ -n "$group" ]; then
  gid=$(getent group "$group" | cut -d: -f3)
  [ -n "$gid" ] || { echo "Group=$group is not in the image" >&2; exit 216; }
fi
while [ "$count" -gt 0 ]; do
  install -d -m "$1" -o "$uid" -g "$gid" "$2" || exit 233
  shift 2
  count=$((count - 1))
done
[ "$directory" != '~' ] || directory=$home
cd "$directory" 2>/dev/null || { [ "$optional" = 1 ] && cd /; } || { echo "WorkingDirectory=$directory is not in the image" >&2; exit 200; }
[ "$uid:$gid" != 0:0 ] || exec "$@"
[ -z "$capabilities" ] || set -- --inh-caps "$capabilities" --ambient-caps "$capabilities" -- "$@"
[ -n "$capabilities" ] || set -- -- "$@"
exec setpriv --reuid "$uid" --regid "$gid" --init-groups "$@"
`;

/**
 * @param fileVariables what the environment files hold; it goes over the unit's own `Environment=`
 * @param address the machine's address, to which wildcard listen addresses are narrowed
 */
export function processRequest(
  service: ServiceUnit,
  command: UnitCommand,
  fileVariables: Readonly<Record<string, string>>,
  address: string,
): ProcessRequest {
  const environment = Object.fromEntries(
    Object.entries({ ...service.environment, ...fileVariables }).map(([name, value]) => [
      name,
      narrowVariable(name, value, address),
    ]),
  );
  const words = expandCommand(command, environment).map(word => narrowListen(word, address));
  const [user, group] = command.privileged ? ['', ''] : [service.user, service.group];
  return {
    environment,
    command: [
      '/bin/sh',
      '-c',
      launcher,
      service.name,
      user,
      group,
      service.workingDirectory,
      service.workingDirectoryOptional ? '1' : '0',
      service.ambientCapabilities.map(name => `+${name.slice('CAP_'.length).toLowerCase()}`).join(','),
      String(service.directories.length),
      ...service.directories.flatMap(({ mode, path }) => [mode, path]),
      ...words,
    ],
  };
}
