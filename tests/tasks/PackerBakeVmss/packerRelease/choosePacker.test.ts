import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKey, readPrivateKey, reformatKey } from 'openpgp';
import { describe as prose } from '../../../../shared/core/errors.js';
import {
  choosePacker,
  packerProblems,
  type PackerWish,
} from '../../../../tasks/PackerBakeVmss/src/packer/packerChoice.js';
import { verifySignature } from '../../../../tasks/PackerBakeVmss/src/packerRelease/signedSums.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { cutAfter } from '../../../fakes/fileServer.js';
import { zipFile } from '../../../fakes/zipFile.js';
import {
  makeSigningKey,
  platform,
  signDetached,
  startReleaseServer,
  type ReleaseServer,
  type SigningKey,
} from './releaseServer.js';

const program = (version: string) => Buffer.from(`#!/bin/sh\necho 'Packer v${version}'\n`);

describe('choosePacker', function () {
  this.timeout(120_000);
  let key: SigningKey;
  let server: ReleaseServer;
  let directory: string;
  let fake: FakeAgent;
  const path = (name: string) => join(directory, name);
  const zipPath = (version: string) => `/packer/${version}/packer_${version}_${platform}.zip`;
  const sumsPath = (version: string) => `/packer/${version}/packer_${version}_SHA256SUMS`;

  const installed = (version: string, name = 'packer') => {
    writeFileSync(path(name), program(version), { mode: 0o755 });
    return path(name);
  };
  const open = (tools: Record<string, string> = {}) =>
    (fake = fakeAgent({ workingDirectory: directory, tools }));
  const choose = (wish: Partial<PackerWish>) =>
    choosePacker(
      {
        packerPath: undefined,
        packerVersion: undefined,
        packerBaseUrl: server.url,
        packerSha256: undefined,
        ...wish,
      },
      fake.agent,
      [key.publicKey],
    );
  const failure = async (wish: Partial<PackerWish>): Promise<string> => {
    try {
      const { path: chosen } = await choose(wish);
      return assert.fail(`it took ${chosen}`);
    } catch (error) {
      assert.ok(!(error instanceof assert.AssertionError), String(error));
      return prose(error);
    }
  };
  const cached = async () => (await fake.agent.toolCache?.versions('packer')) ?? [];
  /** A failed installation leaves nothing: neither in the cache nor unpacked. */
  const leavesNothing = async () => {
    assert.deepEqual(await cached(), []);
    const left = readdirSync(fake.agent.tempDirectory, { recursive: true }).map(String);
    assert.ok(!left.some(name => /(^|\/)packer$/.test(name)), left.join());
  };

  before(async () => {
    key = await makeSigningKey();
  });
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'choose-'));
    server = await startReleaseServer();
    open();
    for (const version of ['1.9.4', '1.10.0', '1.11.2', '2.0.0-beta1'])
      await server.publish(version, [{ name: 'packer', content: program(version) }], key);
    server.asked.length = 0;
  });
  afterEach(async () => {
    await fake.close();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('takes what is installed where no version is asked for, and asks no server', async () => {
    open({ packer: installed('1.6.6') });
    assert.equal((await choose({})).version.text, '1.6.6');
    assert.deepEqual(server.asked, []);
  });

  it('takes what is on PATH where it fits the range, and asks no server', async () => {
    open({ packer: installed('1.9.1') });
    assert.equal((await choose({ packerVersion: '~1.9' })).path, path('packer'));
    assert.deepEqual(server.asked, []);
  });

  it('installs an exact version, verified, and finds it in the tool cache the next time without any network', async () => {
    open({ packer: installed('1.6.6') });
    const first = await choose({ packerVersion: '1.11.2' });
    assert.equal(first.version.text, '1.11.2');
    assert.ok(first.path.startsWith((await fake.agent.toolCache?.find('packer', '1.11.2')) ?? '?'));
    assert.deepEqual(server.asked, [sumsPath('1.11.2'), `${sumsPath('1.11.2')}.sig`, zipPath('1.11.2')]);
    assert.match(fake.log.join('\n'), /SHA-256 [0-9a-f]{64}, signed by key [0-9A-F]{16}/);
    await server.close();
    assert.equal((await choose({ packerVersion: '1.11.2' })).path, first.path);
    server = await startReleaseServer();
  });

  it('takes the newest release that fits a range, and never a pre-release', async () => {
    assert.equal((await choose({ packerVersion: '>=1.8 <1.11' })).version.text, '1.10.0');
    assert.equal((await choose({ packerVersion: '>=1.11' })).version.text, '1.11.2');
    assert.equal((await choose({ packerVersion: 'v1.9.4' })).version.text, '1.9.4');
    assert.deepEqual((await cached()).toSorted(), ['1.10.0', '1.11.2', '1.9.4']);
    assert.match(await failure({ packerVersion: '~3.1' }), /no release of Packer fits '~3\.1'/);
  });

  it('prefers the tool cache to PATH, and passes over a cached folder without the program', async () => {
    await choose({ packerVersion: '1.9.4' });
    open({ packer: installed('1.9.1') });
    const folder = mkdtempSync(path('empty-'));
    await fake.agent.toolCache?.add(folder, 'packer', '1.9.9');
    assert.equal((await choose({ packerVersion: '~1.9' })).path, path('packer'));
  });

  it('holds packerPath against packerVersion', async () => {
    const packerPath = installed('1.9.1', 'other');
    assert.equal((await choose({ packerPath, packerVersion: '^1.9' })).path, packerPath);
    assert.match(
      await failure({ packerPath, packerVersion: '1.11.2' }),
      /'packerPath' names Packer 1\.9\.1, but 'packerVersion' asks for 1\.11\.2/,
    );
  });

  it('downloads where another program is called packer', async () => {
    open({ packer: '/bin/true' });
    assert.equal((await choose({ packerVersion: '1.9.4' })).version.text, '1.9.4');
    assert.match(fake.log.join('\n'), /\/bin\/true is another program of this name/);
  });

  it('refuses sums that another key signed, changed sums and a broken signature', async () => {
    const stranger = await makeSigningKey();
    await server.publish('1.11.2', [{ name: 'packer', content: program('1.11.2') }], stranger);
    assert.match(
      await failure({ packerVersion: '1.11.2' }),
      /signature of the release's SHA256SUMS does not hold[^]*Nothing was installed/,
    );
    const sums = server.files.get(sumsPath('1.10.0')) as Buffer;
    server.files.set(sumsPath('1.10.0'), Buffer.concat([sums, Buffer.from('\n')]));
    assert.match(await failure({ packerVersion: '1.10.0' }), /does not hold/);
    server.files.set(`${sumsPath('1.9.4')}.sig`, Buffer.from('no signature'));
    assert.match(await failure({ packerVersion: '1.9.4' }), /does not hold/);
    server.files.set(`${sumsPath('1.9.4')}.sig`, Buffer.alloc(0));
    assert.match(await failure({ packerVersion: '1.9.4' }), /does not hold/);
    assert.ok(!server.asked.some(asked => asked.endsWith('.zip')), 'no zip was asked for');
    await leavesNothing();
  });

  it('refuses a zip that is not the one in the sums', async () => {
    server.files.set(zipPath('1.11.2'), zipFile([{ name: 'packer', content: program('1.11.2 ') }]));
    assert.match(
      await failure({ packerVersion: '1.11.2' }),
      /has the SHA-256 [0-9a-f]{64}, but HashiCorp's signed sums say [0-9a-f]{64}/,
    );
    await leavesNothing();
  });

  it('refuses a release whose SHA-256 is not the pinned one', async () => {
    const problem = await failure({ packerVersion: '1.11.2', packerSha256: 'a'.repeat(64) });
    assert.match(problem, /'packerSha256' is a{64}, but HashiCorp's signed sums say/);
    await leavesNothing();
    const sums = (server.files.get(sumsPath('1.11.2')) as Buffer).toString();
    const packerSha256 = sums.slice(0, 64).toUpperCase();
    assert.equal((await choose({ packerVersion: '1.11.2', packerSha256 })).version.text, '1.11.2');
  });

  it('refuses a release that was cut on its way, after trying again', async () => {
    const zip = server.files.get(zipPath('1.11.2')) as Buffer;
    server.files.set(zipPath('1.11.2'), cutAfter(zip, 100));
    assert.match(await failure({ packerVersion: '1.11.2' }), /the connection broke off/);
    assert.equal(server.asked.filter(asked => asked === zipPath('1.11.2')).length, 3);
    await leavesNothing();
  });

  it('gets over a server that is busy for a moment', async () => {
    const sums = server.files.get(sumsPath('1.11.2')) as Buffer;
    server.files.set(sumsPath('1.11.2'), response => {
      server.files.set(sumsPath('1.11.2'), sums);
      response.writeHead(503).end();
    });
    assert.equal((await choose({ packerVersion: '1.11.2' })).version.text, '1.11.2');
    assert.match(fake.log.join('\n'), /HTTP 503; trying again/);
  });

  it('names the platforms of a release that has none for this machine', async () => {
    await server.publish('1.9.0', [{ name: 'packer', content: program('1.9.0') }], key, [
      'plan9_mips',
      'aix_ppc64',
    ]);
    assert.match(
      await failure({ packerVersion: '1.9.0' }),
      new RegExp(`no build for ${platform}; it has aix_ppc64 and plan9_mips`),
    );
  });

  it('tells a release that does not exist from a server that cannot be reached, and how an agent without network is supplied', async () => {
    assert.match(
      await failure({ packerVersion: '1.9.77' }),
      /HTTP 404\. Check packerVersion and packerBaseUrl: there may be no release 1\.9\.77 there/,
    );
    const { url } = server;
    await server.close();
    assert.match(
      await failure({ packerVersion: '1.11.2', packerBaseUrl: url }),
      new RegExp(
        `nothing listens there[^]*\\$\\(Agent\\.ToolsDirectory\\)/packer/1\\.11\\.2/${process.arch}/packer and an empty file ${process.arch}\\.complete`,
      ),
    );
    await leavesNothing();
    server = await startReleaseServer();
  });

  it('needs a list of releases for a range only', async () => {
    server.files.set('/packer/index.json', Buffer.from('<html>'));
    assert.match(
      await failure({ packerVersion: '~1.9' }),
      /index\.json is no list of releases.*give packerVersion exactly/,
    );
    assert.equal((await choose({ packerVersion: '1.9.4' })).version.text, '1.9.4');
  });

  it('refuses a zip with anything but plain files in it, however it is signed', async () => {
    const packer = { name: 'packer', content: program('1.9.5') };
    const hostile = [
      [{ ...packer, name: '../packer' }],
      [{ ...packer, name: '/etc/packer' }],
      [{ ...packer, name: 'bin/packer' }],
      [{ ...packer, name: '..\\packer' }],
      [{ ...packer, mode: 0o120777 }],
      [packer, packer],
      [{ ...packer, claimedSize: 3 }],
      [{ ...packer, name: 'README' }],
      Array.from({ length: 51 }, (_, index) => ({ ...packer, name: `file-${index}` })),
    ];
    for (const content of hostile) {
      await server.publish('1.9.5', content, key);
      const problem = await failure({ packerVersion: '1.9.5' });
      assert.match(problem, /Nothing was installed/);
      assert.deepEqual(await cached(), []);
    }
    assert.ok(!existsSync(join(fake.agent.tempDirectory, '..', 'packer')));
  });

  it('refuses a program that calls itself another version than its release', async () => {
    await server.publish('1.9.5', [{ name: 'packer', content: program('1.9.4') }], key);
    assert.match(
      await failure({ packerVersion: '1.9.5' }),
      /The release 1\.9\.5 holds a Packer that calls itself 1\.9\.4/,
    );
    assert.deepEqual(await cached(), []);
  });

  it('installs the real Packer, which then runs', async () => {
    const content = readFileSync('/usr/bin/packer');
    const [, version = ''] =
      /v(\d+\.\d+\.\d+)/.exec(
        (
          await fake.agent.run({ name: 'Packer', path: '/usr/bin/packer', args: ['version'], echo: false })
        ).tail.join(),
      ) ?? [];
    await server.publish(
      version,
      [
        { name: 'packer', content },
        { name: 'LICENSE.txt', content: Buffer.from('…'), mode: 0o100644 },
      ],
      key,
    );
    const packer = await choose({ packerVersion: version });
    assert.equal(packer.version.text, version);
    const folder = (await fake.agent.toolCache?.find('packer', version)) ?? '';
    assert.deepEqual(readdirSync(folder).toSorted(), ['LICENSE.txt', 'packer']);
  });

  it('says all that is wrong with its inputs', () => {
    const wish = { packerPath: undefined, packerBaseUrl: undefined };
    const problems = packerProblems({ ...wish, packerVersion: 'newest', packerSha256: 'xyz' });
    assert.equal(problems.length, 3);
    assert.deepEqual(packerProblems({ ...wish, packerVersion: '~1.9', packerSha256: undefined }), []);
  });
});

describe('verifySignature', () => {
  it("has HashiCorp's key, whole and not expired, and takes no other's signature for it", async () => {
    const { hashiCorpKey } =
      await import('../../../../tasks/PackerBakeVmss/src/packerRelease/hashiCorpKey.js');
    const key = await readKey({ armoredKey: hashiCorpKey });
    assert.equal(key.getFingerprint(), 'c874011f0ab405110d02105534365d9472d7468f');
    await key.verifyPrimaryKey(new Date('2026-06-01'));
    const sums = Buffer.from('sums');
    await assert.rejects(
      verifySignature(sums, await signDetached(sums, await makeSigningKey()), [hashiCorpKey]),
      /does not hold/,
    );
  });

  it('takes a signature from before the key was prolonged', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
    const old = await makeSigningKey(daysAgo(30));
    const privateKey = await readPrivateKey({ armoredKey: old.privateKey });
    const sums = Buffer.from('sums');
    const signature = await signDetached(sums, old, daysAgo(20));
    const prolonged = await reformatKey({
      privateKey,
      userIDs: [{ name: 'Releases' }],
      date: daysAgo(10),
      format: 'armored',
    });
    assert.match(await verifySignature(sums, signature, [prolonged.publicKey]), /^[0-9A-F]{16}$/);
  });
});
