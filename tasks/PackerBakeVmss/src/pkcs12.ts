/** A PEM certificate with its key as PKCS#12, the only form that Packer takes. */
import forge from 'node-forge';
import { UserError } from '../../../shared/core/errors.js';

/**
 * Turns PEM text with a certificate and its RSA key into PKCS#12. Certificates of the chain are left out: Packer's reader takes
 * exactly one, and triple DES because it knows no newer encryption.
 * @throws UserError when the text holds no pair of key and certificate
 */
export function toPkcs12(pem: string, password: string): Buffer {
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
    const own = certificates
      .map(block => forge.pki.certificateFromPem(block))
      .find(certificate => isOf(certificate, key));
    if (own === undefined) throw new Error('none of its certificates belongs to its private key');
    const asn1 = forge.pkcs12.toPkcs12Asn1(key, own, password, { algorithm: '3des' });
    return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
  } catch (error) {
    throw new UserError(
      `The service connection's certificate cannot be used: ${(error as Error).message}. It must have an RSA key; renew the connection's certificate.`,
      { cause: error },
    );
  }
}

function isOf(certificate: forge.pki.Certificate, key: forge.pki.rsa.PrivateKey): boolean {
  const { n, e } = certificate.publicKey as forge.pki.rsa.PublicKey;
  return n.equals(key.n) && e.equals(key.e);
}
