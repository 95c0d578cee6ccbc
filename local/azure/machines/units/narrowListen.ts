/**
 * Wildcard listen addresses, narrowed to a machine's own address.
 *
 * All machines share the host's network, so a service that listens on "every address of this machine" would take its port
 * on the whole host and the second instance could not start. Here a machine's only network interface is its address, so that
 * is what "every address" means; this rewriting stands for the interface. It sees command lines and environment values, not a
 * program's own configuration files.
 */

const listenName = /(?:host|bind|listen|addr|address|server|iface|ip)$/i;

/** Narrows the wildcards in one word of a command line or in the value of a variable. */
export function narrowListen(word: string, address: string): string {
  return (
    word
      // 0.0.0.0, but not inside another number and not the network 0.0.0.0/0.
      .replace(/(?<![\d.])0\.0\.0\.0(?![\d.]*\d|\/\d)/g, address)
      .replace(/\[::\](?!\/\d)/g, address)
      // *:80 and +:80 (as ASP.NET Core writes it), where an address can begin.
      .replace(/(?<=^|[=/@,;\s])[*+](?=:\d)/g, address)
      // --host=:: and --listen=:8080, and the same as words of their own.
      .replace(/(?<=^|=)::$/, address)
      .replace(/(?<=^|=)(?=:\d{1,5}$)/, address)
      .replace(/^([^=\s]+)=[*]$/, (whole, name: string) =>
        listenName.test(name) ? `${name}=${address}` : whole,
      )
  );
}

/** Narrows the wildcards in a variable's value; a lone `*` only where the name speaks of listening. */
export function narrowVariable(name: string, value: string, address: string): string {
  return value === '*' && listenName.test(name) ? address : narrowListen(value, address);
}
