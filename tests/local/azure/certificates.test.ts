import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createCertificates } from '../../../local/azure/front/certificates.js';

describe('The certificates of the local Azure', () => {
  it('are an authority of its own and one server certificate for all its host names', async () => {
    const { authority, certificate, key } = await createCertificates([
      'management.azure.com',
      '*.blob.core.windows.net',
    ]);
    const [issuer, server] = [new X509Certificate(authority), new X509Certificate(certificate)];
    assert.ok(issuer.ca && !server.ca);
    assert.ok(server.verify(issuer.publicKey) && issuer.verify(issuer.publicKey));
    assert.ok(server.checkHost('management.azure.com') && server.checkHost('store.blob.core.windows.net'));
    assert.equal(server.checkHost('login.microsoftonline.com'), undefined);
    assert.match(key, /BEGIN RSA PRIVATE KEY/);
    // A first byte of zero would now and then make an encoding that OpenSSL refuses.
    for (const one of [issuer, server]) assert.match(one.serialNumber, /^01[0-9A-F]{30}$/);
  });

  it('are new for every start', async () => {
    const [one, other] = await Promise.all([
      createCertificates(['a.example']),
      createCertificates(['a.example']),
    ]);
    assert.ok(!new X509Certificate(one.certificate).verify(new X509Certificate(other.authority).publicKey));
  });
});
