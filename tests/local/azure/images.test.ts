import assert from 'node:assert/strict';
import { compareVersions } from '../../../local/azure/providers/compute/imageVersion.js';
import { look, startFixture, type Fixture } from './fixture.js';
import { balancer, machine, network, scaleSet } from './templates.js';

const compute = '/resourceGroups/web/providers/Microsoft.Compute';
const location = 'westeurope';

describe('Images in the local Azure', function () {
  this.timeout(120_000);
  let azure: Fixture;
  const id = (path: string) => `${azure.subscription}${compute}/${path}`;
  const put = (path: string, properties: object, more: object = {}) =>
    azure.armDone('PUT', `${compute}/${path}`, { location, properties, ...more });
  const succeed = async (path: string, properties: object) => {
    const made = await put(path, properties);
    assert.equal(look(made, 'body.status'), 'Succeeded', JSON.stringify(made.body));
    return made;
  };
  const refused = async (path: string, properties: object, code: string, more: object = {}) => {
    const answer = await azure.arm('PUT', `${compute}/${path}`, { location, properties, ...more });
    assert.equal(look(answer, 'body.error.code'), code, JSON.stringify(answer.body));
    return String(look(answer, 'body.error.message'));
  };
  const definition = (sku = 'web', more: object = {}) => ({
    osType: 'Linux',
    osState: 'Generalized',
    identifier: { publisher: 'us', offer: 'site', sku },
    ...more,
  });
  const version = (regions: readonly string[] = [location], more: object = {}) => ({
    publishingProfile: { targetRegions: regions.map(name => ({ name })), ...more },
    storageProfile: { source: { id: id('images/one') } },
  });
  const vm = () => machine(azure.subscription, { name: 'os', createOption: 'FromImage', managedDisk: {} });

  before(async () => {
    azure = await startFixture();
    await azure.arm('PUT', '/resourcegroups/web', { location });
    for (const { path, body } of network(azure.subscription)) await azure.armDone('PUT', path, body);
    const { path, body } = vm();
    await azure.armDone('PUT', path, body);
    await azure.armDone('POST', `${path}/deallocate`);
  });
  after(() => azure.close());

  it('are not made of a machine that is not generalized', async () => {
    const message = await refused(
      'images/early',
      { sourceVirtualMachine: { id: `${azure.subscription}${vm().path}` } },
      'OperationNotAllowed',
    );
    assert.match(message, /must be generalized/);
  });

  it('are made of a machine, a snapshot of its disk, a copy of that, and each other', async () => {
    await azure.arm('POST', `${vm().path}/generalize`);
    await succeed('images/one', { sourceVirtualMachine: { id: `${azure.subscription}${vm().path}` } });
    const snapshot = await succeed('snapshots/shot', {
      creationData: { createOption: 'Copy', sourceResourceId: id('disks/os') },
    });
    assert.equal(look(snapshot, 'body.properties.output.properties.diskSizeGB'), 30);
    assert.equal(look(snapshot, 'body.properties.output.properties.osType'), 'Linux');
    await succeed('disks/copy', {
      creationData: { createOption: 'Copy', sourceResourceId: id('snapshots/shot') },
    });
    const osDisk = { osType: 'Linux', osState: 'Generalized' };
    await succeed('images/shot', {
      storageProfile: { osDisk: { ...osDisk, snapshot: { id: id('snapshots/shot') } } },
    });
    await succeed('images/copy', {
      storageProfile: { osDisk: { ...osDisk, managedDisk: { id: id('disks/copy') } } },
    });
    const shown = await azure.arm('GET', `${compute}/images/copy`);
    assert.equal(look(shown, 'body.properties.storageProfile.osDisk.managedDisk.id'), id('disks/copy'));
    assert.equal(look(shown, 'body.properties.storageProfile.osDisk.osState'), 'Generalized');
    const listed = await azure.arm('GET', `${compute}/images`);
    assert.deepEqual(look(listed, 'body.value.*.name'), ['one', 'shot', 'copy']);
  });

  it('are refused when their source is missing, several, elsewhere or changed', async () => {
    const source = { snapshot: { id: id('snapshots/shot') } };
    const osDisk = { osType: 'Linux', osState: 'Generalized' };
    assert.match(await refused('images/x', {}, 'InvalidParameter'), /None of them is given/);
    assert.match(
      await refused(
        'images/x',
        { storageProfile: { osDisk: { ...osDisk, ...source, managedDisk: { id: id('disks/copy') } } } },
        'InvalidParameter',
      ),
      /managedDisk and snapshot is given/,
    );
    await refused(
      'images/x',
      { storageProfile: { osDisk: { ...osDisk, snapshot: { id: id('snapshots/none') } } } },
      'NotFound',
    );
    assert.match(
      await refused(
        'images/x',
        { storageProfile: { osDisk: { ...osDisk, ...source } } },
        'InvalidParameter',
        {
          location: 'northeurope',
        },
      ),
      /must be in the same location/,
    );
    await refused(
      'images/copy',
      { storageProfile: { osDisk: { ...osDisk, ...source } } },
      'PropertyChangeNotAllowed',
    );
    await refused(
      'images/x',
      { storageProfile: { osDisk: { ...osDisk, blobUri: 'https://none.blob.core.windows.net/a/b.vhd' } } },
      'DiskBlobNotFound',
    );
  });

  it('take new tags by PATCH', async () => {
    const { status, body } = await azure.arm('PATCH', `${compute}/images/one`, { tags: { build: '7' } });
    assert.equal(status, 200);
    assert.deepEqual(look(body, 'tags'), { build: '7' });
  });

  it('disks keep their content when their machine goes, and refuse what they cannot be', async () => {
    await azure.armDone('DELETE', vm().path);
    const disk = await azure.arm('GET', `${compute}/disks/os`);
    assert.equal(look(disk, 'body.properties.diskState'), 'Unattached');
    await succeed('disks/second', {
      creationData: { createOption: 'Copy', sourceResourceId: id('disks/os') },
      diskSizeGB: 40,
    });
    await refused(
      'disks/second',
      { creationData: { createOption: 'Copy', sourceResourceId: id('disks/os') }, diskSizeGB: 30 },
      'InvalidParameter',
    );
    await refused('disks/second', { creationData: { createOption: 'Empty' } }, 'PropertyChangeNotAllowed');
    await refused('disks/none', { creationData: { createOption: 'Empty' } }, 'InvalidParameter');
    await refused('disks/none', { creationData: { createOption: 'Upload' } }, 'InvalidParameter');
    const again = await azure.arm('PUT', vm().path, vm().body);
    assert.equal(look(again, 'body.error.code'), 'ConflictingUserInput');
  });

  it('disks give access for a time, in which they stay', async () => {
    const begun = await azure.armDone('POST', `${compute}/snapshots/shot/beginGetAccess`, {
      access: 'Read',
      durationInSeconds: 60,
    });
    assert.match(
      String(look(begun, 'body.properties.output.accessSAS')),
      /^https:\/\/md-\w+\.blob\.core\.windows\.net\/.+sig=/,
    );
    const held = await azure.arm('DELETE', `${compute}/snapshots/shot`);
    assert.equal(held.status, 409);
    await azure.armDone('POST', `${compute}/snapshots/shot/endGetAccess`);
    assert.equal((await azure.arm('DELETE', `${compute}/snapshots/shot`)).status, 202);
  });

  describe('in a gallery', () => {
    before(async () => {
      const made = await azure.arm('PUT', `${compute}/galleries/shop`, { location, properties: {} });
      assert.equal(made.status, 201);
      assert.match(made.headers['azure-asyncoperation'] ?? '', /\/capsOperations\//);
      assert.match(String(look(made, 'body.properties.identifier.uniqueName')), /-SHOP$/);
      await succeed('galleries/shop/images/web', definition());
      await succeed('galleries/shop/images/web/versions/1.0.0', version());
      await succeed('galleries/shop/images/web/versions/1.10.0', version([location, 'North Europe']));
      await succeed(
        'galleries/shop/images/web/versions/2.0.0',
        version([location], { excludeFromLatest: true, endOfLifeDate: '2020-01-01T00:00:00Z' }),
      );
      const lb = balancer(azure.subscription);
      await azure.armDone('PUT', lb.path, lb.body);
    });

    it('show their regions, and the state of their replication when asked', async () => {
      const path = `${compute}/galleries/shop/images/web/versions/1.10.0`;
      const plain = await azure.arm('GET', path);
      assert.deepEqual(look(plain, 'body.properties.publishingProfile.targetRegions.*.name'), [
        'West Europe',
        'North Europe',
      ]);
      assert.equal(look(plain, 'body.properties.replicationStatus'), undefined);
      assert.equal(look(plain, 'body.properties.storageProfile.osDiskImage.sizeInGB'), 30);
      const expanded = await azure.arm('GET', `${path}?$expand=ReplicationStatus`);
      assert.deepEqual(look(expanded, 'body.properties.replicationStatus'), {
        aggregatedState: 'Completed',
        summary: [
          { region: 'westeurope', state: 'Completed', progress: 100 },
          { region: 'northeurope', state: 'Completed', progress: 100 },
        ],
      });
      const listed = await azure.arm('GET', `${compute}/galleries/shop/images/web/versions`);
      assert.deepEqual(look(listed, 'body.value.*.name'), ['1.0.0', '1.10.0', '2.0.0']);
    });

    it('refuse names, regions and sources that cannot be', async () => {
      const path = 'galleries/shop/images/web/versions';
      for (const name of ['latest', '1.0', '1.0.99999999999'])
        assert.match(
          await refused(`${path}/${name}`, version(), 'InvalidParameter'),
          /^The image version name is invalid\./,
        );
      await refused(`${path}/3.0.0`, version(['Atlantis', location]), 'InvalidParameter');
      await refused(`${path}/3.0.0`, version(['northeurope']), 'InvalidParameter');
      await refused(`${path}/3.0.0`, version([location, 'West Europe']), 'InvalidParameter');
      await refused(`${path}/3.0.0`, { publishingProfile: {} }, 'InvalidParameter');
      assert.match(
        await refused(
          `${path}/1.0.0`,
          { ...version(), storageProfile: { source: { id: id('images/copy') } } },
          'PropertyChangeNotAllowed',
        ),
        /galleryImageVersion\.properties\.storageProfile\.source\.id/,
      );
      await refused('galleries/a-b', {}, 'InvalidParameter');
      await refused('galleries/none/images/web', definition(), 'ParentResourceNotFound');
      await refused('galleries/shop/images/twin', definition(), 'Conflict');
      await refused(
        'galleries/shop/images/web',
        definition('web', { osType: 'Windows' }),
        'PropertyChangeNotAllowed',
      );
      await succeed('galleries/shop/images/gen2', definition('gen2', { hyperVGeneration: 'V2' }));
      assert.match(
        await refused('galleries/shop/images/gen2/versions/1.0.0', version(), 'InvalidParameter'),
        /hyperVGeneration 'V1' of the source is not the hyperVGeneration 'V2'/,
      );
    });

    it('are made of what Packer names', async () => {
      const made = await azure.armDone(
        'PUT',
        // Packer's api-version: later ones have the source at storageProfile.
        `${compute}/galleries/shop/images/web/versions/1.0.7?api-version=2019-03-01`,
        {
          location,
          properties: {
            publishingProfile: {
              source: { managedImage: { id: id('images/one') } },
              targetRegions: [{ name: location }],
            },
          },
        },
      );
      assert.equal(look(made, 'body.status'), 'Succeeded', JSON.stringify(made.body));
      const shown = await azure.arm('GET', `${compute}/galleries/shop/images/web/versions/1.0.7`);
      assert.equal(look(shown, 'body.properties.storageProfile.source.id'), id('images/one'));
      assert.equal(look(shown, 'body.properties.publishingProfile.source'), undefined);
    });

    it('are deployed by version, as the latest of the region, or not at all where they are not', async () => {
      const deploy = async (image: string) => {
        const { path, body } = machine(azure.subscription);
        const properties = body['properties'] as { storageProfile: Record<string, unknown> };
        properties.storageProfile['imageReference'] = { id: id(image) };
        const done = await azure.armDone('PUT', path, body);
        const shown = await azure.arm('GET', path);
        await azure.armDone('DELETE', path);
        return { done, reference: look(shown, 'body.properties.storageProfile.imageReference') };
      };
      await azure.armDone('DELETE', `${compute}/disks/os`);
      const web = 'galleries/shop/images/web';
      for (const [image, exactVersion] of [
        [`${web}/versions/2.0.0`, undefined],
        [web, '1.10.0'],
        [`${web}/versions/latest`, '1.10.0'],
      ] as const) {
        const { done, reference } = await deploy(image);
        assert.equal(look(done, 'body.status'), 'Succeeded', JSON.stringify(done.body));
        assert.equal(look(reference, 'exactVersion'), exactVersion);
      }
      const set = scaleSet(azure.subscription, { image: { id: id(web) }, capacity: 1 });
      assert.equal(look(await azure.armDone('PUT', set.path, set.body), 'body.status'), 'Succeeded');
      const started = azure.host.started.at(-1)?.disk.layers ?? [];
      assert.equal(started.at(-1), 'base');
      assert.ok(started.length > 1);
      for (const image of ['galleries/shop/images/gen2', `${web}/versions/9.9.9`]) {
        const { done } = await deploy(image);
        assert.equal(done.status, 404);
        assert.match(
          String(look(done, 'body.error.message')),
          /is not available in westeurope region\. Please contact image owner to replicate to this region/,
        );
      }
    });

    it('can be replicated to another region later, and be kept from deletion until their end', async () => {
      const path = 'galleries/shop/images/web/versions/1.0.0';
      const more = { safetyProfile: { blockDeletionBeforeEndOfLife: true } };
      const profile = version([location, 'eastus2'], { endOfLifeDate: '2999-01-01T00:00:00Z' });
      const updated = await azure.armDone('PUT', `${compute}/${path}?api-version=2024-03-03`, {
        location,
        properties: { ...profile, ...more },
      });
      assert.equal(look(updated, 'body.status'), 'Succeeded');
      const blocked = await azure.arm('DELETE', `${compute}/${path}`);
      assert.equal(look(blocked, 'body.error.code'), 'OperationNotAllowed');
    });

    it('go before what holds them', async () => {
      for (const path of ['galleries/shop', 'galleries/shop/images/web']) {
        const refusal = await azure.arm('DELETE', `${compute}/${path}`);
        assert.equal(refusal.status, 409);
        assert.equal(look(refusal, 'body.error.code'), 'CannotDeleteResource');
      }
      const gone = await azure.armDone('DELETE', `${compute}/galleries/shop/images/web/versions/2.0.0`);
      assert.equal(look(gone, 'body.status'), 'Succeeded');
    });
  });
});

describe('Versions of gallery images', () => {
  it('are ordered by their numbers', () => {
    assert.deepEqual(['1.10.0', '1.9.9', '2.0.0', '1.9.10'].sort(compareVersions), [
      '1.9.9',
      '1.9.10',
      '1.10.0',
      '2.0.0',
    ]);
  });
});
