/** A certificate authority of one local Azure alone, and what it and its clients' application are certified with. */
import { generateKeyPair, randomBytes, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** PEM texts. */
export interface Certificates {
  /** The certificate of the authority that issued the server's. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority: its certificate and private key, PEM. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** PEM texts: SPKI and PKCS#1. */
export interface KeyPair {
  readonly publicKey: string;
  readonly privateKey: string;
}

const day = 24 * 60 * 60 * 1000;
/** Of the authority and of a client's certificate, which a kept state hands on; the server's is issued anew at each start. */
const lastingDays = 365;
const createKeyPair = promisify(generateKeyPair);

export async function createAuthority(): Promise<Authority> {
  const keys = await rsaKeyPair();
  const name = [
    { name: 'organizationName', value: 'Bake & Roll' },
    { name: 'commonName', value: `Local Azure ${randomBytes(4).toString('hex')}` },
  ];
  const made = certificate(keys.publicKey, name, name, lastingDays, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  made.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(made), key: keys.privateKey };
}

/** Issues a server certificate for the host names, wildcards included; valid for 30 days. */
export async function createCertificates(
  hostNames: readonly string[],
  authority: Authority,
): Promise<Certificates> {
  // Node's key generation runs on its thread pool and takes a tenth of the time of the library's.
  const keys = await rsaKeyPair();
  const issuer = forge.pki.certificateFromPem(authority.certificate).subject.attributes;
  const server = certificate(
    keys.publicKey,
    [{ name: 'commonName', value: hostNames[0] ?? '' }],
    issuer,
    30,
    [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hostNames.map(value => ({ type: 2, value })) },
    ],
  );
  server.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
  return {
    authority: authority.certificate,
    certificate: forge.pki.certificateToPem(server),
    key: keys.privateKey,
  };
}

/** Whether a PEM text's certificate will be good for another month. */
export function isLasting(pem: string): boolean {
  return Date.parse(new X509Certificate(pem).validTo) > Date.now() + 31 * day;
}

/** A certificate of its own key for a client that signs in by it, valid for a year, and that key; PEM texts. */
export async function createSelfSigned(commonName: string): Promise<{ certificate: string; key: string }> {
  const keys = await rsaKeyPair();
  const name = [{ name: 'commonName', value: commonName }];
  const made = certificate(keys.publicKey, name, name, lastingDays, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', clientAuth: true },
  ]);
  made.sign(forge.pki.privateKeyFromPem(keys.privateKey), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(made), key: keys.privateKey };
}

/** An RSA key pair of 2048 bits. */
export function rsaKeyPair(): Promise<KeyPair> {
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
  days: number,
  extensions: object[],
): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // The first byte keeps the number positive and its encoding the shortest; OpenSSL refuses any other.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`;
  made.validity.notBefore = new Date(Date.now() - day);
  made.validity.notAfter = new Date(Date.now() + days * day);
  made.setSubject(subject);
  made.setIssuer(issuer);
  made.setExtensions(extensions);
  return made;
}
