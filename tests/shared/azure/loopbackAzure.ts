/** Sign-in, OIDC and Azure Resource Manager on one loopback HTTPS server with a test CA: answers are scripted, requests are kept. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

/** One request as it came. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What is answered. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text as it is, anything else as JSON. */
  readonly body?: unknown;
}

/** Answers a request to ARM; undefined gives ARM's own 404. */
export type ArmScript = (request: SeenRequest, origin: string) => ScriptedAnswer | undefined;

export interface LoopbackAzure {
  readonly origin: string;
  /** Where a managed identity is asked for, plain HTTP as on a VM. */
  readonly identityOrigin: string;
  readonly caFile: string;
  readonly requests: SeenRequest[];
  /** The signing certificate with its key, as a service connection holds it. */
  readonly clientPem: string;
  script: ArmScript;
  close(): Promise<void>;
}

function selfSigned(name: string): { cert: string; key: string } {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const key = forge.pki.privateKeyFromPem(privateKey);
  const cert = forge.pki.createCertificate();
  cert.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  cert.serialNumber = '01';
  cert.validity.notBefore = new Date(Date.now() - 86_400_000);
  cert.validity.notAfter = new Date(Date.now() + 86_400_000);
  const subject = [{ name: 'commonName', value: name }];
  cert.setSubject(subject);
  cert.setIssuer(subject);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ]);
  cert.sign(key, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(cert), key: privateKey };
}

export async function startLoopbackAzure(): Promise<LoopbackAzure> {
  const directory = mkdtempSync(join(tmpdir(), 'loopback-azure-'));
  const server = selfSigned('loopback');
  const client = selfSigned('client');
  const caFile = join(directory, 'ca.pem');
  writeFileSync(caFile, server.cert);
  const requests: SeenRequest[] = [];
  const script: { current: ArmScript } = { current: () => undefined };
  let origin = '';

  const onRequest = (message: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const url = new URL(message.url ?? '/', 'https://127.0.0.1');
      const request: SeenRequest = {
        method: message.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: message.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      };
      requests.push(request);
      const answer = signIn(request, origin) ??
        script.current(request, origin) ?? {
          status: 404,
          headers: { 'x-ms-failure-cause': 'gateway' },
          body: { error: { code: 'ResourceNotFound', message: `${url.pathname} was not found.` } },
        };
      const { status, headers = {}, body } = answer;
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(text);
    });
  };
  const https = createServer({ cert: server.cert, key: server.key }, onRequest);
  const http = createHttpServer(onRequest);
  const listen = (target: typeof https | typeof http) =>
    new Promise<number>(resolve => {
      target.listen(0, '127.0.0.1', () => {
        resolve((target.address() as AddressInfo).port);
      });
    });
  origin = `https://127.0.0.1:${await listen(https)}`;
  const identityOrigin = `http://127.0.0.1:${await listen(http)}`;
  return {
    origin,
    identityOrigin,
    caFile,
    requests,
    clientPem: `${client.key}\n${client.cert}`,
    get script() {
      return script.current;
    },
    set script(next) {
      script.current = next;
    },
    async close() {
      rmSync(directory, { recursive: true, force: true });
      for (const target of [https, http]) {
        target.closeAllConnections();
        await new Promise(resolve => target.close(resolve));
      }
    },
  };
}

/** The tokens that this sign-in gives. */
export const accessToken = 'access-token-of-the-loopback';
export const oidcToken = 'oidc-token-of-the-loopback';

function signIn(request: SeenRequest, origin: string): ScriptedAnswer | undefined {
  const { path } = request;
  if (path.endsWith('/.well-known/openid-configuration')) {
    const base = `${origin}/tenant`;
    return {
      status: 200,
      body: {
        token_endpoint: `${base}/oauth2/v2.0/token`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        issuer: `${base}/v2.0`,
        jwks_uri: `${base}/keys`,
      },
    };
  }
  if (path.endsWith('/oauth2/v2.0/token')) {
    const form = new URLSearchParams(request.body);
    if (form.get('client_secret') === 'expired-secret') {
      return {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description: 'AADSTS7000222: The provided client secret keys for app are expired.',
        },
      };
    }
    return { status: 200, body: { token_type: 'Bearer', expires_in: 3600, access_token: accessToken } };
  }
  if (path === '/oidc') return { status: 200, body: { oidcToken } };
  if (path.startsWith('/metadata/identity/oauth2/token')) {
    if (request.headers['metadata'] === undefined) return { status: 400, body: { error: 'invalid_request' } };
    const expires = String(Math.floor(Date.now() / 1000) + 3600);
    return { status: 200, body: { access_token: accessToken, expires_on: expires, token_type: 'Bearer' } };
  }
  return undefined;
}
