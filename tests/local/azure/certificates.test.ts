import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createAuthority, createCertificates, isLasting } from '../../../local/azure/front/certificates.js';

describe('The certificates of the local Azure', () => {
  it('are an authority of its own and one server certificate for all its host names', async () => {
    const { authority, certificate, key } = await createCertificates(
      ['management.azure.com', '*.blob.core.windows.net'],
      await createAuthority(),
    );
    const [issuer, server] = [new X509Certificate(authority), new X509Certificate(certificate)];
    assert.ok(issuer.ca && !server.ca);
    assert.ok(server.verify(issuer.publicKey) && issuer.verify(issuer.publicKey));
    assert.ok(server.checkHost('management.azure.com') && server.checkHost('store.blob.core.windows.net'));
    assert.equal(server.checkHost('login.microsoftonline.com'), undefined);
    assert.match(key, /BEGIN RSA PRIVATE KEY/);
    // A first byte of zero would now and then make an encoding that OpenSSL refuses.
    for (const one of [issuer, server]) assert.match(one.serialNumber, /^01[0-9A-F]{30}$/);
  });

  it('are of one authority only, which outlives them', async () => {
    const [one, other] = await Promise.all([createAuthority(), createAuthority()]);
    const { certificate } = await createCertificates(['a.example'], one);
    const server = new X509Certificate(certificate);
    assert.ok(server.verify(new X509Certificate(one.certificate).publicKey));
    assert.ok(!server.verify(new X509Certificate(other.certificate).publicKey));
    assert.deepEqual([isLasting(one.certificate), isLasting(certificate)], [true, false]);
  });
});
