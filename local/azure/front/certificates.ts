/** A certificate authority of this process alone, and the one server certificate it issues. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** PEM texts. The keys never leave the process. */
export interface Certificates {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

const day = 24 * 60 * 60 * 1000;
const createKeyPair = promisify(generateKeyPair);

/** Issues a server certificate for the host names, wildcards included, under a new authority; valid for 30 days. */
export async function createCertificates(hostNames: readonly string[]): Promise<Certificates> {
  // Node's key generation runs on its thread pool and takes a tenth of the time of the library's.
  const [authorityKeys, serverKeys] = await Promise.all([rsaKeyPair(), rsaKeyPair()]);
  const authorityName = [
    { name: 'organizationName', value: 'Bake & Roll' },
    { name: 'commonName', value: `Local Azure ${randomBytes(4).toString('hex')}` },
  ];
  const authority = certificate(authorityKeys.publicKey, authorityName, authorityName, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  const server = certificate(
    serverKeys.publicKey,
    [{ name: 'commonName', value: hostNames[0] ?? '' }],
    authorityName,
    [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hostNames.map(value => ({ type: 2, value })) },
    ],
  );
  const signingKey = forge.pki.privateKeyFromPem(authorityKeys.privateKey);
  for (const one of [authority, server]) one.sign(signingKey, forge.md.sha256.create());
  return {
    authority: forge.pki.certificateToPem(authority),
    certificate: forge.pki.certificateToPem(server),
    key: serverKeys.privateKey,
  };
}

/** A certificate of its own key for a client that signs in by it, valid for 30 days, and that key; PEM texts. */
export async function createSelfSigned(commonName: string): Promise<{ certificate: string; key: string }> {
  const keys = await rsaKeyPair();
  const name = [{ name: 'commonName', value: commonName }];
  const made = certificate(keys.publicKey, name, name, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', clientAuth: true },
  ]);
  made.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(made), key: keys.privateKey };
}

/** An RSA key pair of 2048 bits as PEM texts (PKCS#1 private, SPKI public). */
export function rsaKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  return createKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}

function certificate(
  publicKey: string,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // The first byte keeps the number positive and its encoding the shortest; OpenSSL refuses any other.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  made.validity.notBefore = new Date(Date.now() - day);
  made.validity.notAfter = new Date(Date.now() + 30 * day);
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  return made;
}
