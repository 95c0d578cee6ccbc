/** A local Azure in this process over fake machines, and real clients that reach it through its proxy. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  type PipelinePolicy,
} from '@azure/core-rest-pipeline';
import { ClientSecretCredential } from '@azure/identity';
import {
  startLocalAzure,
  type Connection,
  type LocalAzure,
  type LocalAzureOptions,
} from '../../../local/azure/localAzure.js';
import { FakeBalancer, FakeHost, fakeAddresses } from './fakes.js';
import { keepCheckable, trafficFile, trafficLines } from './trafficFile.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON, parsed, or text; see {@link look}. */
  readonly body: unknown;
}

/** What stands at a path such as `error.details.0.code`, `value.length`, or `value.*.name` for that of each. */
export function look(value: unknown, path: string): unknown {
  const [head, ...rest] = path.split('.');
  if (head === undefined || head === '' || value === null || value === undefined) return value;
  if (head === '*' && Array.isArray(value)) return value.map(one => look(one, rest.join('.')));
  return look((value as Record<string, unknown>)[head], rest.join('.'));
}

export interface Fixture {
  readonly azure: LocalAzure;
  readonly host: FakeHost;
  readonly addresses: ReturnType<typeof fakeAddresses>;
  readonly balancers: readonly FakeBalancer[];
  readonly subscription: string;
  readonly compute: ComputeManagementClient;
  readonly resources: ResourceManagementClient;
  readonly credential: ClientSecretCredential;
  /** The lines of the traffic log so far. */
  traffic(): readonly Record<string, unknown>[];
  /** A request to any host; JSON bodies. */
  send(method: HttpMethods, url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** A signed-in request to a path below the subscription, with an api-version. */
  arm(method: HttpMethods, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The same, and then polls its operation to the end. */
  armDone(method: HttpMethods, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Client options that lead to a local Azure: its proxy and its authority. */
export function transportTo({ proxy, caFile }: Connection) {
  const { hostname, port } = new URL(proxy);
  const ca = readFileSync(caFile, 'utf8');
  // Behind a proxy the SDK's own tlsOptions do not reach the handshake with the host.
  const policy: PipelinePolicy = {
    name: 'trustLocalAuthority',
    sendRequest: (request, next) => {
      request.requestOverrides = { ...request.requestOverrides, ca };
      return next(request);
    },
  };
  return {
    proxyOptions: { host: `http://${hostname}`, port: Number(port) },
    additionalPolicies: [{ position: 'perRetry' as const, policy }],
    retryOptions: { maxRetries: 0 },
  };
}

/** The time that the local Azure believes it is may be moved. */
export async function startFixture(
  clock: { offset: number } = { offset: 0 },
  options: Partial<LocalAzureOptions> = {},
): Promise<Fixture> {
  const directory = mkdtempSync(join(tmpdir(), 'local-azure-test-'));
  const traffic = trafficFile(directory);
  const host = new FakeHost();
  const addresses = fakeAddresses();
  const balancers: FakeBalancer[] = [];
  const azure = await startLocalAzure({
    port: 0,
    stateDirectory: directory,
    host,
    addresses,
    traffic,
    startLoadBalancer: options => {
      const balancer = new FakeBalancer(options);
      balancers.push(balancer);
      return Promise.resolve(balancer);
    },
    now: () => new Date(Date.now() + clock.offset),
    ...options,
  });
  const { tenantId, clientId, clientSecret, subscriptionId } = azure.connection;
  const transport = transportTo(azure.connection);
  const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport);
  const client = createDefaultHttpClient();
  const pipeline = createPipelineFromOptions(transport);
  for (const { policy } of transport.additionalPolicies) pipeline.addPolicy(policy, { afterPhase: 'Retry' });

  const send: Fixture['send'] = async (method, url, body, headers = {}) => {
    const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const request = createPipelineRequest({
      url,
      method,
      headers: createHttpHeaders({
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      }),
      ...(text === undefined ? {} : { body: text }),
    });
    const response = await pipeline.sendRequest(client, request);
    const received = response.bodyAsText ?? '';
    return {
      status: response.status,
      headers: response.headers.toJSON(),
      body: received.startsWith('{') ? (JSON.parse(received) as unknown) : received,
    };
  };
  const subscription = `/subscriptions/${subscriptionId}`;
  const arm: Fixture['arm'] = async (method, path, body, headers = {}) => {
    const { token } = await credential.getToken('https://management.azure.com/.default');
    const url = path.startsWith('https:')
      ? path
      : `https://management.azure.com${path.startsWith('/subscriptions') ? '' : subscription}${path}`;
    const versioned = url.includes('api-version=')
      ? url
      : `${url}${url.includes('?') ? '&' : '?'}api-version=2024-07-01`;
    return send(method, versioned, body, { authorization: `Bearer ${token}`, ...headers });
  };
  return {
    azure,
    host,
    addresses,
    balancers,
    subscription,
    credential,
    compute: new ComputeManagementClient(credential, subscriptionId, transport),
    resources: new ResourceManagementClient(credential, subscriptionId, transport),
    traffic: () => trafficLines(traffic).map(line => JSON.parse(line) as Record<string, unknown>),
    send,
    arm,
    armDone: async (method, path, body) => {
      const first = await arm(method, path, body);
      const poll = first.headers['azure-asyncoperation'] ?? first.headers['location'];
      if (poll === undefined) return first;
      for (;;) {
        const state = await arm('GET', poll);
        if (
          state.status === 202 ||
          ['InProgress', 'Accepted', 'Running'].includes(String(look(state, 'body.status')))
        ) {
          await new Promise(resolve => setTimeout(resolve, 10));
          continue;
        }
        return state;
      }
    },
    close: async () => {
      await azure.close();
      keepCheckable(traffic);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
