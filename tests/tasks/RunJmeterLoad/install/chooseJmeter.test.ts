import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe as prose } from '../../../../shared/core/errors.js';
import {
  chooseJmeter,
  jmeterProblems,
  type JmeterWish,
} from '../../../../tasks/RunJmeterLoad/src/install/chooseJmeter.js';
import {
  listedReleases,
  readSum,
  releaseName,
} from '../../../../tasks/RunJmeterLoad/src/install/jmeterRelease.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { cutAfter, startFileServer, type FileServer } from '../../../fakes/fileServer.js';
import { zipFile, type ZipEntry } from '../../../fakes/zipFile.js';

const none: JmeterWish = {
  jmeterHome: undefined,
  jmeterVersion: undefined,
  jmeterBaseUrl: undefined,
  jmeterSha512: undefined,
};
const sumOf = (content: Buffer) => createHash('sha512').update(content).digest('hex');

/** A release's zip file with nothing in it that runs. */
function release(name: string, more: readonly ZipEntry[] = []): Buffer {
  const top = `apache-jmeter-${name}`;
  const script = { name: `${top}/bin/jmeter`, content: Buffer.from('#!/bin/sh\n'), mode: 0o100644 };
  const jar = { name: `${top}/bin/ApacheJMeter.jar`, content: Buffer.from('jar') };
  return zipFile([{ name: `${top}/bin/`, content: Buffer.alloc(0), mode: 0o40755 }, script, jar, ...more]);
}

describe('chooseJmeter', function () {
  this.timeout(60_000);
  let server: FileServer;
  let directory: string;
  let fake: FakeAgent;

  const publish = (name: string, content = release(name)) => {
    server.files.set(`/jmeter/apache-jmeter-${name}.zip`, content);
    const sum = Buffer.from(`${sumOf(content)} *apache-jmeter-${name}.zip\n`);
    server.files.set(`/jmeter/apache-jmeter-${name}.zip.sha512`, sum);
    const links = [...server.files.keys()].flatMap(path => /\/(apache-jmeter-[^/]+)$/.exec(path)?.[1] ?? []);
    server.files.set('/jmeter/', Buffer.from(links.map(link => `<a href="${link}">${link}</a>\n`).join('')));
    return content;
  };
  const choose = (wish: Partial<JmeterWish>) =>
    chooseJmeter({ ...none, jmeterBaseUrl: `${server.url}/jmeter/`, ...wish }, fake.agent);
  const failure = async (wish: Partial<JmeterWish>): Promise<string> => {
    const outcome = await choose(wish).then(
      path => ({ path, error: undefined }),
      (error: unknown) => ({ path: undefined, error }),
    );
    assert.equal(outcome.path, undefined);
    assert.deepEqual(await fake.agent.toolCache?.versions('jmeter'), []);
    const left = readdirSync(fake.agent.tempDirectory, { recursive: true }).map(String);
    assert.ok(!left.some(name => /(^|\/)jmeter$/.test(name)), left.join());
    return prose(outcome.error);
  };

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'choose-'));
    server = await startFileServer();
    fake = fakeAgent({ workingDirectory: directory });
  });
  afterEach(async () => {
    await fake.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  it('installs an exact version, verified, and takes it from the tool cache the next time without any network', async () => {
    publish('5.6.3');
    const launcher = await choose({ jmeterVersion: '5.6.3' });
    const folder = (await fake.agent.toolCache?.find('jmeter', '5.6.3')) ?? '?';
    assert.equal(launcher, join(folder, 'bin', 'jmeter'));
    assert.deepEqual(server.asked, [
      '/jmeter/apache-jmeter-5.6.3.zip.sha512',
      '/jmeter/apache-jmeter-5.6.3.zip',
    ]);
    assert.equal((await fake.agent.run({ name: 'JMeter', path: launcher, args: [] })).exitCode, 0);
    assert.match(fake.log.join('\n'), /SHA-512 [0-9a-f]{128}, as published beside it/);
    server.files.clear();
    assert.equal(await choose({ jmeterVersion: '5.6.3' }), launcher);
    assert.equal(await choose({ jmeterVersion: '^5.4' }), launcher);
    assert.equal(await choose({}), launcher, 'also where none is asked for and none is installed');
  });

  it('takes the newest release that fits a range, as Apache names it', async () => {
    for (const name of ['5.4', '5.5', '5.6', '5.6.2', '2.13']) publish(name);
    const installed = async (jmeterVersion: string) => {
      await choose({ jmeterVersion });
      return (await fake.agent.toolCache?.versions('jmeter'))?.toSorted();
    };
    assert.deepEqual(await installed('5.6'), ['5.6.2']);
    assert.deepEqual(await installed('>=5 <5.6'), ['5.5.0', '5.6.2']);
    assert.deepEqual(await installed('2.x'), ['2.13.0', '5.5.0', '5.6.2']);
    assert.deepEqual(await installed('5.6.0'), ['2.13.0', '5.5.0', '5.6.0', '5.6.2']);
    await assert.rejects(choose({ jmeterVersion: '~6.1' }), {
      message: /no release of JMeter in http.* fits '~6\.1'; the newest there is 5\.6\.2/,
    });
  });

  it('says what to do where there is no list, no such release, no sum or no server', async () => {
    publish('5.6.3');
    server.files.set('/jmeter/', Buffer.from('<html>nothing</html>'));
    assert.match(
      await failure({ jmeterVersion: '^5' }),
      /lists no release of JMeter\. Give 'jmeterVersion' exactly/,
    );
    server.files.delete('/jmeter/apache-jmeter-5.6.3.zip.sha512');
    assert.match(
      await failure({ jmeterVersion: '5.6.3' }),
      /There is no http.*5\.6\.3\.zip\.sha512, so the release cannot be verified: .*needs 'jmeterSha512'/,
    );
    assert.match(
      await failure({ jmeterVersion: '5.5.0', jmeterSha512: 'a'.repeat(128) }),
      /JMeter could not be downloaded: http.*apache-jmeter-5\.5\.zip: .*404\. Check jmeterVersion and jmeterBaseUrl: there may be no release 5\.5 there/,
    );
    const { url } = server;
    await server.close();
    assert.match(
      await failure({ jmeterVersion: '5.6.3', jmeterBaseUrl: url }),
      new RegExp(
        `nothing listens there[^]*\\$\\(Agent\\.ToolsDirectory\\)/jmeter/5\\.6\\.3/${process.arch}/bin/jmeter exists, with an empty file ${process.arch}\\.complete[^]*jmeterHome`,
      ),
    );
    server = await startFileServer();
  });

  it('refuses a download that is cut, changed or not the pinned one', async () => {
    const content = publish('5.6.3');
    const zip = '/jmeter/apache-jmeter-5.6.3.zip';
    server.files.set(zip, cutAfter(content, 100));
    assert.match(await failure({ jmeterVersion: '5.6.3' }), /the connection broke off after 100 bytes/);
    assert.equal(server.asked.filter(path => path === zip).length, 3, 'it was tried again');
    server.files.set(zip, release('5.6.3', [{ name: 'apache-jmeter-5.6.3/x', content: Buffer.from('x') }]));
    assert.match(
      await failure({ jmeterVersion: '5.6.3' }),
      /has the SHA-512 [0-9a-f]{128}, but apache-jmeter-5\.6\.3\.zip\.sha512 beside it says [0-9a-f]{128}/,
    );
    server.files.set(zip, content);
    assert.match(
      await failure({ jmeterVersion: '5.6.3', jmeterSha512: 'a'.repeat(128) }),
      /but 'jmeterSha512' is a{128}/,
    );
    server.files.delete(`${zip}.sha512`);
    assert.ok(await choose({ jmeterVersion: '5.6.3', jmeterSha512: sumOf(content).toUpperCase() }));
  });

  it('takes a sum for proof only where nobody on the way can change both', async () => {
    assert.match(
      await failure({ jmeterVersion: '5.6.3', jmeterBaseUrl: 'http://mirror.test/jmeter' }),
      /may be changed on its way, and its sum with it\. Name an https address, or give 'jmeterSha512'/,
    );
    assert.match(
      await failure({ jmeterVersion: '5.6.3', jmeterBaseUrl: 'mirror' }),
      /'mirror' is no web address/,
    );
  });

  it('refuses a zip that leads elsewhere or is no JMeter, however its sum is right', async () => {
    const evil = { name: '../evil', content: Buffer.from('x') };
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [release('5.6.3', [evil]), /is no zip file of a JMeter release: invalid relative path/],
      [release('5.6.3', [{ ...evil, name: '/tmp/evil' }]), /absolute path/],
      [release('5.6.3', [{ ...evil, name: 'apache-jmeter-5.6.3/link', mode: 0o120777 }]), /is no plain file/],
      [release('5.6.3', [{ ...evil, name: 'apache-jmeter-5.6.3/bin/jmeter' }]), /EEXIST/],
      [release('5.6.3', [{ ...evil, name: 'apache-jmeter-5.6.3/y', claimedSize: 0 }]), /too many bytes/],
      [release('5.5'), /holds no apache-jmeter-5\.6\.3\/bin\/jmeter/],
      [Buffer.from('<html>Please sign in</html>'), /is no zip file of a JMeter release/],
    ];
    for (const [content, message] of cases) {
      publish('5.6.3', content);
      const outcome = await choose({ jmeterVersion: '5.6.3' }).catch(prose);
      assert.match(outcome, message);
      assert.match(outcome, /Nothing was installed/);
      assert.deepEqual(await fake.agent.toolCache?.versions('jmeter'), []);
    }
    assert.ok(!existsSync(join(fake.agent.tempDirectory, '..', 'evil')));
  });

  it('prefers what is installed where no version is asked for', async () => {
    const home = join(directory, 'home');
    mkdirSync(join(home, 'bin'), { recursive: true });
    writeFileSync(join(home, 'bin', 'jmeter'), '');
    assert.equal(await choose({ jmeterHome: home }), join(home, 'bin', 'jmeter'));
    assert.match(
      await failure({}),
      /JMeter was not found: .*or say in 'jmeterVersion' which one to download/,
    );
    assert.deepEqual(server.asked, []);
  });

  it('says all that is wrong with its inputs', () => {
    const wish = { ...none, jmeterVersion: 'newest', jmeterHome: '/opt/jmeter', jmeterSha512: 'xyz' };
    const problems = jmeterProblems(wish);
    assert.equal(problems.length, 4);
    assert.match(problems[1] ?? '', /leave one of the two empty/);
    assert.deepEqual(jmeterProblems({ ...none, jmeterVersion: '~5.6' }), []);
    assert.deepEqual(jmeterProblems(none), []);
  });
});

describe('releases of JMeter', () => {
  it('are named with two parts when the third is 0', () => {
    assert.deepEqual(['5.6.0', '5.6.3', '2.13.0', '5.10.0'].map(releaseName), [
      '5.6',
      '5.6.3',
      '2.13',
      '5.10',
    ]);
  });

  it('are read from the links of a page', () => {
    const page =
      '<a href="apache-jmeter-5.6.zip">x</a> <a href="apache-jmeter-5.6.zip.sha512">x</a> <a href=\'/a/apache-jmeter-5.6.3.zip\'>x</a> <a href="apache-jmeter-5.6.3_src.zip">x</a> <a href="apache-jmeter-5.5.tgz">';
    assert.deepEqual(listedReleases(page), ['5.6.0', '5.6.3']);
  });

  it('have sums in the forms that Apache has published', () => {
    const sum = 'ab'.repeat(64);
    const groups = sum.toUpperCase().replace(/.{8}/g, '$& ');
    for (const text of [sum, `${sum} *a.zip\n`, `${sum}  a.zip`, `${sum} ./a.zip`, `a.zip: ${groups}`])
      assert.equal(readSum(text, 'a.zip'), sum, text);
    for (const text of ['', 'a.zip', `${sum} b.zip`, `b.zip: ${groups}`, sum.slice(1), `${sum}0`])
      assert.equal(readSum(text, 'a.zip'), undefined, text);
  });
});
