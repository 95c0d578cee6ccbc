import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chooseImage, imagesOfArtifact, type BakedImage } from '../../../shared/core/packerArtifact.js';
import {
  imagesInLog,
  imagesInManifest,
  machineImageCollector,
  parseMachineLine,
} from '../../../shared/core/packerOutput.js';
import type { ImageReference } from '../../../shared/core/imageReference.js';

const group =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute';
const managed: ImageReference = { kind: 'managed', id: `${group}/images/web-42` };
const gallery: ImageReference = { kind: 'gallery', id: `${group}/galleries/gal/images/web/versions/1.0.7` };
const vhd: ImageReference = {
  kind: 'vhd',
  uri: 'https://store.blob.core.windows.net/system/Microsoft.Compute/Images/images/web-osDisk.5a.vhd',
};
const disk = `${group}/disks/pkros123`;

const managedLines = [
  'OSType: Linux',
  'ManagedImageResourceGroupName: images',
  'ManagedImageName: web-42',
  `ManagedImageId: ${managed.id}`,
  'ManagedImageLocation: westeurope',
];
const galleryLines = [
  `ManagedImageSharedImageGalleryId: ${gallery.id}`,
  'SharedImageGalleryResourceGroup: images',
  'SharedImageGalleryName: gal',
  'SharedImageGalleryImageName: web',
  'SharedImageGalleryImageVersion: 1.0.7',
  'SharedImageGalleryReplicatedRegions: northeurope, westus',
];
const sas = `${vhd.uri}?se=2027&sig=SECRET&sp=r`;

/** What artifact.go of packer-plugin-azure prints, by plugin version and destination. */
const artifacts: {
  readonly name: string;
  readonly lines: readonly string[];
  readonly images: readonly ImageReference[];
  readonly location?: string;
}[] = [
  { name: 'managed image', lines: managedLines, images: [managed], location: 'westeurope' },
  {
    name: 'managed image with snapshots',
    lines: [...managedLines, 'ManagedImageOSDiskSnapshotName: s', 'ManagedImageDataDiskSnapshotPrefix: p'],
    images: [managed],
    location: 'westeurope',
  },
  {
    name: 'managed image and kept OS disk',
    lines: [...managedLines, `OSDiskUri: ${disk}`],
    images: [managed],
    location: 'westeurope',
  },
  { name: 'kept OS disk alone', lines: ['OSType: Linux', `OSDiskUri: ${disk}`], images: [] },
  {
    name: 'VHD since plugin 2.5',
    lines: [
      'OSType: Linux',
      'StorageAccountLocation: westus',
      `VHDOSDiskUri: ${vhd.uri}`,
      'AdditionalDiskUri (datadisk-1): https://x/d.vhd',
    ],
    images: [vhd],
    location: 'westus',
  },
  {
    name: 'VHD until plugin 2.4',
    lines: [
      'OSType: Windows',
      'StorageAccountLocation: westus',
      `OSDiskUri: ${vhd.uri}`,
      'TemplateUri: https://x/t.json',
    ],
    images: [vhd],
    location: 'westus',
  },
  {
    name: 'VHD of 2017, with signatures',
    lines: [
      'StorageAccountLocation: westus',
      `OSDiskUri: ${vhd.uri}`,
      `OSDiskUriReadOnlySas: ${sas}`,
      'TemplateUri: https://x/t.json',
      `TemplateUriReadOnlySas: https://x/t.json?sig=SECRET`,
    ],
    images: [vhd],
    location: 'westus',
  },
  {
    name: 'gallery alone',
    lines: ['OSType: Linux', ...galleryLines],
    images: [gallery],
    location: 'northeurope',
  },
  {
    name: 'managed image and gallery',
    lines: [...managedLines, ...galleryLines],
    images: [managed, gallery],
    location: 'westeurope',
  },
  {
    name: 'managed image, VHD and gallery',
    lines: [
      ...managedLines,
      'StorageAccountLocation: westeurope',
      `VHDOSDiskUri: ${vhd.uri}`,
      ...galleryLines,
    ],
    images: [vhd, managed, gallery],
    location: 'westeurope',
  },
  {
    name: 'DevTest Lab',
    lines: [`ManagedImageId: ${managed.id}`, `ManagedImageSharedImageGalleryId: ${gallery.id}`],
    images: [managed, gallery],
  },
];

const text = (lines: readonly string[]) => ['Azure.ResourceManagement.VMImage:', '', ...lines, ''].join('\n');
const machineString = (value: string) =>
  value.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', String.raw`\n`);
const references = (images: readonly BakedImage[]) => images.map(image => image.reference);

describe('what a Packer run made', () => {
  for (const artifact of artifacts) {
    it(`${artifact.name}: from the log, the log with timestamps, and machine-readable output`, () => {
      const human = [
        '==> azure-arm: Capturing image ...',
        '',
        '==> Builds finished. The artifacts of successful builds are:',
        `--> azure-arm: ${text(artifact.lines)}`,
      ].join('\n');
      const machine = [
        '1795396607,,ui,say,\\n==> Builds finished. The artifacts of successful builds are:',
        '1795396607,azure-arm,artifact-count,1',
        '1795396607,azure-arm,artifact,0,builder-id,Azure.ResourceManagement.VMImage',
        `1795396607,azure-arm,artifact,0,id,${artifact.images[0] === undefined ? 'UNKNOWN ID' : 'x'}`,
        `1795396607,azure-arm,artifact,0,string,${machineString(text(artifact.lines))}`,
        '1795396607,azure-arm,artifact,0,files-count,0',
        '1795396607,azure-arm,artifact,0,end',
        `1795396607,,ui,say,--> azure-arm: ${machineString(text(artifact.lines))}`,
      ].join('\n');
      const stamped = human.replace(/^/gm, '2026-11-23T01:16:47.1234567Z ');
      const coloured = human.replaceAll('\n', '\u001b[0m\r\n\u001b[1;32m');
      for (const log of [
        human,
        machine,
        stamped,
        coloured,
        human.replace(/^/gm, '2026-11-23T01:16:47+01:00: '),
      ]) {
        const images = imagesInLog(log);
        assert.deepEqual(references(images), artifact.images);
        assert.ok(images.every(image => image.build === 'azure-arm'));
        if (artifact.images.length > 0) assert.equal(images[0]?.location, artifact.location);
      }
    });
  }

  it('azure-chroot: the resources that it created', () => {
    const lines = ['Azure resources created:', disk.toLowerCase(), managed.id.toLowerCase(), ''];
    assert.deepEqual(references(imagesOfArtifact('azure-chroot', lines.join('\n'))), [
      { kind: 'managed', id: managed.id.toLowerCase() },
    ]);
  });

  it("takes nothing from what provisioners print, from other builders' artifacts, or from a run that made nothing", () => {
    const noise = [
      '    azure-arm: ManagedImageName: pwned',
      `ManagedImageId: ${managed.id}`,
      `OSDiskUri: ${vhd.uri}`,
    ];
    assert.deepEqual(imagesInLog(noise.join('\n')), []);
    const header = '==> Builds finished. The artifacts of successful builds are:';
    assert.deepEqual(
      imagesInLog([...noise, header, `--> docker: Imported ${managed.id}`, ...noise.slice(1)].join('\n')),
      [],
    );
    assert.deepEqual(imagesInLog([header, '--> azure-arm: <nothing>'].join('\n')), []);
    assert.deepEqual(imagesInLog('==> Builds finished but no artifacts were created.'), []);
    assert.deepEqual(imagesInLog(`1795396607,,ui,message,    a: ${machineString(text(managedLines))}`), []);
  });

  it('takes the last run of a log that several were appended to', () => {
    const run = (id: string) =>
      `==> Builds finished. The artifacts of successful builds are:\n--> a: ${text([`ManagedImageId: ${id}`])}`;
    assert.deepEqual(references(imagesInLog(run(`${managed.id}-old`) + run(managed.id))), [managed]);
  });

  it('reads only the last run of a manifest, and sees that a disk is no image', () => {
    const build = (artifact_id: string, packer_run_uuid: string, name = 'web') => ({
      name,
      builder_type: 'azure-arm',
      artifact_id,
      packer_run_uuid,
    });
    const manifest = {
      builds: [
        build(`${managed.id}-old`, '1'),
        build(managed.id, '2'),
        build(disk, '2', 'disk'),
        build('UNKNOWN ID', '2', 'x'),
      ],
      last_run_uuid: '2',
    };
    const images = imagesInManifest(JSON.stringify(manifest), 'm.json');
    assert.deepEqual(images, [{ build: 'web', reference: managed, location: undefined }]);
    assert.throws(() => imagesInManifest('{}', 'm.json'), /m\.json is no Packer manifest/);
    assert.throws(() => imagesInManifest('no', 'm.json'), /m\.json is no Packer manifest/);
  });

  it('reads machine-readable lines', () => {
    assert.deepEqual(parseMachineLine('1795396607,azure-arm.web,artifact,0,string,a%!(PACKER_COMMA)b'), {
      target: 'azure-arm.web',
      type: 'artifact',
      data: ['0', 'string', 'a,b'],
    });
    assert.deepEqual(parseMachineLine('1795396607,,ui,say,'), { target: '', type: 'ui', data: ['say', ''] });
    assert.equal(parseMachineLine('==> a, b, c'), undefined);
  });

  it('never throws on any text', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '==> Builds finished. The artifacts of successful builds are:',
        '--> a: Azure.ResourceManagement.VMImage:',
        `ManagedImageId: ${managed.id}`,
        '1795396607,a,artifact,0,string',
      ),
    );
    fc.assert(
      fc.property(fc.array(line), lines => {
        assert.ok(imagesInLog(lines.join('\n')).length <= lines.length);
        const collector = machineImageCollector();
        for (const each of lines) {
          const parsed = parseMachineLine(each);
          if (parsed !== undefined) collector.take(parsed);
        }
        assert.deepEqual(collector.images(), []);
      }),
    );
  });
});

describe('chooseImage', () => {
  const of = (build: string, reference: ImageReference): BakedImage => ({
    build,
    reference,
    location: undefined,
  });

  it('takes the only one, also when a post-processor listed it twice', () => {
    assert.equal(chooseImage([of('a', managed), of('a', managed)], 'The log').reference, managed);
  });

  it('prefers a gallery version to the managed image and the VHD of the same build', () => {
    assert.equal(
      chooseImage([of('a', vhd), of('a', managed), of('a', gallery)], 'The log').reference,
      gallery,
    );
    assert.equal(chooseImage([of('a', vhd), of('a', gallery)], 'The log', { kinds: ['vhd'] }).reference, vhd);
  });

  it('fails on none, on several builds and on several images of a build, with what was found', () => {
    assert.throws(() => chooseImage([], "Packer's output"), /Packer's output names no Azure image/);
    const other: ImageReference = { kind: 'managed', id: `${managed.id}-b` };
    assert.throws(
      () => chooseImage([of('azure-arm.a', managed), of('azure-arm.b', gallery)], 'It'),
      /names several images; say which build's.*\n {2}- azure-arm\.a: .*web-42\n {2}- azure-arm\.b: /,
    );
    assert.throws(
      () => chooseImage([of('a', managed), of('a', other)], 'It'),
      /names several images; let the build make one/,
    );
    assert.throws(
      () => chooseImage([of('a', managed)], 'It', { kinds: ['vhd'] }),
      /no image that is a VHD URI\. It names:\n {2}- a: /,
    );
  });

  it('takes the named build, by its whole name or by its last part', () => {
    const images = [of('azure-arm.a', managed), of('azure-arm.b', gallery)];
    assert.equal(chooseImage(images, 'It', { buildName: 'azure-arm.a' }).reference, managed);
    assert.equal(chooseImage(images, 'It', { buildName: 'b' }).reference, gallery);
    assert.throws(() => chooseImage(images, 'It', { buildName: 'c' }), /no image of a build 'c'\. It names:/);
  });
});
