import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { jmeterHome } from '../../../../scripts/setup/cache.mjs';
import { describe as prose } from '../../../../shared/core/errors.js';
import type { LoadInput } from '../../../../tasks/RunJmeterLoad/src/checkInputs.js';
import { runLoad } from '../../../../tasks/RunJmeterLoad/src/run.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';
import { startFileServer, type FileServer } from '../../../fakes/fileServer.js';
import { zipFile, type ZipEntry } from '../../../fakes/zipFile.js';
import { loadInput } from '../loadInput.js';

const pluginName = 'ApacheJMeter_components';

/** The set-up's JMeter as a release, one of its plug-ins left out and put into a Maven repository. */
describe('runLoad with a JMeter that it installs', function () {
  this.timeout(180_000);
  let server: FileServer;
  let fake: FakeAgent;
  let directory: string;
  const repository =
    '/maven2/org/apache/jmeter/ApacheJMeter_components/5.6.3/ApacheJMeter_components-5.6.3.jar';
  const plugin = 'org.apache.jmeter:ApacheJMeter_components:5.6.3';

  before(async () => {
    server = await startFileServer();
    directory = mkdtempSync(join(tmpdir(), 'install-'));
    symlinkSync(join(import.meta.dirname, '..', 'fixtures', 'debug.jmx'), join(directory, 'debug.jmx'));
    const home = jmeterHome();
    const whole = filesBelow(home, 'apache-jmeter-5.6.3');
    const isPlugin = ({ name }: ZipEntry) => basename(name).startsWith(pluginName);
    const zip = zipFile(
      whole.filter(entry => !isPlugin(entry)),
      0,
    );
    const jar = whole.find(isPlugin)?.content ?? Buffer.alloc(0);
    for (const [path, content, algorithm] of [
      ['/jmeter/apache-jmeter-5.6.3.zip', zip, 'sha512'],
      [repository, jar, 'sha1'],
    ] as const) {
      server.files.set(path, content);
      server.files.set(
        `${path}.${algorithm}`,
        Buffer.from(createHash(algorithm).update(content).digest('hex')),
      );
    }
    // One agent, so one tool cache, for all of it.
    fake = fakeAgent({
      workingDirectory: directory,
      environment: { JMETER_HOME: '/nowhere' },
      tools: { java: '/usr/bin/java' },
    });
  });
  after(async () => {
    await fake.close();
    await server.close();
    rmSync(directory, { recursive: true });
  });

  async function run(rest: Partial<LoadInput>): Promise<string> {
    server.asked.length = 0;
    fake.log.length = 0;
    for (const name of readdirSync(fake.agent.tempDirectory))
      rmSync(join(fake.agent.tempDirectory, name), { recursive: true });
    return runLoad(
      loadInput({
        testPlan: 'debug.jmx',
        jmeterVersion: '5.6.3',
        jmeterBaseUrl: `${server.url}/jmeter`,
        pluginsBaseUrl: `${server.url}/maven2/`,
        minimumSamples: 6,
        ...rest,
      }),
      fake.agent,
    ).catch(prose);
  }

  it('downloads, verifies and runs it, and says which plug-in a plan lacks', async () => {
    const message = await run({});
    assert.match(message, /The plan .*debug\.jmx did not run\.(.|\n)*DebugSampler/);
    assert.deepEqual(server.asked, [
      '/jmeter/apache-jmeter-5.6.3.zip.sha512',
      '/jmeter/apache-jmeter-5.6.3.zip',
    ]);
    assert.ok(fake.log.some(line => line.startsWith('Downloaded apache-jmeter-5.6.3.zip: SHA-512 ')));
  });

  it('loads a plug-in by its coordinates, verified, into the JMeter of the tool cache', async () => {
    assert.match(await run({ plugins: `# ours\n${plugin}` }), /^6 samples, 0 % errors/);
    assert.deepEqual(server.asked, [
      `${repository}.sha512`,
      `${repository}.sha256`,
      `${repository}.sha1`,
      repository,
    ]);
    assert.ok(fake.log.some(line => line.startsWith(`Plug-in ${plugin}: SHA-1 `)));
  });

  it('takes a plug-in from a file without any network', async () => {
    const jar = join(directory, 'plugin.jar');

    writeFileSync(jar, server.files.get(repository) as Buffer);
    assert.match(await run({ plugins: 'plugin.jar' }), /^6 samples, 0 % errors/);
    assert.deepEqual(server.asked, []);
  });
});

function filesBelow(folder: string, name: string): ZipEntry[] {
  return readdirSync(folder).flatMap(entry => {
    const path = join(folder, entry);
    // Debian's jars are links.
    if (statSync(path).isDirectory()) return filesBelow(path, `${name}/${entry}`);
    return [{ name: `${name}/${entry}`, content: readFileSync(path), mode: 0o100644 }];
  });
}
