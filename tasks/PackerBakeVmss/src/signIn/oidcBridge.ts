/** Hands Packer a fresh federated token whenever it asks: its protocol on one side, Azure DevOps' on the other. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running bridge. */
export interface OidcBridge {
  /** What goes into `oidc_request_url` and `oidc_request_token`. */
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * Serves on loopback what packer-plugin-azure expects of GitHub (`GET ?audience=…` with a bearer token answers `{"value": …}`);
 * Azure DevOps has another protocol (`POST`, `{"oidcToken": …}`), and without this a build ends with its first token, after an hour.
 * @param requestToken gets a fresh token from Azure DevOps
 */
export async function openOidcBridge(requestToken: () => Promise<string>): Promise<OidcBridge> {
  const token = randomBytes(32).toString('hex');
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (!isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      answer(401, { message: 'not authorized' });
      return;
    }
    requestToken().then(
      value => {
        answer(200, { count: 1, value });
      },
      (error: unknown) => {
        answer(502, { message: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    token,
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
