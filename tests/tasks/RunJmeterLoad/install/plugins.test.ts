import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe as prose } from '../../../../shared/core/errors.js';
import { fetchPlugins, parsePlugins } from '../../../../tasks/RunJmeterLoad/src/install/plugins.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { cutAfter, startFileServer, type FileServer } from '../../../fakes/fileServer.js';

describe('plug-ins', () => {
  let server: FileServer;
  let directory: string;
  let fake: FakeAgent;
  const coordinates = 'kg.apc:jmeter-plugins-casutg:2.10';
  const path = '/m2/kg/apc/jmeter-plugins-casutg/2.10/jmeter-plugins-casutg-2.10.jar';
  const jar = Buffer.from('a jar');
  const sum = (algorithm: string, content = jar) => createHash(algorithm).update(content).digest('hex');

  beforeEach(async () => {
    server = await startFileServer();
    server.files.set(path, jar);
    directory = mkdtempSync(join(tmpdir(), 'plugins-'));
    fake = fakeAgent();
  });
  afterEach(async () => {
    await fake.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  function read(...lines: string[]) {
    const problems: string[] = [];
    return { plugins: parsePlugins(lines, directory, problems), problems };
  }
  const fetch = (lines: string[], baseUrl = `${server.url}/m2`) =>
    fetchPlugins(read(...lines).plugins, baseUrl, fake.agent).catch(prose);

  it('are verified by the strongest sum that the repository has', async () => {
    for (const algorithm of ['sha1', 'sha256', 'sha512']) {
      server.files.set(`${path}.${algorithm}`, Buffer.from(`${sum(algorithm)}  the.jar\n`));
      const folder = await fetch([coordinates]);
      assert.deepEqual(readdirSync(folder ?? ''), ['jmeter-plugins-casutg-2.10.jar']);
      assert.deepEqual(readFileSync(join(folder ?? '', 'jmeter-plugins-casutg-2.10.jar')), jar);
      assert.match(
        fake.log.at(-1) ?? '',
        new RegExp(`${algorithm.replace('sha', 'SHA-')} ${sum(algorithm)}`),
      );
      rmSync(folder ?? '', { recursive: true });
    }
  });

  it('are verified by the sum that is given, and nothing else is asked for', async () => {
    await fetch([`${coordinates} sha256:${sum('sha256').toUpperCase()}`]);
    assert.deepEqual(server.asked, [path]);
    rmSync(join(fake.agent.tempDirectory, 'plugins'), { recursive: true });
    assert.match(
      (await fetch([`${coordinates} sha512:${'a'.repeat(128)}`])) ?? '',
      /has the SHA-512 [0-9a-f]{128}, but 'plugins' says a{128}\..*JMeter was not started/,
    );
  });

  it('are refused when they are cut, changed, not there or without a sum', async () => {
    const failure = async (lines = [coordinates], base?: string) => {
      rmSync(join(fake.agent.tempDirectory, 'plugins'), { recursive: true, force: true });
      return (await fetch(lines, base)) ?? '';
    };
    assert.match(
      await failure(),
      /There is no sum beside .*casutg-2\.10\.jar, neither SHA-512, SHA-256 nor SHA-1/,
    );
    server.files.set(`${path}.sha1`, Buffer.from(sum('sha1', Buffer.from('another jar'))));
    assert.match(await failure(), /SHA-1 [0-9a-f]{40}, but the \.sha1 file beside it says [0-9a-f]{40}/);
    server.files.set(path, cutAfter(jar, 2));
    assert.match(
      await failure(),
      /The plug-in kg\.apc:.* could not be downloaded: .* broke off after 2 bytes/,
    );
    server.files.delete(path);
    assert.match(await failure(), /404\. Check its coordinates in 'plugins'/);
    assert.match(
      await failure([coordinates], 'http://repository.test/m2'),
      /may be changed on its way.*give each plug-in its sum/,
    );
    const { url } = server;
    await server.close();
    assert.match(
      await failure([coordinates], url),
      /nothing listens there.*name the jar's file in 'plugins'/,
    );
    server = await startFileServer();
  });

  it('are read line by line, all problems at once', () => {
    writeFileSync(join(directory, 'my own.jar'), '');
    assert.deepEqual(read('my own.jar').plugins, [{ kind: 'file', path: join(directory, 'my own.jar') }]);
    const bad = ['a:b', 'a:..:1', 'a:b:..', '..:b:1', 'a:b:1 sha1:00', 'a:b:1 sha256:00', 'no.jar', 'x.zip'];
    const { plugins, problems } = read(...bad);
    assert.deepEqual(plugins, []);
    assert.equal(problems.length, bad.length);
    assert.match(problems.join('\n'), /no\.jar, which is not a file/);
    assert.match(read(coordinates, 'other:jmeter-plugins-casutg:2.10').problems.join(), /twice/);
  });

  it('need no folder when there are none', async () => {
    assert.equal(await fetch([]), undefined);
    assert.ok(!existsSync(join(fake.agent.tempDirectory, 'plugins')));
  });
});
