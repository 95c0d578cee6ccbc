import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkInputs, type LoadInput } from '../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { preparePlan } from '../../../tasks/RunJmeterLoad/src/preparePlan.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { loadInput } from './loadInput.js';

describe('preparePlan', () => {
  let directory: string;
  let fake: FakeAgent;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'plan-'));
    fake = fakeAgent({ workingDirectory: directory });
  });
  afterEach(async () => {
    await fake.close();
    assert.deepEqual(readdirSync(directory), ['site.jmx'], 'no copy is left');
    rmSync(directory, { recursive: true });
  });

  /** The plan that JMeter gets. */
  function prepared(plan: string, rest: Partial<LoadInput>): string {
    writeFileSync(join(directory, 'site.jmx'), plan);
    const order = checkInputs(
      loadInput({ siteUrl: 'https://blue.example.com:8443/shop', ...rest }),
      fake.agent,
    );
    return readFileSync(preparePlan(order, fake.agent).file, 'utf8');
  }

  const fixture = readFileSync(join(import.meta.dirname, 'fixtures', 'site.jmx'), 'utf8');
  /** One of its two requests goes to a host of its own. */
  const half = fixture.replace('${__P(host)}', 'www.example.com');

  it('leaves a plan alone that reads its host', () => {
    assert.equal(prepared(fixture, {}), fixture);
    assert.deepEqual(fake.warnings, []);
  });

  it('warns where a plan reads its host and sends requests elsewhere all the same', () => {
    assert.equal(prepared(half, {}), half);
    assert.match(
      fake.warnings.join(),
      /site\.jmx reads the property 'host', but names www\.example\.com itself as well: requests there are sent as they are/,
    );
  });

  it('moves the hosts that it is told, and does not warn of the others', () => {
    const moved = prepared(half, { replaceHosts: 'www.example.com' });
    assert.ok(moved.includes('<stringProp name="HTTPSampler.domain">blue.example.com</stringProp>'));
    assert.ok(moved.includes('<stringProp name="HTTPSampler.domain">${__P(host)}</stringProp>'));
    assert.deepEqual(fake.warnings, []);
    assert.match(fake.log.join('\n'), /names www\.example\.com itself\. JMeter runs a copy of it/);
  });
});
