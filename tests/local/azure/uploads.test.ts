import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
} from '@azure/core-rest-pipeline';
import { openStateFile } from '../../../local/azure/state/savedState.js';
import { checkFooter, checksum } from '../../../local/azure/storage/vhdFooter.js';
import { look, startFixture, transportTo, type Fixture } from './fixture.js';
import { machine, network } from './templates.js';

const megabyte = 1024 ** 2;
const location = 'westeurope';
const account = 'keepsblobs';
const site = `https://${account}.blob.core.windows.net`;

/** A fixed VHD of zeros. */
function vhd({ size = megabyte, type = 2, cookie = 'conectix' } = {}): Buffer {
  const footer = Buffer.alloc(512);
  footer.write(cookie, 'latin1');
  footer.writeBigUInt64BE(BigInt(size), 40);
  footer.writeBigUInt64BE(BigInt(size), 48);
  footer.writeUInt32BE(type, 60);
  footer.writeUInt32BE(checksum(footer), 64);
  return Buffer.concat([Buffer.alloc(size), footer]);
}

describe('The footer of a VHD', () => {
  const check = (blob: Buffer, size = blob.length) => {
    checkFooter(blob.subarray(-512), size, 'https://a.blob.core.windows.net/c/d.vhd');
  };
  it('is taken when the VHD is fixed and whole', () => {
    check(vhd());
  });
  const damaged = vhd();
  damaged.writeUInt8(1, damaged.length - 1);
  for (const [what, blob, message, size] of [
    ['no VHD', vhd({ cookie: 'nonsense' }), /expected to have cookie value 'conectix'/, undefined],
    ['dynamic', vhd({ type: 3 }), /disk type 3 \(dynamic\)/, undefined],
    ['of half a megabyte', vhd({ size: megabyte / 2 }), /must be a whole number \(in MBs\)/, undefined],
    ['cut off', vhd(), /the upload is not whole/, 1000],
    ['damaged', damaged, /checksum is wrong/, undefined],
  ] as const)
    it(`is refused when it is ${what}`, () => {
      assert.throws(() => {
        check(blob, size);
      }, message);
    });
});

describe('Blobs that are uploaded to the local Azure', function () {
  this.timeout(600_000);
  let azure: Fixture;
  let keys: string[] = [];
  let directory: string;
  const start = () =>
    startFixture(
      { offset: 0 },
      { state: openStateFile(join(directory, 'state.json')), stateDirectory: directory },
    );

  /** A request signed with the account's key, as Azure's clients sign theirs. */
  const blob = async (
    method: HttpMethods,
    path: string,
    {
      headers = {},
      body,
      key = keys[0] ?? '',
    }: { headers?: Record<string, string>; body?: Buffer; key?: string } = {},
  ) => {
    const url = new URL(path, site);
    const own: Record<string, string> = {
      // The pipeline would add one after the signature.
      'x-ms-client-request-id': 'test',
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': '2021-12-02',
      ...headers,
    };
    const named = Object.keys(own)
      .sort()
      .map(name => `${name}:${own[name] ?? ''}\n`);
    const query = [...url.searchParams].sort().map(([name, value]) => `\n${name}:${value}`);
    const length = body === undefined || body.length === 0 ? '' : String(body.length);
    const type = body === undefined ? '' : 'application/octet-stream';
    const text =
      `${method}\n\n\n${length}\n\n${type}\n\n\n\n\n\n\n` +
      `${named.join('')}/${account}${url.pathname}${query.join('')}`;
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
    const transport = transportTo(azure.azure.connection);
    const pipeline = createPipelineFromOptions(transport);
    for (const { policy } of transport.additionalPolicies)
      pipeline.addPolicy(policy, { afterPhase: 'Retry' });
    const request = createPipelineRequest({
      url: url.href,
      method,
      headers: createHttpHeaders({
        ...own,
        ...(body === undefined ? {} : { 'content-type': type, 'content-length': String(body.length) }),
        authorization: `SharedKey ${account}:${signature}`,
      }),
      ...(body === undefined ? {} : { body }),
    });
    const answer = await pipeline.sendRequest(createDefaultHttpClient(), request);
    return { status: answer.status, text: answer.bodyAsText ?? '', headers: answer.headers.toJSON() };
  };
  const upload = async (name: string, content: Buffer) => {
    const made = await blob('PUT', `/vhds/${name}`, {
      headers: { 'x-ms-blob-type': 'PageBlob', 'x-ms-blob-content-length': String(content.length) },
    });
    assert.equal(made.status, 201, made.text);
    const paged = await blob('PUT', `/vhds/${name}?comp=page`, {
      headers: { 'x-ms-page-write': 'update', 'x-ms-range': `bytes=0-${content.length - 1}` },
      body: content,
    });
    assert.equal(paged.status, 201, paged.text);
  };
  const image = (name: string, file: string) =>
    azure.armDone('PUT', `/resourceGroups/web/providers/Microsoft.Compute/images/${name}`, {
      location,
      properties: {
        storageProfile: {
          osDisk: { osType: 'Linux', osState: 'Generalized', blobUri: `${site}/vhds/${file}` },
        },
      },
    });

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'uploads-test-'));
    azure = await start();
    await azure.arm('PUT', '/resourcegroups/web', { location });
    const path = `/resourceGroups/web/providers/Microsoft.Storage/storageAccounts/${account}`;
    const made = await azure.arm('PUT', path, {
      location,
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      properties: {},
    });
    assert.equal(made.status, 202);
    assert.equal(made.body, '');
    assert.equal(made.headers['azure-asyncoperation'], undefined);
    let done = await azure.arm('GET', made.headers['location'] ?? '');
    while (done.status === 202) done = await azure.arm('GET', made.headers['location'] ?? '');
    assert.equal(look(done, 'body.properties.primaryEndpoints.blob'), `${site}/`);
    assert.equal(look(done, 'body.properties.provisioningState'), 'Succeeded');
    const names = await Promise.all(
      ['free1', account, 'Not-valid'].map(name =>
        azure.arm('POST', '/providers/Microsoft.Storage/checkNameAvailability', {
          name,
          type: 'Microsoft.Storage/storageAccounts',
        }),
      ),
    );
    assert.deepEqual(
      names.map(one => look(one, 'body.reason')),
      [undefined, 'AlreadyExists', 'AccountNameInvalid'],
    );
    const listed = await azure.arm('POST', `${path}/listKeys`);
    keys = (look(listed, 'body.keys.*.value') as string[]).map(String);
    assert.equal(keys.length, 2);
  });
  after(async () => {
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('are not there before, and need a key', async () => {
    assert.equal((await blob('GET', '/vhds/disk.vhd')).status, 404);
    const made = await blob('PUT', '/vhds?restype=container');
    assert.equal(made.status, 201, made.text);
    const wrong = await blob('PUT', '/other?restype=container', {
      key: Buffer.alloc(64).toString('base64'),
    });
    assert.equal(wrong.status, 403);
    assert.match(wrong.text, /AuthenticationFailed|AuthorizationFailure/);
  });

  it('are kept, listed, read and deleted', async () => {
    const content = Buffer.from('a few bytes');
    const made = await blob('PUT', '/vhds/note.txt', {
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body: content,
    });
    assert.equal(made.status, 201, made.text);
    assert.equal((await blob('GET', '/vhds/note.txt')).text, 'a few bytes');
    assert.match((await blob('GET', '/vhds?comp=list&restype=container')).text, /<Name>note\.txt<\/Name>/);
    assert.equal((await blob('DELETE', '/vhds/note.txt')).status, 202);
    assert.equal((await blob('GET', '/vhds/note.txt')).status, 404);
  });

  it('become images when they are fixed VHDs, which are kept; a machine of one says why it does not boot', async () => {
    await upload('disk.vhd', vhd());
    assert.equal(look(await image('uploaded', 'disk.vhd'), 'body.status'), 'Succeeded');
    for (const one of network(azure.subscription)) await azure.armDone('PUT', one.path, one.body);
    const vm = machine(azure.subscription);
    Object.assign(look(vm.body, 'properties.storageProfile') as object, {
      imageReference: {
        id: `${azure.subscription}/resourceGroups/web/providers/Microsoft.Compute/images/uploaded`,
      },
    });
    const booted = await azure.armDone('PUT', vm.path, vm.body);
    assert.equal(look(booted, 'body.error.code'), 'OSProvisioningClientError');
    assert.match(
      String(look(booted, 'body.error.message')),
      /^OS Provisioning failed for VM 'vm'\. Error details: its image goes back to a VHD that was uploaded/,
    );
    assert.equal(look(await azure.arm('GET', vm.path), 'body.properties.provisioningState'), 'Failed');
    const set = await azure.arm('PUT', '/resourceGroups/web/providers/Microsoft.Compute/disks/imported', {
      location,
      properties: { creationData: { createOption: 'Import', sourceUri: `${site}/vhds/disk.vhd` } },
    });
    assert.equal(set.status, 202);
  });

  it('are refused as images when they are none', async () => {
    await upload('dynamic.vhd', vhd({ type: 3 }));
    for (const [file, message] of [
      ['dynamic.vhd', /disk type 3/],
      ['none.vhd', /Unable to find VHD blob/],
    ] as const) {
      const done = await image(`from-${file.split('.')[0] ?? ''}`, file);
      assert.equal(look(done, 'body.status'), 'Failed');
      assert.match(String(look(done, 'body.error.message')), message);
    }
  });

  it('are in the traffic log without their content', () => {
    const lines = azure.traffic().filter(line => String(line['url']).startsWith(site));
    assert.ok(lines.some(line => line['method'] === 'PUT' && line['status'] === 201));
    assert.ok(lines.every(line => line['requestBody'] === null));
  });

  it('outlive the process where its state is kept', async () => {
    await azure.close();
    azure = await start();
    assert.match((await blob('GET', '/vhds?comp=list&restype=container')).text, /<Name>disk\.vhd<\/Name>/);
    const { text } = await blob('GET', '/vhds/disk.vhd', {
      headers: { 'x-ms-range': 'bytes=1048576-1048583' },
    });
    assert.equal(text, 'conectix');
    await azure.close();
    azure = await start();
    assert.equal(look(await image('again', 'disk.vhd'), 'body.status'), 'Succeeded');
    const path = `/resourceGroups/web/providers/Microsoft.Storage/storageAccounts/${account}`;
    await azure.armDone('DELETE', path);
    assert.equal(readdirSync(join(directory, 'blobs')).length, 1);
    await azure.close();
    azure = await start();
    assert.deepEqual(readdirSync(join(directory, 'blobs')), []);
  });
});
