/** What the use case works in. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { SiteProbe } from '../../../shared/agent/siteProbe.js';
import type { Azure } from '../../../shared/azure/azure.js';
import type { Clock } from '../../../shared/core/wait.js';
import type { Settings } from './settings.js';

/** The world of this task. */
export interface DeployPorts {
  /** Azure for a service connection and a resource group. */
  openAzure(connection: string, resourceGroup: string): Azure;
  readonly probe: SiteProbe;
  readonly clock: Clock;
}

/** One run of it. */
export interface World {
  readonly agent: Agent;
  readonly azure: Azure;
  readonly ports: DeployPorts;
  readonly settings: Settings;
}
