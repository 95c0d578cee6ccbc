/** The command line of `npm run azure`. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describe, ProblemsError, UserError } from '../../shared/core/errors.js';
import { parseNameValues } from '../../shared/core/nameValues.js';
import { baseImageDirectory } from '../../scripts/setup/cache.mjs';
import { readRoleDefinitions, type RoleDefinition } from './authorization/roleDefinition.js';
import { defaultTimeScale } from './arm/pace.js';
import { readFaultRules, type FaultRule } from './faults/faultRule.js';

export const usage = `Usage: npm run azure -- [options]

  --port N              port of the proxy on 127.0.0.1; any free one when absent
  --traffic FILE.jsonl  log every exchange to this file, secrets masked
  --ready-file FILE     write the line that says how to connect to this file, too
  --resource-group NAME=LOCATION
                        have this resource group from the start; may be given several times
  --state DIR           keep everything in this directory and go on from it at the next start; temporary when absent
  --base-image DIR      root file system of the platform image Debian:debian-12
  --time-scale N        factor on the time that everything takes on Azure; 1 is its own pace, ${defaultTimeScale} when absent
  --faults FILE.json    what shall go wrong (docs/local-azure.md)
  --throttling on|off   keep Azure's documented request limits; off when absent
  --role FILE.json      let the application do only what this custom role of Azure's allows; may be given several times; it owns
                        the subscription when absent
  --instances real|simulated
                        run the instances of scale sets, or only keep their states: for sets of hundreds; real when absent
  --simulated-boot SECONDS
                        how long simulated instances boot, in Azure's own time; 30 when absent
  --unmanaged-disks allow|retired
                        accept disks in storage accounts, or refuse them as Azure does now; allow when absent
  --help                say this`;

export interface Options {
  readonly port: number;
  readonly traffic?: string;
  readonly readyFile?: string;
  readonly resourceGroups: ReadonlyMap<string, string>;
  readonly state?: string;
  readonly baseImage: string;
  readonly timeScale: number;
  readonly faults: readonly FaultRule[];
  readonly throttling: boolean;
  readonly roles: readonly RoleDefinition[];
  readonly instances: 'real' | 'simulated';
  readonly simulatedBoot: number;
  readonly unmanagedDisks: 'allow' | 'retired';
}

/**
 * Undefined when help is asked for.
 * @throws UserError with all that is wrong
 */
export function readOptions(args: readonly string[]): Options | undefined {
  const problems: string[] = [];
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      problems.push(describe(error));
      return undefined;
    }
  };
  const values = attempt(() => parseArgs({ args: [...args], options: names }).values);
  if (values === undefined) throw new ProblemsError('The options cannot be used', problems);
  if (values.help === true) return undefined;

  const number = (
    name: '--port' | '--time-scale' | '--simulated-boot',
    given: string | undefined,
    otherwise: number,
    good: (value: number) => boolean,
    wanted: string,
  ) => {
    if (given === undefined) return otherwise;
    if (given.trim() !== '' && good(Number(given))) return Number(given);
    problems.push(`${name} must be ${wanted}, not '${given}'.`);
    return otherwise;
  };
  const choice = <T extends string>(name: string, given: string | undefined, choices: readonly [T, T]): T => {
    const found = choices.find(one => one === given);
    if (given !== undefined && found === undefined)
      problems.push(`${name} must be ${choices.join(' or ')}, not '${given}'.`);
    return found ?? choices[0];
  };
  const isPort = (value: number) => Number.isInteger(value) && value >= 0 && value < 65_536;
  const port = number('--port', values.port, 0, isPort, 'a number from 0 to 65535');
  const timeScale = number(
    '--time-scale',
    values['time-scale'],
    defaultTimeScale,
    value => value > 0,
    'a number above 0',
  );
  const simulatedBoot = number(
    '--simulated-boot',
    values['simulated-boot'],
    30,
    value => value >= 0,
    'a number of seconds',
  );
  const instances = choice('--instances', values.instances, ['real', 'simulated']);
  const unmanagedDisks = choice('--unmanaged-disks', values['unmanaged-disks'], ['allow', 'retired']);
  const throttling = choice('--throttling', values.throttling, ['off', 'on']) === 'on';
  const resourceGroups = attempt(() =>
    parseNameValues((values['resource-group'] ?? []).join('\n'), '--resource-group'),
  );
  const faults = attempt(() => faultsOf(values.faults));
  const roles = (values.role ?? []).flatMap(
    file => attempt(() => readRoleDefinitions(textOf(file, '--role'), file)) ?? [],
  );
  const baseImage = resolve(values['base-image'] ?? baseImageDirectory());
  if (!existsSync(join(baseImage, 'usr'))) {
    problems.push(
      `There is no root file system in ${baseImage}: run 'node scripts/setup/setup.mjs --for pipeline' to make it.`,
    );
  }
  if (problems.length > 0 || resourceGroups === undefined || faults === undefined)
    throw new ProblemsError('The local Azure cannot start', problems);
  return {
    port,
    timeScale,
    simulatedBoot,
    instances,
    unmanagedDisks,
    throttling,
    roles,
    resourceGroups,
    faults,
    baseImage,
    ...(values.traffic === undefined ? {} : { traffic: resolve(values.traffic) }),
    ...(values['ready-file'] === undefined ? {} : { readyFile: resolve(values['ready-file']) }),
    ...(values.state === undefined ? {} : { state: resolve(values.state) }),
  };
}

const names = {
  port: { type: 'string' },
  traffic: { type: 'string' },
  'ready-file': { type: 'string' },
  'resource-group': { type: 'string', multiple: true },
  state: { type: 'string' },
  'base-image': { type: 'string' },
  'time-scale': { type: 'string' },
  faults: { type: 'string' },
  throttling: { type: 'string' },
  role: { type: 'string', multiple: true },
  instances: { type: 'string' },
  'simulated-boot': { type: 'string' },
  'unmanaged-disks': { type: 'string' },
  help: { type: 'boolean' },
} as const;

function faultsOf(file: string | undefined): readonly FaultRule[] {
  return file === undefined ? [] : readFaultRules(textOf(file, '--faults'), file);
}

function textOf(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(
      `${option}: ${resolve(file)} cannot be read (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
}
