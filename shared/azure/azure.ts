/** Azure as the tasks see it: a few verbs on one resource group, behind one sign-in. */
import type { Agent } from '../agent/agent.js';
import { createArmClient, type OwnClient } from './armClient.js';
import { openConnection } from './connection.js';
import { deploymentsOf, type Deployments } from './deployments.js';
import { healthProbesOf, type HealthProbes } from './healthProbes.js';
import { imagesOf, type Images } from './images.js';
import { quotasOf, type Quotas } from './quotas.js';
import { scaleSetsOf, type ScaleSets } from './scaleSets.js';
import { siteAddressesOf, type SiteAddresses } from './siteAddress.js';

/** What can be asked of Azure for one resource group. */
export interface Azure {
  readonly deployments: Deployments;
  readonly scaleSets: ScaleSets;
  readonly images: Images;
  readonly siteAddresses: SiteAddresses;
  readonly healthProbes: HealthProbes;
  readonly quotas: Quotas;
}

/**
 * Azure behind a service connection; nothing is asked before the first verb.
 * @throws UserError when the connection cannot be used
 */
export function openAzure(
  agent: Agent,
  connectionId: string,
  resourceGroup: string,
  own: OwnClient = {},
): Azure {
  const arm = createArmClient(agent, openConnection(agent, connectionId), own);
  return {
    deployments: deploymentsOf(arm, resourceGroup),
    scaleSets: scaleSetsOf(arm, resourceGroup),
    images: imagesOf(arm),
    siteAddresses: siteAddressesOf(arm),
    healthProbes: healthProbesOf(arm),
    quotas: quotasOf(arm),
  };
}
