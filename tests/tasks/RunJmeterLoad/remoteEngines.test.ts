import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  engineProperties,
  enginesIn,
  lookAfter,
  parseEngines,
  remoteArguments,
} from '../../../tasks/RunJmeterLoad/src/remoteEngines.js';
import { freePort } from '../../fakes/freePort.js';

describe('remote engines', () => {
  it('are read from a list', () => {
    const problems: string[] = [];
    assert.deepEqual(parseEngines(' a, b:1100,\n10.0.0.5 ', problems), ['a', 'b:1100', '10.0.0.5']);
    assert.deepEqual(parseEngines(undefined, problems), []);
    assert.deepEqual(problems, []);
    parseEngines('a,a,b:port', problems);
    assert.equal(problems.length, 2);
  });

  it('get the properties of the plan, but not how they are reached', () => {
    const properties = new Map([
      ['threads', '5'],
      ['server.rmi.ssl.keystore.password', 'x'],
    ]);
    assert.deepEqual([...engineProperties(properties)], [['threads', '5']]);
    const remote = { hosts: ['a', 'b:1'], tls: true, exit: true };
    assert.deepEqual(remoteArguments(remote, ['f']), ['-R', 'a,b:1', '-G', 'f', '-X']);
    assert.deepEqual(remoteArguments({ ...remote, exit: false }, []), ['-R', 'a,b:1']);
  });

  it('are named by the log when they are given the test, finish it, or are passed over', () => {
    const lines = [
      "INFO o.a.j.e.ClientJMeterEngine: sent test to 127.0.0.1:21100 basedir='.'",
      "INFO  - jmeter.engine.ClientJMeterEngine: sent test to b basedir='.' ",
      'INFO o.a.j.JMeter: Finished remote host: 127.0.0.1:21100 (1795412637727)',
      'INFO o.a.j.e.DistributedRunner: Following remote engines could not be configured:[c, d:1]',
    ];
    const { given, finished, passedOver } = enginesIn(lines.join('\n'));
    assert.deepEqual(
      [given, finished, passedOver].map(each => [...each]),
      [['127.0.0.1:21100', 'b'], ['127.0.0.1:21100'], ['c', 'd:1']],
    );
  });
});

describe('lookAfter', () => {
  let directory: string;
  let log: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'engines-'));
    log = join(directory, 'jmeter.log');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('tells of an engine that was there and is not any more, unless it has finished', async () => {
    const port = await freePort();
    const host = `127.0.0.1:${port}`;
    const watch = lookAfter({ hosts: [host], tls: false, exit: false }, log);
    for (let left = 8; left > 0; left--) assert.equal(await watch.look(), undefined, 'it is not there yet');
    const engine = createServer().listen(port, '127.0.0.1');
    await once(engine, 'listening');
    assert.equal(await watch.look(), undefined);
    engine.close();
    await once(engine, 'close');
    for (let left = 4; left > 0; left--) assert.equal(await watch.look(), undefined, 'a moment is no loss');
    assert.equal(watch.areThrough(), false);
    assert.match(
      (await watch.look()) ?? '',
      /^1 of 1 engine had not finished and cannot be reached any more: 127/,
    );
    assert.equal(watch.areThrough(), true);
    writeFileSync(log, `x INFO o.a.j.JMeter: Finished remote host: ${host} (1795412637727)\n`);
    assert.equal(await watch.look(), undefined);
  });

  it('knows which engines are at work, which can be reached and which never had the test', () => {
    const watch = lookAfter({ hosts: ['a', 'b', 'c', 'd'], tls: false, exit: false }, log);
    assert.deepEqual([watch.atWork(), watch.leftOut()], [[], ['a', 'b', 'c', 'd']]);
    writeFileSync(log, 'Following remote engines could not be configured:[d]');
    assert.deepEqual([watch.leftOut(), watch.unreached()], [[], ['d']], 'JMeter ends before it starts one');
    const given = ['a', 'b'].map(host => `sent test to ${host} basedir='.'`);
    const passedOver = 'Following remote engines could not be configured:[d]';
    writeFileSync(log, [...given, 'Finished remote host: a (1)', passedOver].join('\n'));
    assert.deepEqual([watch.atWork(), watch.reachable(), watch.leftOut()], [['b'], ['a', 'b'], ['c']]);
    assert.deepEqual(watch.unreached(), [], 'JMeter went on without it, as it was told to');
    assert.equal(watch.areThrough(), false);
    for (const host of ['b', 'c']) watch.giveUp(host);
    assert.deepEqual([watch.atWork(), watch.reachable()], [['b'], ['a']]);
    assert.equal(watch.areThrough(), true);
  });
});
