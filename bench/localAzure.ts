/**
 * Memory and requests per second of the local Azure, idle and loaded: `npx tsx bench/localAzure.ts [INSTANCES] [SECONDS]`.
 * INSTANCES simulated instances (1000 when absent) in one scale set; SECONDS (3) for each row. Needs the base image of the set-up.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import type { Connection } from '../local/azure/localAzure.js';

const instances = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 3);
/** Connections that ask at the same time. */
const parallel = 8;
/** No wait for the scale set is longer, in milliseconds. */
const patience = 120_000;

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}
type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-local-azure-'));
  const options = [
    '--instances',
    'simulated',
    '--simulated-boot',
    '1',
    '--ready-file',
    join(directory, 'ready.json'),
  ];
  const server = spawn(process.execPath, ['--import', 'tsx', 'local/azure/main.ts', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const connection = JSON.parse(line.toString()) as Connection;
    await measure(connection, server.pid ?? 0);
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measure(connection: Connection, pid: number): Promise<void> {
  const { subscriptionId } = connection;
  const agents = Array.from({ length: parallel }, () => agentOf(connection));
  const token = await signIn(connection, agents[0] ?? agentOf(connection));
  const asks = agents.map(
    (agent): Ask =>
      (method, path, body) =>
        ask(agent, method, path, token, body),
  );
  const [first] = asks;
  if (first === undefined) return;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/bench`;
  const web = `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/web`;
  const rows: string[][] = [['server', 'request', 'requests/s', 'p50 ms', 'p99 ms', 'body kB', 'RSS MiB']];
  const row = async (server: string, name: string, path: string) => {
    rows.push([server, name, ...(await load(asks, path)), mebibytes(pid)]);
  };
  await expect(first('PUT', group, { location: 'westeurope' }), 201);
  await row('idle', 'GET resource group', group);
  await row('idle', 'GET resources', `${group}/resources`);
  const began = performance.now();
  await prepare(first, group, web);
  const made = Math.round(performance.now() - began);
  await row('loaded', 'GET resource group', group);
  await row('loaded', 'GET scale set', web);
  await row('loaded', 'GET one instance', `${web}/virtualMachines/${Math.floor(instances / 2)}`);
  await row('loaded', 'GET instance view of the set', `${web}/instanceView`);
  await row('loaded', 'GET all instances', `${web}/virtualMachines`);
  await row('loaded', 'GET all instances with views', `${web}/virtualMachines?$expand=instanceView`);
  for (const agent of agents) agent.destroy();
  process.stdout.write(
    `\n${instances} simulated instances made in ${made} ms; ${parallel} connections, ${seconds} s a row\n\n`,
  );
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(one => one[column]?.length ?? 0))) ?? [];
  for (const one of rows)
    process.stdout.write(
      `${one.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}\n`,
    );
}

/** A network, and a scale set of the platform image in it. */
async function prepare(asking: Ask, group: string, web: string): Promise<void> {
  const network = `${group}/providers/Microsoft.Network/virtualNetworks/net`;
  const location = 'westeurope';
  await done(asking, network, {
    location,
    properties: {
      addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
      subnets: [{ name: 'web', properties: { addressPrefix: '10.0.0.0/20' } }],
    },
  });
  await done(asking, web, {
    location,
    sku: { name: 'Standard_B1s', tier: 'Standard', capacity: instances },
    properties: {
      overprovision: false,
      singlePlacementGroup: false,
      upgradePolicy: { mode: 'Manual' },
      virtualMachineProfile: {
        storageProfile: {
          imageReference: { publisher: 'Debian', offer: 'debian-12', sku: '12', version: 'latest' },
          osDisk: { createOption: 'FromImage', managedDisk: { storageAccountType: 'Standard_LRS' } },
        },
        osProfile: { computerNamePrefix: 'web', adminUsername: 'bench', adminPassword: 'Bench-only-1' },
        networkProfile: {
          networkInterfaceConfigurations: [
            {
              name: 'nic',
              properties: {
                primary: true,
                ipConfigurations: [{ name: 'ip', properties: { subnet: { id: `${network}/subnets/web` } } }],
              },
            },
          ],
        },
      },
    },
  });
}

/** A PUT, and its operation to the end. */
async function done(asking: Ask, path: string, body: unknown): Promise<void> {
  const answer = await expect(asking('PUT', path, body), 201);
  const poll = new URL(String(answer.headers['azure-asyncoperation']));
  const until = Date.now() + patience;
  for (;;) {
    const { text } = await asking('GET', `${poll.pathname}${poll.search}`);
    const { status } = JSON.parse(text) as { readonly status: string };
    if (status === 'Succeeded') return;
    if (status !== 'InProgress' || Date.now() > until)
      throw new Error(`PUT ${path} got no further than: ${text}`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** As many requests as fit into the time, on all connections. */
async function load(
  asks: readonly Ask[],
  path: string,
): Promise<[rate: string, p50: string, p99: string, size: string]> {
  const times: number[] = [];
  let size = 0;
  await Promise.all(asks.map(asking => expect(asking('GET', path), 200)));
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    asks.map(async asking => {
      while (performance.now() < end) {
        const start = performance.now();
        size = (await expect(asking('GET', path), 200)).text.length;
        times.push(performance.now() - start);
      }
    }),
  );
  const rate = times.length / ((performance.now() - began) / 1000);
  times.sort((a, b) => a - b);
  const rank = (share: number) => (times[Math.ceil(times.length * share) - 1] ?? 0).toFixed(1);
  return [rate.toFixed(0), rank(0.5), rank(0.99), (size / 1000).toFixed(1)];
}

async function expect(answer: Promise<Answer>, status: number): Promise<Answer> {
  const got = await answer;
  if (got.status !== status)
    throw new Error(`${status} was expected, not ${got.status}: ${got.text.slice(0, 500)}`);
  return got;
}

/** One connection that is kept, through the proxy. */
function agentOf({ proxy, caFile }: Connection): Agent {
  const ca = readFileSync(caFile);
  const { hostname, port } = new URL(proxy);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = (options, callback) => {
    const host = String(options.host);
    httpRequest({ hostname, port, method: 'CONNECT', path: `${host}:443` })
      .on('connect', (_response, socket) => {
        callback?.(null, tlsConnect({ socket, servername: host, ca }));
      })
      .on('error', error => callback?.(error, undefined as never))
      .end();
    return undefined;
  };
  return agent;
}

function send(
  agent: Agent,
  method: string,
  url: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(url, { agent, method, headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          headers: response.headers,
        });
      });
    });
    sent.on('error', reject).end(body);
  });
}

function ask(agent: Agent, method: string, path: string, token: string, body: unknown): Promise<Answer> {
  const version = path.includes('api-version=')
    ? ''
    : `${path.includes('?') ? '&' : '?'}api-version=2024-07-01`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  return send(agent, method, `https://management.azure.com${path}${version}`, headers, text);
}

async function signIn({ tenantId, clientId, clientSecret }: Connection, agent: Agent): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'https://management.azure.com/.default',
  });
  const url = `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { text } = await expect(send(agent, 'POST', url, headers, form.toString()), 200);
  return (JSON.parse(text) as { readonly access_token: string }).access_token;
}

/** Resident memory of a process (proc(5), status). */
function mebibytes(pid: number): string {
  const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kibibytes) / 1024).toFixed(0);
}

await main();
