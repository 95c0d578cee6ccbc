/** Where the site of a scale set is, and whether it can be watched from here. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { SiteProbe } from '../../../shared/agent/siteProbe.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { AzureError } from '../../../shared/core/errors.js';
import type { Clock } from '../../../shared/core/wait.js';
import { measureSite, type SiteTraffic } from './siteTraffic.js';

/** What this needs of the world. */
export interface SiteHost {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly azure: Azure;
  readonly probe: SiteProbe;
}

/** The address is a convenience: whoever may not read load balancers may still deploy. */
export async function findSiteUrl(scaleSet: ScaleSet, host: SiteHost): Promise<string> {
  const note = (why: string) => {
    host.agent.info(`No site URL: ${why}. A deployment output 'siteUrl' would tell it.`);
    return '';
  };
  try {
    const found = await host.azure.siteAddresses.of(scaleSet);
    return 'url' in found ? found.url : note(found.none);
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    return note(error.message);
  }
}

/** Measures how the site answers from now on; undefined, with a line, when it does not answer here. */
export async function watchSite(
  url: string,
  { agent, probe, clock }: SiteHost,
): Promise<SiteTraffic | undefined> {
  if (url === '') return undefined;
  const traffic = await measureSite(url, { probe, clock, signal: agent.signal });
  agent.info(
    traffic === undefined
      ? `${url} does not answer here: how it answers while instances move is not measured.`
      : `${url} is asked twice a second while instances move.`,
  );
  return traffic;
}
