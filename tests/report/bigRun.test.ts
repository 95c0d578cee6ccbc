import assert from 'node:assert/strict';
import { bigRun } from './bigRun.js';
import { checkReport } from './publishedSchema.js';

describe('the report of a big run', function () {
  this.timeout(180_000);

  it('with 1,000 instances, 10,000 labels and 5,000 tests is below a megabyte, and has what failed', async () => {
    const report = await bigRun({ instances: 1000, labels: 10_000, tests: 5000 });
    checkReport(report);
    const size = Buffer.byteLength(JSON.stringify(report));
    assert.ok(size < 1_000_000, `${size} bytes`);
    const [bake, patch, deploy, smoke, load] = report.parts;
    assert.ok(bake?.task === 'PackerBakeVmss' && bake.body?.phases.length === 40);
    assert.ok(patch?.task === 'PatchArmImageUri' && patch.body !== null);
    assert.equal(patch.body.omitted + (patch.body.files[0]?.changes.length ?? 0), 500);
    assert.ok(deploy?.task === 'DeployVmssImage' && deploy.body !== null);
    assert.equal(deploy.body.outcome, 'rolledBack');
    const { forward, back, site } = deploy.body;
    assert.deepEqual([forward.instances.length, back?.instances.length], [1000, 1000]);
    assert.ok(forward.instances.some(({ failed }) => failed !== undefined));
    assert.ok((site?.failed ?? 0) > 0);
    assert.ok(smoke?.task === 'RunSeleniumSmoke' && smoke.body !== null);
    assert.equal(smoke.body.tests.filter(({ outcome }) => outcome === 'failed').length, 50);
    assert.equal(smoke.body.tests.length + smoke.body.omitted, 5000);
    assert.ok(load?.task === 'RunJmeterLoad' && load.body !== null);
    assert.ok(load.body.labels.length > 100, String(load.body.labels.length));
    assert.ok(load.body.labels[1]?.before !== undefined);
    assert.ok(load.body.criteria.some(({ passed }) => !passed));
    const { threads = [] } = load.body.course;
    assert.ok((threads[0] ?? 0) < 20 && threads.at(-1) === 50, threads.join());
  });
});
