/** Runs of the task's use case against a local Azure in the same process. */
import assert from 'node:assert/strict';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import { readManifest } from '../../../scripts/tasks.js';
import type { Agent } from '../../../shared/agent/agent.js';
import { readInputs } from '../../../shared/agent/inputs.js';
import type { SiteAnswer, SiteProbe } from '../../../shared/agent/siteProbe.js';
import { openAzure } from '../../../shared/azure/azure.js';
import { describe } from '../../../shared/core/errors.js';
import { sleep, type Clock } from '../../../shared/core/wait.js';
import { deployBody, type DeployBody } from '../../../shared/report/bodies.js';
import { inputs } from '../../../tasks/DeployVmssImage/src/inputs.generated.js';
import { deployVmssImage } from '../../../tasks/DeployVmssImage/src/run.js';
import type { DeployInputs } from '../../../tasks/DeployVmssImage/src/settings.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { transportTo, type Fixture } from '../../local/azure/fixture.js';

/** One run of the task. */
export interface Run extends FakeAgent {
  /** Its sentence, or the message that it failed with. */
  readonly outcome: string;
  readonly failed: boolean;
}

export interface TaskRuns {
  run(
    given: Readonly<Record<string, string>>,
    host?: {
      readonly signal?: AbortSignal;
      /** What the site answers; 200 when absent. */
      readonly site?: () => SiteAnswer;
      readonly onLine?: (line: string) => void;
    },
  ): Promise<Run>;
  close(): Promise<void>;
}

/**
 * @param timeScale how many of our seconds one of the task's lasts
 * @param probeOf asks the site for real, in place of what each run says that it answers
 */
export function taskRuns(azure: Fixture, timeScale: number, probeOf?: (agent: Agent) => SiteProbe): TaskRuns {
  const { transport, proxy } = clientOf(azure);
  const { tenantId, clientId, clientSecret, subscriptionId } = azure.azure.connection;
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport.options);
  const runs: FakeAgent[] = [];
  return {
    async run(given, host = {}) {
      const fake = fakeAgent({
        ...(host.signal === undefined ? {} : { signal: host.signal }),
        endpoints: { conn: endpointOf({ tenantId, clientId, clientSecret, subscriptionId }) },
      });
      runs.push(fake);
      const info = (line: string) => {
        fake.agent.info(line);
        host.onLine?.(line);
      };
      const agent = { ...fake.agent, info, proxyFor: () => proxy };
      // A clock for each run: the local Azure tells times of day in ours, and they must not drift apart for long.
      const clock = fastClock(timeScale);
      const own = { credential, clock, transport: transport.policy };
      const ports = {
        openAzure: (id: string, name: string) => openAzure(agent, id, name, own),
        probe: probeOf?.(fake.agent) ?? (() => Promise.resolve(host.site?.() ?? { status: 200, body: '' })),
        clock,
      };
      try {
        return { ...fake, outcome: await deployVmssImage(inputsOf(given), agent, ports), failed: false };
      } catch (error) {
        return { ...fake, outcome: describe(error), failed: true };
      }
    },
    async close() {
      for (const one of runs) await one.close();
    },
  };
}

/** What the agent hands over where a pipeline says nothing but these. */
export function inputsOf(given: Readonly<Record<string, string>>): DeployInputs {
  const declared = readManifest('DeployVmssImage').inputs;
  const texts = new Map(declared.map(({ name, defaultValue }) => [name, defaultValue]));
  for (const [name, text] of Object.entries({
    azureSubscription: 'conn',
    resourceGroupName: 'web',
    ...given,
  }))
    texts.set(name, text);
  return readInputs(inputs, {
    text: name => texts.get(name),
    pathSupplied: name => (texts.get(name) ?? '') !== '',
  });
}

/** @param scale how many of our seconds one of its seconds lasts */
function fastClock(scale: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) / scale,
    sleep: (milliseconds, signal) => sleep(milliseconds * scale, signal),
  };
}

function clientOf(azure: Fixture) {
  const options = transportTo(azure.azure.connection);
  const { host, port } = options.proxyOptions;
  const policy: PipelinePolicy = options.additionalPolicies[0]!.policy;
  return { transport: { options, policy }, proxy: { host, port } };
}

function endpointOf(connection: {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
}) {
  const parameters: Readonly<Record<string, string>> = {
    tenantid: connection.tenantId,
    serviceprincipalid: connection.clientId,
    serviceprincipalkey: connection.clientSecret,
  };
  const data: Readonly<Record<string, string>> = {
    environment: 'AzureCloud',
    subscriptionid: connection.subscriptionId,
  };
  return {
    url: 'https://management.azure.com/',
    scheme: 'ServicePrincipal',
    parameter: (name: string) => parameters[name.toLowerCase()],
    data: (name: string) => data[name.toLowerCase()],
  };
}

/** What the release report says of a run. */
export function reportOf(run: Run): DeployBody {
  const content = run.reported();
  assert.ok(content?.task === 'DeployVmssImage', run.log.join('\n'));
  return deployBody.parse(content.body);
}
