/** Throw-away key pairs with a certificate of their own. */
import forge from 'node-forge';

export interface Pem {
  readonly key: string;
  readonly certificate: string;
}

/** A self-signed certificate, good also for a server of that name. */
export function keyAndCertificate(name: string): Pem {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(2026, 0);
  certificate.validity.notAfter = new Date(2036, 0);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer([{ name: 'commonName', value: name }]);
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return {
    key: forge.pki.privateKeyToPem(keys.privateKey),
    certificate: forge.pki.certificateToPem(certificate),
  };
}
