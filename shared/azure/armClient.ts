/** The one client of Azure Resource Manager: two SDKs behind one sign-in, one policy and one way to fail. */
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';
import type { Agent } from '../agent/agent.js';
import { AzureError } from '../core/errors.js';
import { systemClock, type Clock } from '../core/wait.js';
import { answerPolicy, observing } from './answers.js';
import type { ServiceConnection } from './connection.js';
import { createCredential } from './credential.js';
import { azureFailure } from './failure.js';
import { startOperation, type Operation, type Poller } from './operation.js';

/** A subscription, signed in to. Everything that fails in its calls is an AzureError, or a UserError where nothing answered. */
export interface ArmClient {
  readonly subscriptionId: string;
  readonly compute: ComputeManagementClient;
  readonly resources: ResourceManagementClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  log(line: string): void;
  /**
   * Runs a call of an SDK.
   * @param doing what it does, as in "reading scale set 'web'"
   */
  call<T>(doing: string, send: () => Promise<T>): Promise<T>;
  /** As {@link call}, undefined where Azure says that there is no such resource. */
  find<T>(doing: string, send: () => Promise<T>): Promise<T | undefined>;
  /** As {@link call}, with the answers' JSON as it came: the SDKs drop what their models do not know, such as nested errors. */
  documents(doing: string, send: () => Promise<unknown>): Promise<unknown[]>;
  /**
   * Any resource's JSON as it comes, undefined where there is none; of any subscription, with any query, which the SDKs do not offer.
   * @param path an ARM id, or a path below one
   */
  read(
    doing: string,
    path: string,
    query: Readonly<Record<string, string>> & { readonly 'api-version': string },
  ): Promise<unknown>;
  /** Starts a long-running operation; `begin` must not wait for the poller. */
  start(doing: string, begin: () => Poller): Promise<Operation>;
}

/** What a client is given in place of the agent's own, for tests and measurements. */
export interface OwnClient {
  readonly credential?: TokenCredential;
  readonly clock?: Clock;
  /** Sees every request last, such as one that trusts another authority. */
  readonly transport?: PipelinePolicy;
}

/** Makes the client for a service connection; nothing is asked of Azure before its first call. */
export function createArmClient(agent: Agent, connection: ServiceConnection, own: OwnClient = {}): ArmClient {
  const { cloud, subscriptionId } = connection;
  const { signal } = agent;
  const clock = own.clock ?? systemClock;
  const credential = own.credential ?? createCredential(agent, connection);
  const scope = `${cloud.audience}/.default`;
  const proxyOptions = agent.proxyFor(cloud.armEndpoint);
  const log = (line: string) => {
    agent.info(line);
  };
  const options = {
    endpoint: cloud.armEndpoint,
    userAgentOptions: { userAgentPrefix: 'bake-and-roll' },
    // The SDKs' own retries sleep as long as any Retry-After says, in silence.
    retryOptions: { maxRetries: 0 },
    additionalPolicies: [
      { policy: answerPolicy({ signal, clock, log }), position: 'perCall' as const },
      ...(own.transport === undefined ? [] : [{ policy: own.transport, position: 'perRetry' as const }]),
    ],
    ...(proxyOptions === undefined ? {} : { proxyOptions }),
  };

  const observed = async <T>(doing: string, send: () => Promise<T>) => {
    signal.throwIfAborted();
    try {
      return await observing(send);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw azureFailure(doing, error);
    }
  };
  const resources = new ResourceManagementClient(credential, subscriptionId, {
    ...options,
    credentialScopes: scope,
  });
  const find = async <T>(doing: string, send: () => Promise<T>): Promise<T | undefined> => {
    try {
      return (await observed(doing, send)).result;
    } catch (error) {
      if (error instanceof AzureError && error.status === 404) return undefined;
      throw error;
    }
  };
  return {
    subscriptionId,
    compute: new ComputeManagementClient(credential, subscriptionId, {
      ...options,
      credentials: { scopes: [scope] },
    }),
    resources,
    clock,
    signal,
    log,
    call: async (doing, send) => (await observed(doing, send)).result,
    find,
    async read(doing, path, query) {
      const url = new URL(`${cloud.armEndpoint.replace(/\/$/, '')}/${path.replace(/^\//, '')}`);
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      const answer = await find(doing, () =>
        resources.sendRequest(createPipelineRequest({ url: url.href, abortSignal: signal })),
      );
      return answer === undefined ? undefined : (JSON.parse(answer.bodyAsText ?? '') as unknown);
    },
    async documents(doing, send) {
      const { answers } = await observed(doing, send);
      return answers.bodies.filter(body => body.trim() !== '').map(body => JSON.parse(body) as unknown);
    },
    start: (doing, begin) => startOperation(doing, begin, clock, signal),
  };
}

/** All items of a paged list of the SDKs'. */
export async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of pages) items.push(item);
  return items;
}
