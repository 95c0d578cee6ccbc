import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import { repositoryRoot } from '../../../../scripts/tasks.js';
import { removeFolders, type Run } from '../../../local/agent/support.js';
import { startLocalBakes, type LocalBakes } from '../localBakes.js';

/** The built task bakes without a template on the local Azure: a machine is started, filled and made an image of. */
describe('a bake with the built-in template', function () {
  this.timeout(240_000);
  let bakes: LocalBakes;
  let run: Run;

  const inputs = {
    templateType: 'builtIn',
    baseImage: 'Debian:debian-12:12',
    location: 'westeurope',
    vmSize: 'Standard_B1s',
    packagePath: 'app',
    packageDestination: "/srv/the 'web' site",
    deployScript: 'deploy/deploy.sh',
    deployScriptArguments: `one "two  words" '\${three}' '{{four}}' '%{five}'`,
    ansiblePlaybook: 'ansible/site.yml',
    managedImageName: 'built-in-1',
    managedImageResourceGroupName: 'images',
    galleryName: 'shop',
    galleryResourceGroupName: 'images',
    galleryImageDefinition: 'web',
    galleryImageVersion: 'auto',
    createImageDefinition: 'true',
    reuseImage: 'whenUnchanged',
  };
  const files = {
    'app/index.html': 'hello from the package',
    'app/sub folder/it is.txt': 'deep',
    'deploy/deploy.sh':
      '#!/bin/sh\nset -eu\necho "in $(pwd) as $(id -un)"\ncat index.html; echo\ncat "sub folder/it is.txt"; echo\nfor each; do echo "<$each>"; done\ncat /etc/from-ansible; echo\n',
    'ansible/site.yml': '- hosts: all\n  tasks:\n    - copy: { src: files/word, dest: /etc/from-ansible }\n',
    'ansible/files/word': 'a file of the playbook',
  };

  before(async () => {
    bakes = await startLocalBakes();
    const { resources, connection } = bakes;
    await resources.resources.beginCreateOrUpdateByIdAndWait(
      `subscriptions/${connection.subscriptionId}/resourceGroups/images/providers/Microsoft.Compute/galleries/shop`,
      '2023-07-03',
      { location: 'westeurope' },
    );
    // The runs may do what the documented role allows, and no more.
    const { status, bodyAsText } = await resources.sendRequest(
      createPipelineRequest({
        url: 'https://control.local-azure/roles',
        method: 'PUT',
        body: readFileSync(join(repositoryRoot, 'docs', 'roles', 'bake-role.json'), 'utf8'),
      }),
    );
    assert.equal(status, 200, bodyAsText ?? '');
    run = await bakes.bakeFiles(inputs, files);
  });
  after(async () => {
    await bakes.close();
    removeFolders();
  });

  it('puts the package into the image, runs playbook and script as root, with arguments as they were written', () => {
    assert.equal(run.record.result, 'succeeded', run.text);
    for (const said of [
      "azure-arm.image: in /srv/the 'web' site as root",
      'azure-arm.image: hello from the package',
      'azure-arm.image: deep',
      'azure-arm.image: <one>',
      'azure-arm.image: <two  words>',
      'azure-arm.image: <${three}>',
      'azure-arm.image: <{{four}}>',
      'azure-arm.image: <%{five}>',
      'azure-arm.image: a file of the playbook',
    ])
      assert.ok(run.text.includes(said), `${said}\n${run.text}`);
  });

  it("makes the gallery's definition, takes the next version, and leaves nothing else", async () => {
    assert.match(run.text, /Created image definition 'web' in gallery 'shop'\./);
    assert.match(
      run.text,
      /Baked a gallery image version in .*\/galleries\/shop\/images\/web\/versions\/1\.0\.0/,
    );
    assert.deepEqual(Object.keys(await bakes.groups()), ['images']);
  });

  it('needs no more than the documented role', () => {
    assert.equal(run.record.result, 'succeeded', run.text);
    assert.doesNotMatch(run.text, /AuthorizationFailed/);
  });

  it('is found again by its digest in the next run, under whatever name', async () => {
    const again = await bakes.bakeFiles({ ...inputs, managedImageName: 'built-in-2' }, files);
    assert.equal(again.record.result, 'succeeded', again.text);
    const { imageReused, imageReference } = again.step('bake').outputs;
    assert.equal(imageReused, 'true', again.text);
    assert.match(imageReference ?? '', /\/galleries\/shop\/images\/web\/versions\/1\.0\.0$/);
  });
});
