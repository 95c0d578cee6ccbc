import assert from 'node:assert/strict';
import { makeFolder, type Folder } from './patching.js';
import { galleryId, managedId, template, vhdUri } from './samples.js';

const byId = (id: string) => ({ imageReference: { id } });
const file = (parameters: object) => JSON.stringify({ parameters });

describe('the shape of the image', () => {
  let folder: Folder;
  const web = 'web.parameters.json';
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(async () => {
    await folder.close();
  });
  /** Runs with a template's storage profile and a file's text; returns what became of the text. */
  const patch = (
    storageProfile: unknown,
    declared: Record<string, unknown>,
    text: string,
    image = managedId,
    variables = {},
  ) => {
    folder.write('t.json', template(storageProfile, declared, variables));
    folder.write(web, text);
    folder.run({ imageReference: image, templateFile: 't.json' });
    const once = folder.read(web);
    assert.match(folder.run({ imageReference: image, templateFile: 't.json' }), /^Nothing to change/);
    assert.equal(folder.read(web), once);
    return once;
  };
  const image = { image: { type: 'object' } };
  const imageId = { imageId: { type: 'string' } };

  describe('follows the type that the template declares', () => {
    it('an object for imageReference: its id, and nothing else of it', () => {
      const text = '{"parameters": {"image": {"value": {\n  "id": "/old" // the image\n}}}}';
      assert.equal(
        patch({ imageReference: "[parameters('image')]" }, image, text),
        text.replace('/old', managedId),
      );
    });

    it('an object that names a publisher gives way to one with the id', () => {
      const platform = { publisher: 'Debian', offer: 'debian-12', sku: '12', version: 'latest' };
      const text = file({ image: { value: platform } });
      assert.equal(
        patch({ imageReference: "[parameters('image')]" }, image, text),
        `{"parameters":{"image":{"value":{ "id": "${managedId}" }}}}`,
      );
    });

    it('a text where the template wants an object, and an object where it wants a text', () => {
      assert.equal(
        patch({ imageReference: "[parameters('image')]" }, image, file({ image: { value: '/old' } })),
        `{"parameters":{"image":{"value":{ "id": "${managedId}" }}}}`,
      );
      assert.equal(
        patch(byId("[parameters('imageId')]"), imageId, file({ imageId: { value: { id: '/old' } } })),
        `{"parameters":{"imageId":{"value":"${managedId}"}}}`,
      );
    });

    it('a member of an object that holds more', () => {
      const declared = { web: { type: 'object' } };
      const text = '{ "parameters": { "web": { "value": { "size": 2 } } } }';
      assert.equal(
        patch(byId("[parameters('web').image.id]"), declared, text),
        `{ "parameters": { "web": { "value": { "size": 2, "image": { "id": "${managedId}" } } } } }`,
      );
      const full = '{ "parameters": { "web": { "value": { "image": { "id": null }, "size": 2 } } } }';
      assert.equal(
        patch(byId("[parameters('web').image.id]"), declared, full),
        full.replace('null', `"${managedId}"`),
      );
    });

    it('an object that the file lacks', () => {
      assert.equal(
        patch({ imageReference: "[parameters('image')]" }, image, '{\n  "parameters": {}\n}\n'),
        `{\n  "parameters": {\n    "image": {\n      "value": {\n        "id": "${managedId}"\n      }\n    }\n  }\n}\n`,
      );
    });

    it('an object around the URI of a VHD', () => {
      const vhd = { osDisk: { image: "[parameters('image')]" } };
      assert.equal(
        patch(vhd, image, file({ image: { value: { uri: 'https://a/b.vhd' } } }), vhdUri),
        `{"parameters":{"image":{"value":{"uri":"${vhdUri}"}}}}`,
      );
    });

    it('and refuses what contradicts itself', () => {
      assert.throws(
        () => patch({ imageReference: "[parameters('imageId')]" }, imageId, file({})),
        /declares the parameter 'imageId' as string, but reads its member 'id'/,
      );
    });
  });

  it('is found through variables that hold the object, or the whole storage profile', () => {
    const text = file({ imageId: { value: '' } });
    const expected = `{"parameters":{"imageId":{"value":"${managedId}"}}}`;
    const held = { reference: { id: "[parameters('imageId')]" } };
    assert.equal(
      patch({ imageReference: "[variables('reference')]" }, imageId, text, managedId, held),
      expected,
    );
    const profile = {
      profile: { osDisk: {}, imageReference: { id: "[variables('id')]" } },
      id: "[parameters('imageId')]",
    };
    assert.equal(patch("[variables('profile')]", imageId, text, managedId, profile), expected);
    const made = "[createObject('sku', 'x', 'id', parameters('imageId'))]";
    assert.equal(patch({ imageReference: made }, imageId, text), expected);
  });

  it('picks, of a parameter for a VHD and one for an id, the one for this image', () => {
    const declared = {
      imageUri: { type: 'string', defaultValue: '' },
      imageId: { type: 'string', defaultValue: '' },
    };
    const both = {
      osDisk: { image: { uri: "[parameters('imageUri')]" } },
      imageReference: { id: "[parameters('imageId')]" },
    };
    const text = file({ imageUri: { value: '' }, imageId: { value: '' } });
    assert.match(
      patch(both, declared, text, galleryId),
      /"imageUri":\{"value":""\},"imageId":\{"value":"\/subscr/,
    );
    assert.match(patch(both, declared, text, vhdUri), /"imageUri":\{"value":"https.*"imageId":\{"value":""/);
  });

  it('is converted from a VHD to an id where the template says so, and only then', () => {
    const text = file({ imageId: { value: vhdUri } });
    assert.match(patch(byId("[parameters('imageId')]"), imageId, text), /web-42/);
    folder.write(web, text);
    assert.throws(
      () => folder.run({ imageReference: managedId }),
      /holds a VHD URI and would become a managed image/,
    );
    folder.write(web, file({ image: { value: { id: managedId } } }));
    folder.run({ imageReference: galleryId });
    assert.equal(folder.read(web), file({ image: { value: { id: galleryId } } }));
  });

  it('names the places of several scale sets when each has a parameter of its own', () => {
    const set = (name: string, parameter: string) => ({
      type: 'Microsoft.Compute/virtualMachineScaleSets',
      name,
      copy: { name: 'loop', count: 2 },
      properties: { virtualMachineProfile: { storageProfile: byId(`[parameters('${parameter}')]`) } },
    });
    const resources = [set('web', 'webImage'), set('api', 'apiImage')];
    const parameters = { webImage: { type: 'string' }, apiImage: { type: 'string' } };
    folder.write('t.json', JSON.stringify({ parameters, resources }));
    folder.write(web, file({}));
    assert.throws(
      () => folder.run({ imageReference: managedId, templateFile: 't.json' }),
      /several parameters that end up as an image: 'webImage' \(resources\[0\].*imageReference\.id\) and 'apiImage' \(resources\[1\].*\)\. Say which one is meant with 'parameterName'/,
    );
    folder.run({ imageReference: managedId, templateFile: 't.json', parameterName: 'apiImage' });
    assert.match(folder.read(web), /"apiImage"/);
    folder.write(
      't.json',
      JSON.stringify({ parameters, resources: [set('web', 'webImage'), set('api', 'webImage')] }),
    );
    folder.write(web, file({}));
    folder.run({ imageReference: managedId, templateFile: 't.json' });
    assert.match(folder.read(web), /"webImage"/);
  });

  it('keeps to the length that the template allows, and files to all its limits', () => {
    assert.throws(
      () => patch(byId("[parameters('imageId')]"), { imageId: { type: 'string', maxLength: 61 } }, file({})),
      /t\.json takes at most 61 characters for the parameter 'imageId'/,
    );
    assert.throws(
      () => patch(byId("[parameters('imageId')]"), { imageId: { type: 'string', minLength: 500 } }, file({})),
      /t\.json wants at least 500 characters for the parameter 'imageId'/,
    );
    const declared = {
      ...imageId,
      count: { type: 'int', minValue: 2, maxValue: 9 },
      name: { type: 'string', minLength: 3, maxLength: 5 },
      zones: { type: 'array', maxLength: 1 },
      size: { $ref: '#/definitions/size' },
      note: { type: 'string', nullable: true },
    };
    const bad = {
      count: { value: 10 },
      name: { value: 'ab' },
      zones: { value: [1, 2] },
      note: { value: null },
    };
    assert.throws(
      () => patch(byId("[parameters('imageId')]"), declared, file(bad)),
      /\(the template is t\.json\):\n.*'count' is above 9.*\n.*'name' has 2 characters.*at least 3\n.*'zones' has 2 items.*at most 1$/,
    );
  });

  it('replaces a reference to a Key Vault only when told', () => {
    const text =
      '{"parameters": {"imageId": {\n "reference": {"keyVault": {"id": "x"}, "secretName": "y"} // vault\n}}}';
    folder.write(web, text);
    assert.throws(() => folder.run({ imageReference: managedId }), /set replaceReference: true/);
    assert.equal(folder.read(web), text);
    folder.run({ imageReference: managedId, replaceReference: true });
    assert.equal(folder.read(web), `{"parameters": {"imageId": {\n "value": "${managedId}" // vault\n}}}`);
    assert.match(folder.run({ imageReference: managedId, replaceReference: true }), /^Nothing to change/);
  });

  it('refuses a name that stands twice on the way to the image', () => {
    folder.write(web, '{"parameters":{"imageId":{"value":"","value":""}}}');
    assert.throws(
      () => folder.run({ imageReference: managedId }),
      /'parameters\.imageId\.value' 2 times; leave one/,
    );
  });

  it('goes into the object of a template that a JSON path names', () => {
    const literal = template({ imageReference: { publisher: 'Debian', offer: 'debian-12' } }, {});
    folder.write('t.json', literal);
    const jsonPath = 'resources[1].properties.virtualMachineProfile.storageProfile.imageReference';
    assert.throws(
      () => folder.run({ files: 't.json', imageReference: managedId }),
      /it is a template without a place for an image: .* Name the place with 'jsonPath'/,
    );
    folder.run({ files: 't.json', imageReference: managedId, jsonPath });
    const { resources } = JSON.parse(folder.read('t.json')) as { resources: { properties: unknown }[] };
    assert.deepEqual(resources[1]?.properties, {
      virtualMachineProfile: { storageProfile: { imageReference: { id: managedId } } },
    });
  });
});
