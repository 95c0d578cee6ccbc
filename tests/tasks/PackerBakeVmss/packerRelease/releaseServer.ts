/** A server of Packer releases, signed by a key of its own, whose answers a test can spoil. */
import { createHash } from 'node:crypto';
import { createMessage, generateKey, readPrivateKey, sign } from 'openpgp';
import { startFileServer, type FileServer } from '../../../fakes/fileServer.js';
import { zipFile, type ZipEntry } from '../../../fakes/zipFile.js';

/** A key that signs releases. */
export interface SigningKey {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** Makes a key. */
export async function makeSigningKey(date = new Date()): Promise<SigningKey> {
  return generateKey({
    type: 'rsa',
    rsaBits: 2048,
    userIDs: [{ name: 'Releases' }],
    format: 'armored',
    date,
  });
}

/** A detached, binary signature. */
export async function signDetached(
  content: Buffer,
  { privateKey }: SigningKey,
  date = new Date(),
): Promise<Buffer> {
  const signature: unknown = await sign({
    message: await createMessage({ binary: Uint8Array.from(content) }),
    signingKeys: await readPrivateKey({ armoredKey: privateKey }),
    detached: true,
    format: 'binary',
    date,
  });
  return Buffer.from(signature as Uint8Array);
}

const system = process.platform === 'win32' ? 'windows' : process.platform;
const architecture = process.arch === 'x64' ? 'amd64' : process.arch;

/** This machine as HashiCorp names it. */
export const platform = `${system}_${architecture}`;

/** The running server. */
export interface ReleaseServer extends FileServer {
  /** Puts a release there, as HashiCorp lays it out. */
  publish(
    version: string,
    content: readonly ZipEntry[],
    key: SigningKey,
    platforms?: string[],
  ): Promise<void>;
}

/** Starts a server with no release; with a certificate it speaks TLS. */
export async function startReleaseServer(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<ReleaseServer> {
  const server = await startFileServer(tls);
  const { files } = server;
  const versions: Record<string, object> = {};
  return {
    ...server,
    url: `${server.url}/packer`,
    async publish(version, content, key, platforms = [platform, 'plan9_mips']) {
      const zip = zipFile(content);
      const sum = createHash('sha256').update(zip).digest('hex');
      const at = (name: string) => `/packer/${version}/packer_${version}_${name}`;
      const lines = platforms.map(name => `${sum}  packer_${version}_${name}.zip\n`);
      const sums = Buffer.from(lines.join(''));
      files.set(at('SHA256SUMS'), sums);
      files.set(at('SHA256SUMS.sig'), await signDetached(sums, key));
      for (const name of platforms) files.set(at(`${name}.zip`), zip);
      versions[version] = { name: 'packer', version };
      files.set('/packer/index.json', Buffer.from(JSON.stringify({ name: 'packer', versions })));
    },
  };
}
