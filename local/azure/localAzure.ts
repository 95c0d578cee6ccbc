/** A whole Azure on loopback: the proxy in front, sign-in, Resource Manager, and the machines behind. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, ToolError } from '../../shared/core/errors.js';
import { answerArm } from './arm/arm.js';
import { putGroup } from './arm/groups.js';
import { createOperations } from './arm/operations.js';
import { createPace } from './arm/pace.js';
import { Resources } from './arm/resources.js';
import { Store } from './arm/store.js';
import { createAuthorization } from './authorization/authorization.js';
import type { RoleDefinition } from './authorization/roleDefinition.js';
import { createDeployments } from './deployments/deployments.js';
import type { InstanceFaults } from './faults/instanceFaults.js';
import type { FaultRule } from './faults/faultRule.js';
import { createFaults } from './faults/faults.js';
import { controlHost } from './control.js';
import { createFrontDoor } from './frontDoor.js';
import { createThrottling } from './throttling/throttling.js';
import { answerBlob, unavailable } from './front/blobs.js';
import { createCertificates } from './front/certificates.js';
import type { Reply, Request } from './front/http.js';
import { startProxy, type ProxyOptions } from './front/proxy.js';
import { openTrafficLog } from './front/traffic.js';
import type { AddressPool } from './machines/addressPool.js';
import type { LoadBalancer, LoadBalancerOptions } from './machines/loadBalancer.js';
import type { Disk, MachineHost } from './machines/machineHost.js';
import type { Cloud } from './providers/cloud.js';
import { createProviders } from './providers/providers.js';
import { startAzurite } from './storage/azurite.js';
import { createUploads } from './storage/uploads.js';
import { createDevOps, devOpsHost, issuerHost } from './signIn/devOps.js';
import { createTokens, readAppCertificate, type Tokens } from './signIn/identity.js';
import { createTrust } from './signIn/trust.js';
import { keepState, resume } from './state/keepState.js';
import type { StateFile } from './state/savedState.js';
import { answerMetadata, metadataHost, metadataUrl } from './signIn/managedIdentity.js';
import { answerSignIn, signInHosts } from './signIn/signIn.js';

export interface LocalAzureOptions {
  /** Of the proxy; 0 for any free one. */
  readonly port: number;
  /** Where the authority's certificate is written. */
  readonly stateDirectory: string;
  readonly host: MachineHost;
  readonly addresses: AddressPool;
  startLoadBalancer(options: LoadBalancerOptions): Promise<LoadBalancer>;
  /** File that every exchange is logged to, one JSON object a line. */
  readonly traffic?: string;
  /** Resource groups that are there from the start, as in a subscription that is in use: location by name. */
  readonly resourceGroups?: ReadonlyMap<string, string>;
  /** What shall go wrong from the start; nothing when absent. */
  readonly faults?: readonly FaultRule[];
  /** Asked about instances of scale sets in place of `faults`, by tests. */
  readonly instanceFaults?: InstanceFaults;
  /** Whether Azure's documented request limits are kept. */
  readonly throttling?: boolean;
  /** The roles of the application that signs in; it owns the subscription when there are none. */
  readonly roles?: readonly RoleDefinition[];
  /** `retired` refuses machines and scale sets with disks in storage accounts, as Azure does now. */
  readonly unmanagedDisks?: 'allow' | 'retired';
  /** Factor on everything that takes its time on Azure, see arm/pace.ts; 0, no waiting at all, when absent. */
  readonly timeScale?: number;
  /** Where its state is kept over restarts; a file of its own for each. */
  readonly state?: StateFile;
  /** The clock, for tests of what expires. */
  readonly now?: () => Date;
}

/** All that a client needs to reach it. */
export interface Connection {
  readonly proxy: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
  /** PEM file of the application's certificate and its private key, for signing in without the secret. */
  readonly certificateFile: string;
  /** Where a job asks for the OIDC token of a federated service connection, as `System.OidcRequestUri`. */
  readonly oidcRequestUri: string;
  /** The bearer token of that request, as `System.AccessToken`. */
  readonly systemAccessToken: string;
}

export interface LocalAzure {
  readonly connection: Connection;
  /** Ends the proxy, the balancers and all machines. */
  close(): Promise<void>;
}

const armHost = 'management.azure.com';
const blobHosts = '*.blob.core.windows.net';
const devOpsHosts = [devOpsHost, issuerHost];
const hostNames = [armHost, ...signInHosts, ...devOpsHosts, controlHost, blobHosts];

export async function startLocalAzure(options: LocalAzureOptions): Promise<LocalAzure> {
  const now = options.now ?? (() => new Date());
  const saved = options.state?.saved;
  const trust = await createTrust(saved?.trust);
  const { identity } = trust;
  const certificates = await createCertificates(hostNames, trust.authority);
  const devOps = createDevOps(trust.devOps, trust.devOpsKeys, now);
  const issued = createTokens(identity, trust.tokenKeys, now);
  const tokens: Tokens = {
    ...issued,
    check: token => {
      const check = issued.check(token);
      if (!check.ok || !expired.has(token)) return check;
      return {
        ok: false,
        why: 'expired',
        claims: { ...check.claims, exp: Math.floor(now().getTime() / 1000) },
      };
    },
  };
  const certificate = readAppCertificate(trust.application);
  const signIn = { identity, tokens, certificate, federated: devOps.federated, now };
  const store = new Store();
  const timeScale = options.timeScale ?? 0;
  const pace = createPace(timeScale);
  const operations = createOperations(now, pace);
  const faults = createFaults();
  const expired = new Set<string>();
  const disks = {
    images: new Map<string, Disk>(),
    blobs: new Map<string, Disk>(),
    osBlobs: new Set<string>(),
    storageKeys: new Map<string, readonly string[]>(saved?.storageKeys),
  };
  const blobs = options.state === undefined ? undefined : join(options.stateDirectory, 'blobs');
  const uploads = createUploads(disks, startAzurite, blobs);
  const cloud: Cloud = {
    store,
    host: options.host,
    addresses: options.addresses,
    ...disks,
    uploads,
    startLoadBalancer: balancer => options.startLoadBalancer(balancer),
    now,
    timeScale,
    faults: options.instanceFaults ?? faults,
    unmanagedDisks: options.unmanagedDisks ?? 'allow',
  };
  const { providers, balancing } = createProviders(cloud);
  const authorization = createAuthorization(identity, () => resources.types);
  authorization.assign(options.roles ?? []);
  const deployments = createDeployments(() => resources, identity, now, authorization);
  const resources = new Resources(store, operations, [...providers, deployments.provider], pace, faults);
  const report = (problem: string) => {
    process.stderr.write(`${problem}\n`);
  };
  if (saved !== undefined) await resume(saved, resources, disks, options.host, report);
  const keeper =
    options.state === undefined ? undefined : keepState(options.state, trust, resources, disks, report);
  const changed = () => keeper?.changed();
  store.onChange = changed;
  operations.onEnd = changed;
  for (const [name, location] of options.resourceGroups ?? []) {
    if (store.group(name) !== undefined) continue;
    putGroup(resources, identity.subscriptionId, name, { location });
  }
  const log = options.traffic === undefined ? undefined : openTrafficLog(options.traffic);

  const dispatch = (request: Request): Reply | Promise<Reply> => {
    if (request.method !== 'GET') changed();
    if (request.url.hostname === armHost)
      return answerArm(request, { identity, tokens, authorization, resources, deployments });
    if (signInHosts.includes(request.url.hostname)) return answerSignIn(request, signIn);
    if (request.url.hostname === metadataHost) return answerMetadata(request, signIn);
    if (devOpsHosts.includes(request.url.hostname)) return devOps.answer(request);
    return answerBlob(request, cloud);
  };
  const replaceFaults = (rules: readonly FaultRule[]) => {
    faults.replace(rules);
    store.memory = faults.longestLag * 1000 * timeScale;
  };
  replaceFaults(options.faults ?? []);
  const answer = createFrontDoor({
    armHost,
    faults,
    surroundings: { store, pace, now, expire: token => expired.add(token) },
    throttling:
      options.throttling === true ? createThrottling(timeScale, now, id => resources.find(id)) : undefined,
    log,
    authorization,
    dispatch,
    replaceFaults,
  });
  /** Uploads go through unread: they may be large. */
  const pass: ProxyOptions['pass'] = async (url, incoming, response) => {
    if (!url.hostname.endsWith(blobHosts.slice(1))) return false;
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    );
    const request: Request = { method: incoming.method ?? 'GET', url, headers, text: '' };
    try {
      const passed = await uploads.pass(url, incoming, response);
      if (passed !== undefined) log?.write(request, passed);
      return passed !== undefined;
    } catch (error) {
      if (response.headersSent) throw error;
      const reply = unavailable(
        `Blobs cannot be kept: ${error instanceof ToolError ? describe(error) : String(error)}`,
      );
      response.writeHead(reply.status, { ...reply.headers, connection: 'close' }).end(reply.body);
      log?.write(request, reply);
      return true;
    }
  };
  const caFile = join(options.stateDirectory, 'ca.pem');
  const certificateFile = join(options.stateDirectory, 'application.pem');
  await Promise.all([
    writeFile(caFile, certificates.authority),
    writeFile(certificateFile, trust.application, { mode: 0o600 }),
  ]);
  const proxy = await startProxy({
    port: options.port,
    certificates,
    hostNames,
    answer,
    pass,
    plainUrl: metadataUrl,
  });
  const { tenantId, clientId, clientSecret, subscriptionId } = identity;
  const { oidcRequestUri, systemAccessToken } = devOps;
  return {
    connection: {
      proxy: proxy.url,
      caFile,
      tenantId,
      clientId,
      clientSecret,
      subscriptionId,
      certificateFile,
      oidcRequestUri,
      systemAccessToken,
    },
    close: async () => {
      keeper?.save();
      keeper?.end();
      pace.close();
      await proxy.close();
      await uploads.close();
      await balancing.close();
      await options.host.close();
      options.addresses.close();
      log?.close();
    },
  };
}
