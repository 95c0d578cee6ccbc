import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterObservation,
  healthSettings,
  newHealth,
  richState,
  type Observation,
} from '../../../local/azure/providers/compute/applicationHealth.js';
import {
  extensionOf,
  extensionsOf,
  shownExtension,
} from '../../../local/azure/providers/compute/extension.js';
import { chooseForScaleIn, scaleInRule, surplus } from '../../../local/azure/providers/compute/scaleIn.js';

const script = (settings: object, protectedSettings?: object, more: object = {}) => ({
  publisher: 'Microsoft.Azure.Extensions',
  type: 'CustomScript',
  typeHandlerVersion: '2.1',
  settings,
  ...(protectedSettings === undefined ? {} : { protectedSettings }),
  ...more,
});
const health = (version: string, settings: object) =>
  extensionOf('health', {
    publisher: 'Microsoft.ManagedServices',
    type: 'ApplicationHealthLinux',
    typeHandlerVersion: version,
    settings,
  });

describe('Which instances go', () => {
  const at = (instanceId: string, minute: number, protection = {}) => ({
    instanceId,
    timeCreated: new Date(minute * 60_000),
    protection,
  });
  const all = [at('0', 5), at('2', 1), at('10', 3), at('11', 9, { protectFromScaleIn: true })];

  it('is for the rule to say, sparing protected ones', () => {
    const ids = (rule: 'Default' | 'NewestVM' | 'OldestVM') =>
      chooseForScaleIn(all, 2, rule).map(one => one.instanceId);
    assert.deepEqual(ids('Default'), ['10', '2']);
    assert.deepEqual(ids('NewestVM'), ['0', '10']);
    assert.deepEqual(ids('OldestVM'), ['2', '10']);
  });

  it('refuses rules that it does not know', () => {
    assert.equal(scaleInRule({}), 'Default');
    assert.equal(scaleInRule({ scaleInPolicy: { rules: ['oldestvm'] } }), 'OldestVM');
    for (const rules of [['Random'], ['Default', 'OldestVM']])
      assert.throws(
        () => scaleInRule({ scaleInPolicy: { rules } }),
        /one rule of Default, OldestVM, NewestVM/,
      );
  });

  it('makes a surplus of a fifth only when asked for it', () => {
    assert.deepEqual([surplus(10, true), surplus(4, true), surplus(10, false)], [2, 0, 0]);
  });
});

describe('Extensions', () => {
  it('run after those that they name, and refuse a circle', () => {
    const profile = (...after: string[][]) => ({
      extensions: after.map((names, i) => ({
        name: `e${i}`,
        properties: script({ commandToExecute: 'true' }, undefined, { provisionAfterExtensions: names }),
      })),
    });
    assert.deepEqual(
      extensionsOf(profile(['e2'], [], ['e1'])).map(one => one.name),
      ['e1', 'e2', 'e0'],
    );
    assert.throws(() => extensionsOf(profile(['e1'], ['e0'])), /wait for each other/);
  });

  it('never show protected settings, and keep them when an update gives none', () => {
    const given = script({ fileUris: [] }, { commandToExecute: 'echo secret' });
    assert.ok(!JSON.stringify(shownExtension(given)).includes('secret'));
    const before = extensionOf('cse', given);
    assert.deepEqual(extensionOf('cse', script({ fileUris: [] }), before).protectedSettings, {
      commandToExecute: 'echo secret',
    });
  });

  it('are refused when they could not run here', () => {
    assert.throws(() => extensionOf('x', script({})), /exactly one of commandToExecute and script/);
    assert.throws(
      () =>
        extensionOf(
          'x',
          script({ commandToExecute: 'a', fileUris: ['https://h.blob.core.windows.net/c/a.sh?sig=s3'] }),
        ),
      (error: Error) => /from this machine only/.test(error.message) && !error.message.includes('s3'),
    );
    assert.throws(
      () =>
        extensionOf('x', {
          ...script({}),
          publisher: 'Microsoft.Azure.Monitor',
          type: 'AzureMonitorLinuxAgent',
        }),
      /could not be found/,
    );
  });
});

describe('The Application Health extension', () => {
  it('has the defaults of its version', () => {
    assert.deepEqual(healthSettings(health('1.0', { protocol: 'http' })), {
      protocol: 'Http',
      port: 80,
      path: '/',
      intervalSeconds: 5,
      numberOfProbes: 1,
      gracePeriodSeconds: 0,
      states: 'binary',
    });
    const rich = healthSettings(
      health('2.0', { protocol: 'https', intervalInSeconds: 10, numberOfProbes: 3 }),
    );
    assert.deepEqual([rich.port, rich.gracePeriodSeconds, rich.states], [443, 30, 'rich']);
    for (const wrong of [
      { protocol: 'udp' },
      { protocol: 'tcp' },
      { protocol: 'http', intervalInSeconds: 4 },
    ])
      assert.throws(() => healthSettings(health('2.0', wrong)), /must be/);
  });

  it('reads rich states from the body', () => {
    const said = (status: number, body: string) => richState(status, body);
    assert.equal(said(200, '{"ApplicationHealthState":"Healthy"}'), 'healthy');
    assert.equal(said(200, '{"ApplicationHealthState":"Unhealthy"}'), 'unhealthy');
    for (const [status, body] of [
      [200, 'OK'],
      [200, '{}'],
      [503, '{"ApplicationHealthState":"Healthy"}'],
      [200, 'null'],
    ] as const)
      assert.equal(said(status, body), 'unknown');
  });

  it('changes its mind after as many equal answers in a row, and bears with one that initializes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<Observation>('healthy', 'unhealthy', 'unknown'), { maxLength: 30 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 30 }),
        (seen, numberOfProbes, grace) => {
          let record = newHealth('rich');
          seen.forEach((one, i) => {
            const before = record.state;
            record = afterObservation(record, one, { numberOfProbes }, i < grace);
            const row = seen.slice(0, i + 1).slice(-numberOfProbes);
            if (record.state === before) return;
            assert.equal(record.state, one);
            assert.ok(row.length === numberOfProbes && row.every(other => other === one));
            if (before === 'initializing' && i < grace) assert.equal(one, 'healthy');
          });
        },
      ),
    );
  });
});
