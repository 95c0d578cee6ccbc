/** The properties that a plan is given. */
import { readFileSync } from 'node:fs';
import type { Agent } from '../../../shared/agent/agent.js';
import { listOf } from '../../../shared/core/text.js';
import type { LoadOrder } from './checkInputs.js';
import { propertiesRead, siteProperties } from './jmeter.js';

/** The site's and the user's properties; the user's win. Says which are given, and warns where the plan does not read the site's. */
export function planProperties(
  { plan, site, properties }: LoadOrder,
  agent: Agent,
): ReadonlyMap<string, string> {
  if (site !== undefined) warnOfUnreadSite(plan, site, agent);
  const fromSite = site === undefined ? {} : siteProperties(site);
  const given = [
    ...Object.entries(fromSite).map(([name, value]) => `${name}=${value}`),
    ...properties.keys(),
  ];
  if (given.length > 0) agent.info(`Properties given to the plan: ${given.join(', ')}`);
  return new Map([...Object.entries(fromSite), ...properties]);
}

/** A plan with hard-coded hosts would test another site and say nothing. */
function warnOfUnreadSite(plan: string, site: URL, agent: Agent): void {
  const read = propertiesRead(readFileSync(plan, 'utf8'));
  if (read.has('host')) return;
  const others = ['protocol', 'port', 'path'].filter(name => read.has(name));
  const also = others.length === 0 ? '' : ` (it does read ${listOf(others)})`;
  agent.warning(
    `The plan ${plan} does not read the property 'host'${also}, so it does not go to ${site.href} but where its samplers say. Put \${__P(host)} into their server names to use 'siteUrl'.`,
  );
}
