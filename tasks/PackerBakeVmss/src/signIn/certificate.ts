/** A service connection's certificate in the two forms that Packer's Azure plugins read. */
import forge from 'node-forge';
import { UserError } from '../../../../shared/core/errors.js';

/** A certificate and the key that belongs to it. */
export interface KeyPair {
  readonly key: forge.pki.rsa.PrivateKey;
  readonly certificate: forge.pki.Certificate;
}

/**
 * Reads PEM text. Certificates of the chain are left out: Packer's readers take exactly one.
 * @throws UserError when the text holds no pair of RSA key and certificate
 */
export function readKeyPair(pem: string): KeyPair {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g) ?? [];
  const keyPem = blocks.find(block => /^-----BEGIN (RSA )?PRIVATE KEY-----/.test(block));
  const certificates = blocks.filter(block => block.startsWith('-----BEGIN CERTIFICATE-----'));
  if (keyPem === undefined || certificates.length === 0) {
    throw new UserError(
      "The service connection's certificate must be PEM text with a CERTIFICATE and a PRIVATE KEY (RSA, not encrypted). " +
        'Edit the connection and paste both, or use workload identity federation.',
    );
  }
  try {
    const key = forge.pki.privateKeyFromPem(keyPem);
    const certificate = certificates
      .map(block => forge.pki.certificateFromPem(block))
      .find(candidate => isOf(candidate, key));
    if (certificate === undefined) throw new Error('none of its certificates belongs to its private key');
    return { key, certificate };
  } catch (error) {
    throw new UserError(
      `The service connection's certificate cannot be used: ${(error as Error).message}. It must have an RSA key; renew the connection's certificate.`,
      { cause: error },
    );
  }
}

/** As PKCS#12, which the Azure plugin reads since version 2; triple DES because Go's older reader knows no newer encryption. */
export function toPkcs12({ key, certificate }: KeyPair, password: string): Buffer {
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, certificate, password, { algorithm: '3des' });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}

/** As PEM, which the Azure builder inside Packer and the plugin's version 1 read. */
export function toPem({ key, certificate }: KeyPair): string {
  const asn1 = forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key));
  return `${forge.pki.privateKeyInfoToPem(asn1)}${forge.pki.certificateToPem(certificate)}`;
}

function isOf(certificate: forge.pki.Certificate, key: forge.pki.rsa.PrivateKey): boolean {
  const { n, e } = certificate.publicKey as forge.pki.rsa.PublicKey;
  return n.equals(key.n) && e.equals(key.e);
}
