import assert from 'node:assert/strict';
import { phaseReader } from '../../../../tasks/PackerBakeVmss/src/log/packerPhases.js';

describe('the parts of a build', () => {
  it('are the machine, each provisioner and the image, with their times', () => {
    const reader = phaseReader();
    const lines = [
      ['==> azure-arm: Running builder ...', 0],
      ['==> azure-arm: Creating resource group ...', 1],
      ['==> azure-arm: Provisioning with shell script: /tmp/one.sh', 10],
      ['    azure-arm: ==> azure-arm: Provisioning with noise', 12],
      ['==> azure-arm: Provisioning with shell script: /tmp/one.sh', 20],
      ['==> azure-arm: Uploading app.tar => /tmp/app.tar', 25],
      ["==> azure-arm: Querying the machine's properties ...", 30],
      ['==> azure-arm: Powering off machine ...', 31],
      ['==> azure-arm: Cleanup requested, deleting resource group ...', 40],
    ] as const;
    const titles = lines.map(([line, now]) => reader.take('azure-arm', line, now));
    assert.deepEqual(
      titles.filter(title => title !== undefined),
      [
        'Build machine',
        'Provisioning with shell script: /tmp/one.sh',
        'Provisioning with shell script: /tmp/one.sh',
        'Uploading app.tar => /tmp/app.tar',
        'Image and clean-up',
      ],
    );
    reader.end(50);
    assert.deepEqual(
      reader.phases.map(({ startedAt, endedAt }) => endedAt - startedAt),
      [10, 10, 5, 5, 20],
    );
    assert.equal(reader.builds, 1);
  });

  it('of two builds at a time are told apart', () => {
    const reader = phaseReader();
    reader.take('a', '==> a: Provisioning with shell script: x', 1);
    reader.take('b', '==> b: Provisioning with shell script: x', 2);
    reader.end(5);
    assert.deepEqual(
      reader.phases.map(({ build, startedAt, endedAt }) => [build, endedAt - startedAt]),
      [
        ['a', 4],
        ['b', 3],
      ],
    );
    assert.equal(reader.builds, 2);
  });
});
