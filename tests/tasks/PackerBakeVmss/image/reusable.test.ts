import assert from 'node:assert/strict';
import { imageStoresOf } from '../../../../shared/azure/imageStores.js';
import { resolveBaseImage } from '../../../../tasks/PackerBakeVmss/src/digest/baseImage.js';
import { imageTagNames, inputTags } from '../../../../tasks/PackerBakeVmss/src/image/imageTags.js';
import { candidates, findReusable } from '../../../../tasks/PackerBakeVmss/src/image/reuse.js';
import { reuseImage, type ReuseWish } from '../../../../tasks/PackerBakeVmss/src/image/reuseImage.js';
import type { TemplateBlock } from '../../../../tasks/PackerBakeVmss/src/template/templateModel.js';
import { startStoredImages, type StoredImages } from '../storedImages.js';
import { source, templateOf } from '../templates.js';

const family = 'shop: packer/web.pkr.hcl';
const entries = [
  { name: 'app/index.html', hash: 'a'.repeat(64) },
  { name: 'packer/web.pkr.hcl', hash: 'b'.repeat(64) },
];
const tags = (digest: string, baked: string, inputs = entries) => ({
  [imageTagNames.digest]: digest,
  [imageTagNames.template]: family,
  [imageTagNames.baked]: baked,
  ...inputTags(inputs, 3),
});
const toGallery = { resource_group: 'web', gallery_name: 'gal', image_name: 'web', image_version: '9.0.0' };

/** Which stored image a bake may do without, on the local Azure; none is baked. */
describe('an image that was baked before', function () {
  this.timeout(120_000);
  let stored: StoredImages;

  /** Asks for the image of a digest. */
  const ask = async (digest: string, template: TemplateBlock, wish: Partial<ReuseWish> = {}) => {
    const { arm, fake } = stored;
    fake.log.length = 0;
    fake.warnings.length = 0;
    const facts = {
      family,
      model: templateOf(template),
      digest: { digest, entries, gaps: [], baseImages: [] },
    };
    const all: ReuseWish = {
      reuseImage: 'whenUnchanged',
      rebake: false,
      imageResourceGroupName: undefined,
      buildName: undefined,
      convertVhd: 'no',
      convertVhdTarget: undefined,
      ...wish,
    };
    const found = await reuseImage(facts, all, arm, fake.agent);
    return {
      id: found?.reference.kind === 'vhd' ? undefined : found?.reference.id,
      found,
      said: [...fake.log, ...fake.warnings].join('\n'),
    };
  };
  const gallery = (over: object = {}, options: object = {}) =>
    source(
      'azure-arm.web',
      { location: 'westeurope', os_type: 'Linux', ...options },
      { shared_image_gallery_destination: [{ options: { ...toGallery, ...over } }] },
    );
  const versionId = (name: string) => `${stored.definitionId}/versions/${name}`;

  before(async () => {
    stored = await startStoredImages();
    await stored.image('plain');
    await stored.image('same-1', tags('managed', '2026-01-01T00:00:00.000Z'));
    await stored.image('same-2', tags('managed', '2026-01-02T00:00:00.000Z'));
    await stored.version('1.0.0', 'plain', tags('good', '2026-01-01T00:00:00.000Z'));
    await stored.version('1.0.1', 'plain', tags('withdrawn', '2026-01-03T00:00:00.000Z'), {
      excludeFromLatest: true,
    });
    await stored.version('1.0.2', 'plain', tags('ended', '2026-01-02T00:00:00.000Z'), {
      endOfLifeDate: '2026-02-01T00:00:00Z',
    });
  });
  after(() => stored.close());

  it('in a gallery is found by its digest, in the region of the build', async () => {
    const { id, found, said } = await ask('good', gallery());
    assert.equal(id, versionId('1.0.0'), said);
    assert.equal(found?.location, 'westeurope');
    assert.match(said, /1\.0\.0 in gallery 'gal\/web' was baked from the same inputs on 2026-01-01/);
  });

  it('is found where the template names the subscription of the connection, and not in another one', async () => {
    const own = gallery({ subscription: stored.arm.subscriptionId.toUpperCase() });
    assert.equal((await ask('good', own)).id, versionId('1.0.0'));
    const { id, said } = await ask('good', gallery({ subscription: 'sub-2' }));
    assert.equal(id, undefined);
    assert.match(said, /The gallery lies in another subscription \(sub-2\)/);
  });

  it('is not reused where a replication region has no copy of it', async () => {
    const { id, said } = await ask('good', gallery({ replication_regions: ['West Europe', 'northeurope'] }));
    assert.equal(id, undefined);
    assert.match(said, /1\.0\.0 has the same inputs, but it is not in northeurope\./);
  });

  it('is not reused after the end of its life', async () => {
    const { id, said } = await ask('ended', gallery());
    assert.equal(id, undefined);
    assert.match(said, /1\.0\.2 has the same inputs, but its life ended on 2026-02-01T00:00:00\.000Z/);
  });

  it('is not reused once it is excluded from latest, unless the template makes it so', async () => {
    const { id, said } = await ask('withdrawn', gallery());
    assert.equal(id, undefined);
    assert.match(said, /1\.0\.1 has the same inputs, but it is excluded from latest/);
    const own = gallery({}, { shared_gallery_image_version_exclude_from_latest: true });
    assert.equal((await ask('withdrawn', own)).id, versionId('1.0.1'));
  });

  it('is not reused while it is not ready, or when its copy has failed', async () => {
    const [image] = (
      await imageStoresOf(stored.arm).versions({ group: 'web', gallery: 'gal', definition: 'web' })
    ).filter(({ name }) => name === '1.0.0');
    assert.ok(image !== undefined);
    for (const state of ['Creating', 'Updating', 'Failed', 'Deleting'])
      assert.deepEqual(candidates([{ ...image, state }], 'good', family), { hits: [], nearest: undefined });
    const place = {
      kind: 'gallery' as const,
      build: 'azure-arm.web',
      regions: ['westeurope'],
      group: 'web',
      gallery: 'gal',
      definition: 'web',
      mayBeExcluded: false,
    };
    const facts = {
      locations: ['westeurope'],
      provisioningState: 'Succeeded',
      endOfLife: undefined,
      excludedFromLatest: false,
      osType: undefined,
      osState: undefined,
      generation: undefined,
      securityType: undefined,
    };
    const answer = (found: Parameters<typeof Object.assign>[0]) =>
      findReusable(
        place,
        { digest: { digest: 'good', entries, gaps: [], baseImages: [] }, template: family },
        {
          stores: { managedImages: () => Promise.resolve([]), versions: () => Promise.resolve([image]) },
          images: { find: () => Promise.resolve({ ...facts, notReplicated: new Map(), ...found }) },
          now: () => 0,
        },
      );
    assert.notEqual((await answer({})).image, undefined);
    for (const [found, why] of [
      [{ notReplicated: new Map([['West Europe', 'Replicating']]) }, 'it is not in westeurope'],
      [{ notReplicated: new Map([['westeurope', 'Failed']]) }, 'it is not in westeurope'],
      [{ provisioningState: 'Failed' }, 'its state is Failed'],
    ] as const)
      assert.deepEqual(await answer(found), {
        image: undefined,
        why: `1.0.0 has the same inputs, but ${why}.`,
      });
  });

  it('of two that were baked at once is the newer one', async () => {
    const managed = source('azure-arm.web', {
      location: 'westeurope',
      managed_image_name: 'new',
      managed_image_resource_group_name: 'web',
    });
    assert.equal((await ask('managed', managed)).id, stored.imageId('same-2'));
  });

  it('and was made of a VHD is looked for where the VHD was to become an image', async () => {
    const vhd = source('azure-arm.web', {
      location: 'westeurope',
      storage_account: 'store',
      resource_group_name: 'web',
    });
    const gone = await ask('good', vhd);
    assert.equal(gone.id, undefined);
    assert.match(gone.said, /A VHD cannot be found again: it has no tags\. Set convertVhd/);
    const asVersion = { convertVhd: 'gallery', convertVhdTarget: 'web/gal/web/auto' } as const;
    assert.equal((await ask('good', vhd, asVersion)).id, versionId('1.0.0'));
    const asImage = { convertVhd: 'managed', convertVhdTarget: 'web/new' } as const;
    assert.equal((await ask('managed', vhd, asImage)).id, stored.imageId('same-2'));
  });

  it('tells what has changed since, where there is none of the same inputs', async () => {
    const older = [
      { name: 'app/index.html', hash: 'c'.repeat(64) },
      { name: 'app/old.css', hash: 'd'.repeat(64) },
    ];
    await stored.version('1.0.3', 'plain', tags('other', '2026-03-01T00:00:00.000Z', older));
    const { id, said } = await ask('none', gallery());
    assert.equal(id, undefined);
    assert.ok(
      said.includes(
        'Since 1.0.3 (2026-03-01T00:00:00.000Z) 3 inputs changed (M changed, A added, D removed):\n  M app/index.html\n  A packer/web.pkr.hcl\n  D app/old.css',
      ),
      said,
    );
  });

  it('as a base is told by what it is: a newer version, or another image of the same name, is another one', async () => {
    const resolved = async (base: TemplateBlock) => {
      const found = await resolveBaseImage(base, stored.arm);
      return typeof found === 'object' ? found : assert.fail(found);
    };
    const base = (version: object) =>
      source(
        'azure-arm.web',
        { location: 'westeurope' },
        {
          shared_image_gallery: [
            { options: { resource_group: 'web', gallery_name: 'gal', image_name: 'web', ...version } },
          ],
        },
      );
    assert.equal((await resolved(base({}))).label, 'web/gal/web/1.0.3');
    await stored.version('1.0.10', 'plain');
    await stored.version('1.0.11', 'plain', {}, { excludeFromLatest: true });
    assert.equal((await resolved(base({}))).label, 'web/gal/web/1.0.10');
    assert.equal((await resolved(base({ image_version: '1.0.2' }))).label, 'web/gal/web/1.0.2');
    assert.equal(
      await resolveBaseImage(base({ image_name: 'none' }), stored.arm),
      'The base image gal/none has no version',
    );

    const managed = source('azure-arm.web', {
      custom_managed_image_name: 'plain',
      custom_managed_image_resource_group_name: 'web',
    });
    const first = await resolved(managed);
    assert.equal(first.label, stored.imageId('plain'));
    assert.deepEqual(await resolved(managed), first);
    const other = source('azure-arm.web', {
      custom_managed_image_name: 'gone',
      custom_managed_image_resource_group_name: 'web',
    });
    assert.equal(await resolveBaseImage(other, stored.arm), "The base image 'gone' does not exist in 'web'");
  });
});
