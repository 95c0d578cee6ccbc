/** The command line of `npm run pipeline`. */

import { parseArgs } from 'node:util';
import { ProblemsError } from '../../shared/core/errors.js';
import { type ConnectionScheme, connectionSchemes } from './connections.js';
import type { Host } from './run/session.js';

export interface Options {
  readonly file: string;
  readonly variables: ReadonlyMap<string, string>;
  /** Variable name → value; the values are masked. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly parameters: ReadonlyMap<string, string>;
  readonly host: Host;
  readonly out: string;
  readonly azure: 'local' | 'none';
  /** How connections to the local Azure sign in. */
  readonly connectionScheme: ConnectionScheme;
  /** Resource groups that the local Azure has from the start, NAME=LOCATION each. */
  readonly resourceGroups: readonly string[];
  readonly source?: string;
  readonly tasks: string;
  readonly node: string;
  readonly connections?: string;
}

export const usage = `Runs a pipeline file on this machine, with the built tasks of this repository, as the Azure Pipelines agent does.

  npm run pipeline -- FILE.yml [options]

  --var NAME=VALUE        a variable of the run; takes the place of one of that name at the top of the file
  --secret-env NAME       a secret variable, its value taken from the environment variable NAME
  --param NAME=VALUE      a parameter of the file; lists and maps as YAML, as in '[a, b]'
  --host build|release    what tasks see as System.HostType (default build)
  --out DIR               folder of the record and the job's folders (default out/pipeline)
  --azure local|none      start the local Azure and give it to every service connection (default none)
  --connection-scheme ServicePrincipal|Certificate|WorkloadIdentityFederation|ManagedServiceIdentity
                          how these connections sign in to the local Azure (default ServicePrincipal, with a secret)
  --resource-group NAME=LOCATION
                          a resource group that the local Azure has from the start; may be given several times
  --connections FILE      service connections for --azure none, JSON:
                          {"NAME": {"scheme": "ServicePrincipal", "url": "https://management.azure.com/",
                           "parameters": {"tenantid": "…", …}, "data": {"subscriptionId": "…", …}}}
  --source DIR            what 'checkout: self' brings (default: the folder of the pipeline file)
  --tasks DIR             folder of the tasks (default dist/extension/tasks)
  --node PATH             the node that runs the tasks (default: the one that runs this)
  --help

Jobs and stages run one after another, in dependency order; each job begins with empty folders. The result is in DIR/run.json, with
DIR/logs, DIR/attachments and DIR/artifacts beside it. Ctrl-C cancels the run as the service does, a second Ctrl-C ends it at once.
Exit code: 0 succeeded (with or without issues), 1 failed or canceled, 2 the file or the command line is wrong.
`;

/**
 * @param environment where the values of --secret-env are looked up
 * @returns undefined when help is asked for
 * @throws ProblemsError with everything that is wrong
 */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Options | undefined {
  const problems: string[] = [];
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  const pairs = (name: 'var' | 'param') =>
    new Map(
      (values[name] ?? []).map((text): [string, string] => {
        const equals = text.indexOf('=');
        if (equals <= 0) problems.push(`--${name} takes NAME=VALUE, not '${text}'`);
        return [text.slice(0, equals), text.slice(equals + 1)];
      }),
    );
  const secrets = new Map(
    (values['secret-env'] ?? []).map((name): [string, string] => {
      const value = environment[name];
      if (value === undefined)
        problems.push(`--secret-env ${name}: there is no environment variable '${name}'`);
      return [name, value ?? ''];
    }),
  );
  const choice = <T extends string>(name: string, value: string, choices: readonly T[], fallback: T): T => {
    const known = choices.find(candidate => candidate === value);
    if (known === undefined) problems.push(`--${name} takes ${choices.join(' or ')}, not '${value}'`);
    return known ?? fallback;
  };
  const [file = '', ...others] = positionals;
  if (file === '') problems.push('the pipeline file is missing');
  if (others.length > 0) problems.push(`only one pipeline file can be run, not also ${others.join(', ')}`);
  const { source, connections } = values;
  if (values['resource-group'] !== undefined && values.azure !== 'local')
    problems.push('--resource-group needs --azure local: it is the local Azure that has the group');
  if (values['connection-scheme'] !== undefined && values.azure !== 'local')
    problems.push('--connection-scheme needs --azure local: connections of a file name their own scheme');
  const options: Options = {
    file,
    variables: pairs('var'),
    secrets,
    parameters: pairs('param'),
    host: choice('host', values.host ?? 'build', ['build', 'release'], 'build'),
    out: values.out ?? 'out/pipeline',
    azure: choice('azure', values.azure ?? 'none', ['local', 'none'], 'none'),
    connectionScheme: choice(
      'connection-scheme',
      values['connection-scheme'] ?? 'ServicePrincipal',
      connectionSchemes,
      'ServicePrincipal',
    ),
    resourceGroups: values['resource-group'] ?? [],
    tasks: values.tasks ?? 'dist/extension/tasks',
    node: values.node ?? process.execPath,
    ...(source !== undefined && { source }),
    ...(connections !== undefined && { connections }),
  };
  if (problems.length > 0)
    throw new ProblemsError('The command line cannot be used (--help shows it all)', problems);
  return options;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        var: { type: 'string', multiple: true },
        'secret-env': { type: 'string', multiple: true },
        param: { type: 'string', multiple: true },
        host: { type: 'string' },
        out: { type: 'string' },
        azure: { type: 'string' },
        'connection-scheme': { type: 'string' },
        'resource-group': { type: 'string', multiple: true },
        connections: { type: 'string' },
        source: { type: 'string' },
        tasks: { type: 'string' },
        node: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemsError('The command line cannot be used (--help shows it all)', [message]);
  }
}
