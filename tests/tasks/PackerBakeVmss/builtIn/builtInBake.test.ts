import assert from 'node:assert/strict';
import { removeFolders } from '../../../local/agent/support.js';
import { startLocalBakes, type LocalBakes } from '../localBakes.js';

/** The built task bakes without a template on the local Azure: a machine is started, filled and made an image of. */
describe('a bake with the built-in template', function () {
  this.timeout(240_000);
  let bakes: LocalBakes;

  before(async () => {
    bakes = await startLocalBakes();
  });
  after(async () => {
    await bakes.close();
    removeFolders();
  });

  it('puts the package into the image, runs playbook and script as root, with arguments as they were written', async () => {
    const run = await bakes.bakeFiles(
      {
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
      },
      {
        'app/index.html': 'hello from the package',
        'app/sub folder/it is.txt': 'deep',
        'deploy/deploy.sh':
          '#!/bin/sh\nset -eu\necho "in $(pwd) as $(id -un)"\ncat index.html; echo\ncat "sub folder/it is.txt"; echo\nfor each; do echo "<$each>"; done\ncat /etc/from-ansible; echo\n',
        'ansible/site.yml':
          '- hosts: all\n  tasks:\n    - copy: { src: files/word, dest: /etc/from-ansible }\n',
        'ansible/files/word': 'a file of the playbook',
      },
    );
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
    assert.match(run.text, /Baked a managed image in .*\/Microsoft\.Compute\/images\/built-in-1/);
    assert.deepEqual(Object.keys(await bakes.groups()), ['images']);
  });
});
