/** Makes a plan ready to be run: its properties, and a copy of it where it names another site itself. */
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { ProblemsError, UserError, describe } from '../../../shared/core/errors.js';
import { listOf } from '../../../shared/core/text.js';
import type { LoadOrder } from './checkInputs.js';
import { propertiesRead, siteProperties } from './jmeter.js';
import { shapeProperties } from './loadShape.js';
import { hostsOf, moveRequests } from './moveRequests.js';

/** What is to be run. */
export interface PreparedPlan {
  /** Full path of the plan that JMeter gets: the user's own or the copy. */
  readonly file: string;
  readonly properties: ReadonlyMap<string, string>;
}

/**
 * Makes a plan ready. Says which properties it is given and what was changed in a copy of it.
 * @throws ProblemsError, UserError when the plan does not read what it must, or names several hosts
 */
export function preparePlan(order: LoadOrder, agent: Agent): PreparedPlan {
  // Latin-1 keeps every byte, and what is looked for is ASCII.
  const text = readFileSync(order.plan, 'latin1');
  const read = propertiesRead(text);
  const shape = shapeProperties(order.shape, /<IncludeController\b/.test(text) ? undefined : read);
  if (shape.problems.length > 0)
    throw new ProblemsError(`The plan ${order.plan} cannot be given its load`, shape.problems);
  const fromSite: Readonly<Record<string, string>> =
    order.site === undefined ? {} : siteProperties(order.site);
  const shown = [...Object.entries(fromSite), ...shape.properties].map(([name, value]) => `${name}=${value}`);
  const given = [...shown, ...order.properties.keys()];
  if (given.length > 0) agent.info(`Properties given to the plan: ${given.join(', ')}`);
  return {
    file: planFile(order, text, read, agent),
    properties: new Map([...Object.entries(fromSite), ...shape.properties, ...order.properties]),
  };
}

function planFile(order: LoadOrder, text: string, read: ReadonlySet<string>, agent: Agent): string {
  const { plan, site } = order;
  if (site === undefined) return plan;
  const hosts = hostsToMove(order, text, read, agent);
  if (hosts.length === 0) return plan;
  const { protocol, host, port, path } = siteProperties(site);
  const moved = moveRequests(text, new Set(hosts), { protocol, host, port, path });
  const file = writeBeside(plan, moved, agent);
  agent.info(
    `The plan ${plan} names ${listOf(hosts)} itself. JMeter runs a copy of it whose requests go to ${site.href} instead; the file is as it was.`,
  );
  return file;
}

/** Without them a plan with hard-coded hosts would test another site and say nothing. */
function hostsToMove(
  { plan, site, replaceHosts }: LoadOrder,
  text: string,
  read: ReadonlySet<string>,
  agent: Agent,
): readonly string[] {
  const hosts = hostsOf(text);
  if (replaceHosts.length > 0) {
    if (replaceHosts.includes('*')) return hosts;
    const unknown = replaceHosts.filter(host => !hosts.includes(host));
    if (unknown.length === 0) return replaceHosts;
    throw new UserError(
      `'replaceHosts' names ${listOf(unknown)}, where no request of ${plan} goes. Its requests go to ${listOf(hosts)}.`,
    );
  }
  if (read.has('host')) {
    const fixed = hosts.filter(host => !host.includes('${'));
    if (fixed.length > 0)
      agent.warning(
        `The plan ${plan} reads the property 'host', but names ${listOf(fixed)} itself as well: requests there are sent as they are, whatever 'siteUrl' says. 'replaceHosts' names the hosts that it takes the place of.`,
      );
    return [];
  }
  if (hosts.length > 1)
    throw new UserError(
      `The plan ${plan} does not read the property 'host', and its requests go to ${listOf(hosts)}. Say which of them ${site?.href ?? ''} stands for in 'replaceHosts', or '*' for all.`,
    );
  if (hosts.length === 0)
    agent.warning(
      `The plan ${plan} does not read the property 'host', and no HTTP request in it names a host: 'siteUrl' does not tell it where to go. Put \${__P(host)} where it names its server.`,
    );
  return hosts;
}

/** The files that a plan reads are named from the folder it is in, so a copy must be there, too. */
function writeBeside(plan: string, text: string, agent: Agent): string {
  const copy = join(dirname(plan), `.${basename(plan, '.jmx')}.${randomUUID()}.jmx`);
  agent.onCleanUp('the copy of the test plan', () => {
    rmSync(copy, { force: true });
  });
  try {
    writeFileSync(copy, text, { encoding: 'latin1', flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new UserError(
      `The plan names its host itself, and a copy for 'siteUrl' cannot be written beside it: ${describe(error)}. Put \${__P(host)} into its server names, or make the folder writable.`,
      { cause: error },
    );
  }
  return copy;
}
