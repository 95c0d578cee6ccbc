import assert from 'node:assert/strict';
import fc from 'fast-check';
import { destinationsOf } from '../../../../tasks/PackerBakeVmss/src/destination/destinations.js';
import {
  compareGalleryVersions,
  isGalleryVersion,
  nextGalleryVersion,
} from '../../../../tasks/PackerBakeVmss/src/destination/galleryVersion.js';
import { source, templateOf, unknown } from '../templates.js';

describe('where a template puts its images', () => {
  it('finds managed images, gallery versions and VHDs, all of one build', () => {
    const found = destinationsOf(
      templateOf(
        source(
          'azure-arm.web',
          {
            managed_image_name: 'web-1',
            managed_image_resource_group_name: 'images',
            storage_account: 'store',
            resource_group_name: 'vhds',
            build_resource_group_name: 'work',
            location: 'westeurope',
            os_type: 'Linux',
            secure_boot_enabled: true,
          },
          {
            shared_image_gallery_destination: [
              {
                options: {
                  resource_group: 'images',
                  gallery_name: 'gal',
                  image_name: 'web',
                  image_version: '1.0.3',
                  replication_regions: ['westeurope', 'northeurope'],
                },
              },
            ],
          },
        ),
      ),
    );
    assert.deepEqual(found.unknown, []);
    assert.deepEqual(
      found.groups.map(({ name, option }) => `${option}=${name}`),
      [
        'build_resource_group_name=work',
        'managed_image_resource_group_name=images',
        'resource_group_name=vhds',
      ],
    );
    const common = { build: 'azure-arm.web', location: 'westeurope' };
    assert.deepEqual(found.all, [
      { kind: 'managed', ...common, group: 'images', name: 'web-1' },
      {
        kind: 'gallery',
        ...common,
        subscriptionId: undefined,
        group: 'images',
        gallery: 'gal',
        definition: 'web',
        version: '1.0.3',
        regions: ['westeurope', 'northeurope'],
        generation: 'V2',
        excludedFromLatest: false,
        shape: { osType: 'Linux', osState: 'Generalized', securityType: 'TrustedLaunch' },
      },
      { kind: 'vhd', ...common, group: 'vhds', storageAccount: 'store', osType: 'Linux' },
    ]);
  });

  it('says what is known while building only, and guesses nothing', () => {
    const { all, unknown: names } = destinationsOf(
      templateOf(
        source('azure-arm.web', {
          managed_image_name: unknown,
          managed_image_resource_group_name: 'images',
        }),
      ),
    );
    assert.deepEqual(names, ['azure-arm.web: managed_image_name']);
    assert.equal(all[0]?.kind, 'managed');
    assert.equal('name' in all[0] ? all[0].name : '', undefined);
  });

  it('leaves out other builders and options set to nothing', () => {
    const model = templateOf(
      source('null.web', { managed_image_name: 'x' }),
      source('azure-arm.web', { storage_account: '' }),
    );
    assert.deepEqual(destinationsOf(model), { all: [], groups: [], unknown: [] });
  });
});

describe("the next version of a gallery's image", () => {
  it('is the next patch after the highest, by number and not by text', () => {
    assert.equal(nextGalleryVersion([]), '1.0.0');
    assert.equal(nextGalleryVersion(['1.0.9', '1.0.10', '1.0.2']), '1.0.11');
    assert.equal(nextGalleryVersion(['1.2.2147483647']), '1.3.0');
    assert.equal(nextGalleryVersion(['latest', 'x']), '1.0.0');
  });

  it('is newer than every existing one, and a version', () => {
    const part = fc.nat(2_147_483_647);
    const version = fc.tuple(fc.nat(2_000_000_000), part, part).map(parts => parts.join('.'));
    fc.assert(
      fc.property(fc.array(version, { maxLength: 8 }), versions => {
        const next = nextGalleryVersion(versions);
        assert.ok(isGalleryVersion(next));
        assert.ok(versions.every(each => compareGalleryVersions(each, next) < 0));
      }),
    );
  });
});
