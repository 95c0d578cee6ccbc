import assert from 'node:assert/strict';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ClientSecretCredential } from '@azure/identity';
import { removeFolders } from '../../../local/agent/support.js';
import { transportTo } from '../../../local/azure/fixture.js';
import { partsOf } from '../../../report/parts.js';
import { startLocalBakes, type LocalBakes } from '../localBakes.js';

/** Real bakes into what the task makes and looks at around them. */
describe('a bake to a destination that the task prepares', function () {
  this.timeout(240_000);
  let azure: LocalBakes;
  let compute: ComputeManagementClient;
  const machine = { location: 'westeurope', vm_size: 'Standard_B1s' };

  before(async () => {
    azure = await startLocalBakes();
    const { tenantId, clientId, clientSecret, subscriptionId } = azure.connection;
    const transport = transportTo(azure.connection);
    const credential = new ClientSecretCredential(tenantId, clientId, clientSecret, transport);
    compute = new ComputeManagementClient(credential, subscriptionId, transport);
    await compute.galleries.createOrUpdate('images', 'gal', { location: 'westeurope' });
  });
  after(async () => {
    await azure.close();
    removeFolders();
  });

  it('makes the image definition on request, gives the next version, and shows each provisioner with its time', async () => {
    const options = {
      ...machine,
      managed_image_resource_group_name: 'images',
      managed_image_name: 'web-gallery',
      shared_image_gallery_destination: {
        resource_group: 'images',
        gallery_name: 'gal',
        image_name: 'web',
        image_version: '{{user `version`}}',
        replication_regions: ['westeurope'],
      },
    };
    const inputs = { galleryVersionVariable: 'version', createImageDefinition: 'true' };
    const run = await azure.bake({ options, commands: ['echo baked'], inputs, variables: { version: '' } });
    assert.equal(run.record.result, 'succeeded', run.text);
    assert.match(run.text, /Created image definition 'web' in gallery 'gal'\./);
    assert.match(run.text, /Next version of the gallery's image: 1\.0\.0/);
    assert.match(
      run.step('bake').outputs['imageReference'] ?? '',
      /\/galleries\/gal\/images\/web\/versions\/1\.0\.0$/,
    );
    assert.match(
      run.text,
      /##\[group\]azure-arm: Provisioning with shell script: [^]*baked\n[^]*\n\(\d.*\)\n##\[endgroup\]/,
    );
    const [part] = partsOf(run);
    assert.ok(part?.task === 'PackerBakeVmss' && part.body !== null);
    assert.equal(part.body.image?.kind, 'gallery');
    assert.ok(part.body.phases.some(({ title }) => title.startsWith('Provisioning with shell script: ')));
    const definition = await compute.galleryImages.get('images', 'gal', 'web');
    assert.equal(definition.osType, 'Linux');
  });

  it('bakes a VHD and makes a managed image of it, which the outputs name', async () => {
    await azure.resources.resources.beginCreateOrUpdateByIdAndWait(
      `subscriptions/${azure.connection.subscriptionId}/resourceGroups/images/providers/Microsoft.Storage/storageAccounts/bakestore`,
      '2023-05-01',
      { location: 'westeurope', sku: { name: 'Standard_LRS' }, kind: 'StorageV2' },
    );
    const options = {
      ...machine,
      resource_group_name: 'images',
      storage_account: 'bakestore',
      capture_container_name: 'vhds',
      capture_name_prefix: 'web',
    };
    const inputs = { convertVhd: 'managed', convertVhdTarget: 'images/web-from-vhd' };
    const run = await azure.bake({ options, commands: ['echo baked'], inputs });
    assert.equal(run.record.result, 'succeeded', run.text);
    const { imageKind, imageReference } = run.step('bake').outputs;
    assert.equal(imageKind, 'managed');
    assert.match(imageReference ?? '', /\/providers\/Microsoft\.Compute\/images\/web-from-vhd$/);
    const image = await compute.images.get('images', 'web-from-vhd');
    assert.match(image.storageProfile?.osDisk?.blobUri ?? '', /\/web-osDisk\.[0-9a-f-]+\.vhd$/);
    assert.match(image.tags?.['bake-and-roll.baked'] ?? '', /^\d{4}-/);
  });

  it('builds nothing when the image is there, or the group is not: all of it told at once', async () => {
    const options = {
      ...machine,
      managed_image_resource_group_name: 'images',
      managed_image_name: 'web-from-vhd',
      build_resource_group_name: 'nowhere',
    };
    const { location: _location, ...rest } = options;
    const run = await azure.bake({ options: rest, commands: ['true'] });
    assert.equal(run.record.result, 'failed', run.text);
    assert.match(run.text, /Resource group 'nowhere' \(build_resource_group_name\) does not exist/);
    assert.match(run.text, /Managed image 'web-from-vhd' of azure-arm already exists in 'images'/);
    assert.doesNotMatch(run.text, /Running builder/);
  });
});
