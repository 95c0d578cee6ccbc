import assert from 'node:assert/strict';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { imageStoresOf } from '../../../../shared/azure/imageStores.js';
import { imageUses } from '../../../../shared/azure/imageUse.js';
import { resourceGroupsOf } from '../../../../shared/azure/resourceGroups.js';
import {
  readConversion,
  withConversion,
} from '../../../../tasks/PackerBakeVmss/src/destination/conversion.js';
import { convertVhd } from '../../../../tasks/PackerBakeVmss/src/destination/convertVhd.js';
import { destinationsOf } from '../../../../tasks/PackerBakeVmss/src/destination/destinations.js';
import { listStale } from '../../../../tasks/PackerBakeVmss/src/cleanUp/listStale.js';
import { preflight, type PreflightWish } from '../../../../tasks/PackerBakeVmss/src/destination/preflight.js';
import { removeOldImages } from '../../../../tasks/PackerBakeVmss/src/image/removeOldImages.js';
import type { FakeAgent } from '../../../fakes/fakeAgent.js';
import { look, type Fixture } from '../../../local/azure/fixture.js';
import { balancer, machine, scaleSet } from '../../../local/azure/templates.js';
import { startStoredImages, type StoredImages } from '../storedImages.js';
import { source, templateOf, unknown } from '../templates.js';

/** What a bake asks of Azure about images and does with them, on the local Azure with stand-ins for machines. */
describe('images around a bake', function () {
  this.timeout(120_000);
  let stored: StoredImages;
  let azure: Fixture;
  let arm: ArmClient;
  let fake: FakeAgent;
  let vhd = '';
  const imageId = (name: string) => stored.imageId(name);
  const captureVhd = async () => {
    const uri = 'https://store.blob.core.windows.net/images/os.vhd';
    const vm = machine(azure.subscription, { name: 'os', createOption: 'FromImage', vhd: { uri } });
    await azure.armDone('PUT', vm.path, vm.body);
    await azure.armDone('POST', `${vm.path}/deallocate`);
    await azure.arm('POST', `${vm.path}/generalize`);
    const options = { vhdPrefix: 'web', destinationContainerName: 'images', overwriteVhds: false };
    const captured = await azure.armDone('POST', `${vm.path}/capture`, options);
    await azure.armDone('DELETE', vm.path);
    const path = 'body.properties.output.resources.0.properties.storageProfile.osDisk.image.uri';
    return String(look(captured, path));
  };
  const wish = (over: Partial<PreflightWish> = {}): PreflightWish => ({
    subscriptionId: arm.subscriptionId,
    allowOverwrite: false,
    createDefinition: false,
    versionVariable: undefined,
    ...over,
  });
  const check = (
    options: Record<string, unknown>,
    gallery: Record<string, unknown> | undefined,
    over: Partial<PreflightWish> = {},
  ) => {
    const blocks = gallery === undefined ? {} : { shared_image_gallery_destination: [{ options: gallery }] };
    const model = templateOf(
      source('azure-arm.web', { location: 'westeurope', os_type: 'Linux', ...options }, blocks),
    );
    return preflight(destinationsOf(model), wish(over), {
      groups: resourceGroupsOf(arm),
      stores: imageStoresOf(arm),
      uses: () => imageUses(arm),
    });
  };

  before(async () => {
    stored = await startStoredImages();
    ({ azure, arm, fake } = stored);
    await azure.armDone('PUT', '/resourceGroups/web/providers/Microsoft.Storage/storageAccounts/store', {
      location: 'westeurope',
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
    });
    await azure.armDone('DELETE', machine(azure.subscription).path);
    vhd = await captureVhd();
    await stored.makeMachine();
    for (const name of ['live', 'idle']) await stored.image(name);
    for (const each of ['1.0.0', '1.0.1', '1.0.2']) await stored.version(each, 'idle');
    await azure.armDone('PUT', balancer(azure.subscription).path, balancer(azure.subscription).body);
    const set = scaleSet(azure.subscription, { image: { id: imageId('live') }, capacity: 1 });
    await azure.armDone('PUT', set.path, set.body);
  });
  after(async () => {
    await stored.close();
  });
  beforeEach(() => {
    fake.log.length = 0;
    fake.warnings.length = 0;
  });

  it('preflight names everything that stands in the way at once', async () => {
    const { problems, notes } = await check(
      {
        managed_image_name: 'idle',
        managed_image_resource_group_name: 'web',
        build_resource_group_name: 'nowhere',
        storage_account: unknown,
      },
      {
        resource_group: 'web',
        gallery_name: 'gal',
        image_name: 'other',
        image_version: '1.0',
        replication_regions: ['northeurope'],
      },
    );
    assert.equal(problems.length, 5, problems.join('\n'));
    const all = problems.join('\n');
    assert.match(all, /Resource group 'nowhere' \(build_resource_group_name\) does not exist/);
    assert.match(all, /Managed image 'idle' of azure-arm\.web already exists in 'web'/);
    assert.match(all, /Gallery 'gal' has no image definition 'other'.*createImageDefinition: true/);
    assert.match(all, /'1\.0' is no version of a gallery image/);
    assert.match(all, /builds in 'westeurope' and does not replicate there/);
    assert.match(
      notes.join(),
      /Known while building only, and not checked: azure-arm\.web: storage_account\./,
    );
  });

  it('preflight finds nothing wrong with what fits, and gives the next patch version', async () => {
    const gallery = { resource_group: 'web', gallery_name: 'gal', image_name: 'web', image_version: '0.0.0' };
    const found = await check(
      { managed_image_name: 'new', managed_image_resource_group_name: 'web' },
      gallery,
      { versionVariable: 'version' },
    );
    assert.deepEqual(found.problems, []);
    assert.equal(found.nextVersion, '1.0.3');
  });

  it('a definition that does not fit is told by what differs; one that is missing is made on request', async () => {
    const gallery = { resource_group: 'web', gallery_name: 'gal', image_name: 'web', image_version: '2.0.0' };
    const { problems } = await check(
      { os_type: 'Windows', security_type: 'TrustedLaunch' },
      { ...gallery, specialized: true },
    );
    assert.equal(problems.length, 4, problems.join('\n'));
    assert.match(
      problems.join('\n'),
      /is for Linux, and azure-arm\.web makes Windows[^]*generalized images[^]*is of generation V1[^]*no security type/,
    );
    const { missing } = await check({}, { ...gallery, image_name: 'fresh' }, { createDefinition: true });
    assert.deepEqual(
      missing.map(({ name, location }) => [name.definition, location]),
      [['fresh', 'westeurope']],
    );
  });

  it('an image that a scale set uses is never overwritten: its name is told', async () => {
    const managed = (name: string) => ({
      managed_image_name: name,
      managed_image_resource_group_name: 'web',
    });
    const { problems } = await check(managed('live'), undefined, { allowOverwrite: true });
    assert.equal(problems.length, 1);
    assert.match(
      problems[0] ?? '',
      /'live' cannot be overwritten: it is used by scale set '\w+' \(resource group 'web'\) in instance 0, scale set '\w+' \(resource group 'web'\) in its model/,
    );
    assert.deepEqual((await check(managed('idle'), undefined, { allowOverwrite: true })).problems, []);
  });

  it('old images of the family go, those in use stay; a dry run only lists', async () => {
    const family = (name: string, days: number, state = {}) =>
      stored.image(name, {
        'bake-and-roll.template': 'packer/web.pkr.hcl',
        'bake-and-roll.baked': new Date(Date.now() - days * 86_400_000).toISOString(),
        ...state,
      });
    for (const [name, days] of [
      ['old-1', 50],
      ['old-2', 40],
      ['old-3', 30],
      ['old-4', 20],
      ['old-5', 0],
    ] as const)
      await family(name, days);
    const set = scaleSet(azure.subscription, { image: { id: imageId('live') }, capacity: 1 });
    // The scale set may go back to the oldest one.
    await azure.armDone('PATCH', set.path, {
      tags: {
        'bake-and-roll-previous-image': imageId('old-1'),
        'bake-and-roll-rollout': 'done 2026-11-23T00:00:00Z 0123456789abcdef run',
      },
    });
    const rule = { keepImages: 2, keepDays: 0 };
    const group = { template: 'packer/web.pkr.hcl', place: { kind: 'managed', group: 'web' } } as const;
    const baked = { kind: 'managed', id: imageId('old-5') } as const;
    const stores = imageStoresOf(arm);
    assert.equal(await removeOldImages(group, rule, baked, true, { arm, stores }, fake.agent), 2);
    assert.match(fake.log.join('\n'), /would go old-2/);
    assert.equal((await stores.managedImages('web')).length, 7);
    assert.equal(await removeOldImages(group, rule, baked, false, { arm, stores }, fake.agent), 2);
    const left = (await stores.managedImages('web')).map(({ name }) => name).sort();
    assert.deepEqual(left, ['idle', 'live', 'old-1', 'old-4', 'old-5']);
    assert.match(
      fake.log.join('\n'),
      /stays {4}old-1: used by scale set '\w+' \(resource group 'web'\) as the image to go back to/,
    );
    assert.deepEqual(fake.warnings, []);
  });

  it('an image that cannot be deleted is a warning, and the others go', async () => {
    const stores = imageStoresOf(arm);
    const group = { template: 'packer/web.pkr.hcl', place: { kind: 'managed', group: 'web' } } as const;
    await stored.image('old-6', {
      'bake-and-roll.template': group.template,
      'bake-and-roll.baked': '2020-01-01T00:00:00Z',
    });
    await stored.image('old-7', {
      'bake-and-roll.template': group.template,
      'bake-and-roll.baked': '2020-01-02T00:00:00Z',
    });
    const refusing = {
      ...stores,
      remove: (id: string) =>
        id.endsWith('old-6') ? Promise.reject(new Error('locked by somebody')) : stores.remove(id),
    };
    const rule = { keepImages: 1, keepDays: 0 };
    const removed = await removeOldImages(
      group,
      rule,
      undefined,
      false,
      { arm, stores: refusing },
      fake.agent,
    );
    assert.equal(removed, 2);
    assert.match(
      fake.warnings.join(),
      /The old image 'old-6' could not be deleted and stays\..*locked by somebody/,
    );
  });

  it('a VHD becomes a managed image, with its tags', async () => {
    const stores = imageStoresOf(arm);
    const from = { uri: vhd, location: 'westeurope', osType: 'Linux' };
    const conversion = readConversion('managed', 'web/from-vhd');
    const made = await convertVhd(from, conversion, { commit: 'abc' }, { arm, stores }, fake.agent);
    assert.deepEqual(made, {
      reference: { kind: 'managed', id: imageId('from-vhd') },
      location: 'westeurope',
    });
    const found = (await stores.managedImages('web')).find(({ name }) => name === 'from-vhd');
    assert.deepEqual([found?.state, found?.tags], ['Succeeded', { commit: 'abc' }]);
  });

  it("a VHD becomes the next version of a gallery's image, and the image on the way goes", async () => {
    const stores = imageStoresOf(arm);
    const from = { uri: vhd, location: 'westeurope', osType: 'Linux' };
    const conversion = readConversion('gallery', 'web/gal/web');
    const made = await convertVhd(from, conversion, { commit: 'abc' }, { arm, stores }, fake.agent);
    assert.deepEqual(made.reference, {
      kind: 'gallery',
      id: `${stored.definitionId}/versions/1.0.3`,
    });
    const versions = await stores.versions({ group: 'web', gallery: 'gal', definition: 'web' });
    const found = versions.find(({ name }) => name === '1.0.3');
    assert.deepEqual([found?.state, found?.tags], ['Succeeded', { commit: 'abc' }]);
    assert.ok((await stores.managedImages('web')).every(({ name }) => !name.endsWith('-source')));
    assert.throws(() => readConversion('gallery', 'web/gal'), /RESOURCE-GROUP\/GALLERY\/DEFINITION/);
    assert.throws(
      () => readConversion('managed', undefined),
      /'convertVhdTarget' is required: RESOURCE-GROUP\/IMAGE-NAME/,
    );
  });

  it('what a VHD is to become is looked at before the bake', async () => {
    const model = templateOf(
      source('azure-arm.web', {
        location: 'westeurope',
        os_type: 'Linux',
        storage_account: 'store',
        resource_group_name: 'web',
      }),
    );
    const problems = async (convertVhd: 'managed' | 'gallery', convertVhdTarget: string) => {
      const destinations = withConversion(destinationsOf(model), { convertVhd, convertVhdTarget });
      const ports = { groups: resourceGroupsOf(arm), stores: imageStoresOf(arm), uses: () => imageUses(arm) };
      return (await preflight(destinations, wish(), ports)).problems.join();
    };
    assert.match(
      await problems('managed', 'web/idle'),
      /Managed image 'idle' of azure-arm\.web already exists/,
    );
    assert.match(
      await problems('managed', 'none/x'),
      /Resource group 'none' \(convertVhdTarget\) does not exist/,
    );
    assert.match(await problems('gallery', 'web/gal/none'), /has no image definition 'none'/);
    assert.match(await problems('gallery', 'web/gal/web/1.0.0'), /Version 1\.0\.0 of 'web' already exists/);
    assert.equal(await problems('gallery', 'web/gal/web'), '');
  });

  it('build groups of earlier runs are listed, and deleted on request only', async () => {
    const tags = (hours: number) => ({
      'bake-and-roll.run': 'https://dev.azure.com/o/p/_build/results?buildId=7',
      'bake-and-roll.job': 'job-1',
      'bake-and-roll.started': new Date(Date.now() - hours * 3_600_000).toISOString(),
    });
    for (const [name, hours] of [
      ['pkr-Resource-Group-old', 30],
      ['pkr-Resource-Group-new', 1],
    ] as const)
      await azure.arm('PUT', `/resourcegroups/${name}`, { location: 'westeurope', tags: tags(hours) });
    const names = async () => (await resourceGroupsOf(arm).list()).map(({ name }) => name).sort();
    const stale = { removeStaleGroups: false, staleGroupHours: 24, dryRun: false };
    await listStale(undefined, stale, arm, fake.agent);
    assert.match(
      fake.warnings.join(),
      /1 build group of earlier runs is still there:\n {2}- pkr-Resource-Group-old, since .*buildId=7\nDelete .*removeStaleGroups: true/,
    );
    await listStale(undefined, { ...stale, removeStaleGroups: true, dryRun: true }, arm, fake.agent);
    assert.deepEqual(await names(), ['pkr-Resource-Group-new', 'pkr-Resource-Group-old', 'web']);
    await listStale(undefined, { ...stale, removeStaleGroups: true }, arm, fake.agent);
    // Azure deletes a group in its own time.
    while ((await names()).length > 2) await new Promise(resolve => setTimeout(resolve, 50));
    assert.deepEqual(await names(), ['pkr-Resource-Group-new', 'web']);
  });
});
