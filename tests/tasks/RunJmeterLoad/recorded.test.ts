import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe as prose } from '../../../shared/core/errors.js';
import type { LoadSummary } from '../../../tasks/RunJmeterLoad/src/loadSummary.js';
import { runLoad } from '../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { loadInput } from './loadInput.js';

/** What JMeter 2.13 wrote for site.jmx: as CSV by its own defaults, with no header, and as XML with the results of assertions. */
describe('results of JMeter 2.13', () => {
  const fixtures = join(import.meta.dirname, 'fixtures');
  let directory: string;
  let fake: FakeAgent;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'recorded-'));
    copyFileSync(join(fixtures, 'site.jmx'), join(directory, 'site.jmx'));
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true });
  });

  async function judge(names: readonly string[]) {
    fake = fakeAgent({ workingDirectory: directory });
    for (const name of names) copyFileSync(join(fixtures, name), join(directory, name));
    const message = await runLoad(loadInput({ mergeResults: '*.jtl' }), fake.agent).catch(prose);
    const { overall, labels } = JSON.parse(
      readFileSync(fake.outputs['summaryFile'] ?? '', 'utf8'),
    ) as LoadSummary;
    return { message, overall, labels };
  }

  it('are read by their order where they have no header', async () => {
    const { overall, labels } = await judge(['jmeter-2.13.csv.jtl']);
    assert.deepEqual([overall.samples, overall.min, overall.max], [8, 7, 368]);
    assert.deepEqual(overall.errors, { assertion: 4, response: 4, transport: 0 });
    assert.deepEqual(labels.map(({ label, samples, transaction }) => [label, samples, transaction]).sort(), [
      ['GET /, "home"', 4, false],
      ['GET /data', 4, false],
      ['Visit', 4, true],
    ]);
  });

  it('are read as XML, and together with others', async () => {
    const xml = await judge(['jmeter-2.13.xml.jtl']);
    assert.equal(xml.overall.samples, 8);
    assert.deepEqual(xml.overall.errors, { assertion: 0, response: 0, transport: 8 });
    await fake.close();
    const both = await judge(['jmeter-2.13.xml.jtl', 'jmeter-2.13.csv.jtl']);
    assert.equal(both.overall.samples, 16);
    assert.match(both.message, /4 of 8 failed|8 of 8 failed/);
  });

  it('are counted as far as they are whole when they were cut, and never pass', async () => {
    for (const name of ['jmeter-2.13.csv.jtl', 'jmeter-2.13.xml.jtl']) {
      const content = readFileSync(join(fixtures, name));
      const other = `cut-${name}`;
      writeFileSync(join(directory, other), content.subarray(0, Math.floor(content.length / 2)));
      const { message, overall } = await judge([]);
      assert.ok(overall.samples > 0 && overall.samples < 8, name);
      assert.match(message, /the results end in the middle of a record/);
      rmSync(join(directory, other));
      await fake.close();
    }
  });
});
