/** The sample's load plan in both JMeters of the set-up: the one that people run, and the fallback where Maven cannot be reached. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jmeterHome, jmeterHomeFrom } from '../../scripts/setup/cache.mjs';
import { ends, sample, serveSite, type Server } from './sample.js';

const setup = fileURLToPath(new URL('../../scripts/setup/setup.mjs', import.meta.url));

describe("sample's load plan", function () {
  this.timeout(120_000);
  let site: Server;
  let folder: string;
  before(async () => {
    site = await serveSite();
    folder = mkdtempSync(join(tmpdir(), 'load-test-'));
  });
  after(async () => {
    await site.stop();
    rmSync(folder, { recursive: true });
  });

  async function load(home: string, properties: Record<string, string>) {
    const results = join(folder, 'results.jtl');
    rmSync(results, { force: true });
    const { hostname: host, port } = new URL(site.url);
    const settings = {
      ...{ host, port, users: '2', loops: '5', rampSeconds: '0', ...properties },
      'jmeter.save.saveservice.print_field_names': 'true',
      'jmeter.save.saveservice.assertion_results_failure_message': 'true',
    };
    const given = Object.entries(settings).map(([name, value]) => `-J${name}=${value}`);
    const files = ['-t', join(sample, 'load', 'site.jmx'), '-l', results, '-j', join(folder, 'jmeter.log')];
    const jmeter = join(home, 'bin', 'jmeter');
    const { output } = await ends(jmeter, ['-n', ...files, ...given], { cwd: folder });
    const [header = '', ...rest] = readFileSync(results, 'utf8').trimEnd().split('\n');
    const column = (name: string) => header.split(',').indexOf(name);
    const lines = rest.filter(line => /^\d{13},/.test(line)); // a failure message may go on for lines
    const samples = lines.map(line => line.split(',')); // no column before the failure message holds a comma
    return {
      output,
      lines,
      labels: new Set(samples.map(one => one[column('label')])),
      failed: samples.filter(one => one[column('success')] === 'false'),
    };
  }

  const homes = { 'the JMeter in use': jmeterHome(), "Debian's JMeter, mended": jmeterHomeFrom('debian') };
  for (const [name, home] of Object.entries(homes)) {
    describe(name, () => {
      before(async function () {
        this.timeout(300_000);
        if (home !== jmeterHomeFrom('debian')) return;
        const { status, output } = await ends(process.execPath, [setup, '--jmeter', 'debian'], { cwd: folder });
        assert.equal(status, 0, output);
      });

      it('finds the site well', async () => {
        const { output, lines, labels, failed } = await load(home, {});
        assert.deepEqual(failed, [], output);
        assert.equal(lines.length, 50);
        assert.deepEqual([...labels].sort(), ['Grid page', 'Health', 'Home page', 'Store data', 'Store page']);
      });

      it('fails on a limit that no page can keep', async () => {
        const { lines, failed } = await load(home, { maxMilliseconds: '1' });
        assert.ok(failed.length > 0);
        assert.ok(lines.some(line => line.includes('The operation lasted too long')));
      });

      it('fails on pages that are not the ones expected', async () => {
        const { lines, failed } = await load(home, { path: '/elsewhere' });
        assert.equal(failed.length, lines.length);
      });
    });
  }
});
