import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inputs } from '../../../shared/agent/inputs.js';
import { createArmClient } from '../../../shared/azure/armClient.js';
import { CancelledError, ToolError, UserError, describe as prose } from '../../../shared/core/errors.js';
import { bakeBody } from '../../../shared/report/bodies.js';
import type { inputs } from '../../../tasks/PackerBakeVmss/src/inputs.generated.js';
import { bake } from '../../../tasks/PackerBakeVmss/src/run.js';
import { fakeAgent, type FakeAgent } from '../../fakes/fakeAgent.js';
import { defaultInput } from './bakeInput.js';
import { clientSecret, endpoints } from './connections.js';

type Input = Inputs<typeof inputs>;

const managedId = '/subscriptions/s/resourceGroups/images/providers/Microsoft.Compute/images/web-1';
const galleryId =
  '/subscriptions/s/resourceGroups/i/providers/Microsoft.Compute/galleries/g/images/w/versions/1.0.0';

/** Nobody answers: nothing here needs Azure but the tags of images that do not exist. */
const withoutAzure: Parameters<typeof bake>[2] = (agent, connection) =>
  createArmClient(agent, connection, {
    credential: { getToken: () => Promise.reject(new UserError('There is no Azure here.')) },
  });

/** The real Packer over its null builder: provisioners run on this machine. */
describe('PackerBakeVmss with Packer', function () {
  this.timeout(60_000);
  let directory: string;
  let fake: FakeAgent;
  let abort: AbortController;
  const path = (name: string) => join(directory, name);
  const input = (over: Partial<Input>): Input => ({
    ...defaultInput({ azureSubscription: 'key', templatePath: path('template.json') }),
    ...over,
  });
  const run = (over: Partial<Input> = {}) => bake(input(over), fake.agent, withoutAzure);
  const failure = async (over: Partial<Input> = {}): Promise<string> => {
    let sentence: string;
    try {
      sentence = await run(over);
    } catch (error) {
      return prose(error);
    }
    return assert.fail(`it passed: ${sentence}`);
  };
  const log = () => fake.log.join('\n');
  const json = (commands: string[], variables: Record<string, string> = {}) => {
    const template = {
      variables,
      builders: [{ type: 'null', communicator: 'none' }],
      provisioners: [{ type: 'shell-local', inline: commands }],
    };
    writeFileSync(path('template.json'), JSON.stringify(template));
  };
  const hcl = (commands: string[], variables = '') => {
    writeFileSync(
      path('web.pkr.hcl'),
      `${variables}\nsource "null" "web" {\n  communicator = "none"\n}\nbuild {\n  sources = ["source.null.web"]\n  provisioner "shell-local" {\n    inline = ${JSON.stringify(commands)}\n  }\n}\n`,
    );
    return path('web.pkr.hcl');
  };
  /** A Packer of an older or stranger kind: it prints a log for people, whatever it is asked. */
  const standIn = (script: string) => {
    writeFileSync(
      path('packer'),
      `#!/bin/sh\ncase "$1 $2" in\nversion*) echo 'Packer v1.4.0';;\n*validate) ;;\n*) ${script}\n;; esac\n`,
    );
    chmodSync(path('packer'), 0o755);
    return path('packer');
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'bake-'));
    abort = new AbortController();
    fake = fakeAgent({
      workingDirectory: directory,
      endpoints,
      tools: { packer: '/usr/bin/packer' },
      environment: { SYSTEM_OIDCREQUESTURI: 'https://127.0.0.1:9/oidc' },
      signal: abort.signal,
    });
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('only validates in a dry run', async () => {
    json(['echo must not run']);
    assert.equal(await run({ dryRun: true }), 'Dry run: the template is valid, nothing was built.');
    assert.ok(!log().includes('must not run'));
  });

  it('shows what Packer refuses in a template', async () => {
    writeFileSync(path('template.json'), '{"builders":[{"type":"null"}]}');
    assert.match(
      await failure(),
      /The template is not valid: packer validate refused it\.\nIts last lines were:\n[^]*a Host must be specified/,
    );
    assert.equal(fake.outputs['imageReference'], undefined);
  });

  it('streams what provisioners print, as they printed it, to the log and the log file', async () => {
    json([String.raw`echo 'a, b C:\\new'`, 'printf "\\033[31mred\\033[0m\\n"', 'echo to stderr >&2']);
    await failure();
    const lines = log().split('\n');
    assert.ok(lines.includes(String.raw`    null: a, b C:\new`), log());
    assert.ok(lines.includes('    null: red'));
    assert.ok(lines.includes('==> null: to stderr'));
    const file = fake.outputs['packerLog'] ?? '';
    assert.match(readFileSync(file, 'utf8'), /a, b C:\\new\n/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await fake.close();
    assert.deepEqual(fake.kept, [file]);
  });

  it('masks the secret in the log file and never shows it on a command line', async () => {
    json(['echo {{user `client_secret`}}; ps -ef ww', 'env'], { client_secret: '', mine: '' });
    await failure({ variables: 'mine=Own~Secret' });
    const file = readFileSync(fake.outputs['packerLog'] ?? '', 'utf8');
    assert.ok(log().includes(clientSecret), 'the provisioner got it');
    assert.ok(!file.includes(clientSecret));
    assert.ok(file.includes('ARM_CLIENT_SECRET=***'));
    assert.ok(!/packer .*Own~Secret/.test(log()));
  });

  it('fails when no image was made, whatever the provisioners print', async () => {
    json([
      `echo 'ManagedImageId: ${managedId}'`,
      `printf '%s\\n' '==> Builds finished. The artifacts of successful builds are:' '--> null: Azure.ResourceManagement.VMImage:' '' 'ManagedImageId: ${managedId}'`,
    ]);
    assert.match(await failure(), /Packer's machine-readable output names no Azure image/);
    assert.equal(fake.outputs['imageReference'], undefined);
  });

  it("tells the failed provisioner's last lines, the exit code and the next step", async () => {
    json(['echo first: connection refused', 'echo oh no >&2', 'exit 7']);
    let error: unknown;
    try {
      await run();
    } catch (thrown) {
      error = thrown;
    }
    assert.ok(error instanceof ToolError);
    assert.equal(error.exitCode, 1);
    const text = prose(error);
    assert.match(text, /Build 'null' failed: Script exited with non-zero exit status: 7/);
    assert.match(text, /^Build 'null' failed: [^]*\nA provisioner failed/);
    const told = fake.reported();
    assert.ok(told?.task === 'PackerBakeVmss');
    const { phases, packer, ...rest } = bakeBody.parse(told.body);
    assert.match(packer, /^\d+\.\d+\.\d+/);
    const digest = fake.outputs['imageDigest'];
    assert.deepEqual(rest, { image: null, reused: false, digest, template: 'template.json', base: null });
    assert.ok(
      phases.some(({ build, title }) => build === 'null' && title === 'Image and clean-up'),
      JSON.stringify(phases),
    );
    assert.ok(phases.every(({ startedAt, milliseconds }) => startedAt >= 0 && milliseconds >= 0));
    // Packer itself does not keep the order of the two streams.
    assert.match(text, /Its last lines were:\n[^]*null: first: connection refused/);
    assert.match(text, /Its last lines were:\n[^]*null: oh no/);
  });

  it('gives credentials to HCL2 templates that have variables for them, and to no others', async () => {
    const variables =
      'variable "client_id" {\n  type = string\n}\nvariable "tenant_id" {\n  type = string\n}\n';
    const template = hcl(['echo "${var.client_id} ${var.tenant_id}"', 'env | grep ARM_ | sort'], variables);
    await failure({ templatePath: template });
    assert.match(log(), /null\.web: client-1 tenant-1/);
    assert.match(log(), /ARM_CLIENT_ID=client-1/);
    assert.match(log(), /ARM_SUBSCRIPTION_ID=subscription-1/);
  });

  it('names no tenant and no secret for a managed identity', async () => {
    const variables = ['client_id', 'client_secret', 'tenant_id'].map(
      name => `variable "${name}" {\n  type = string\n}\n`,
    );
    await failure({
      azureSubscription: 'identity',
      templatePath: hcl(
        ['echo "<${var.client_id}><${var.client_secret}><${var.tenant_id}>"', 'env | grep ARM_ || true'],
        variables.join(''),
      ),
    });
    assert.match(log(), /<identity-1><><>/);
    assert.doesNotMatch(log(), /ARM_TENANT_ID|ARM_CLIENT_SECRET/);
  });

  it('passes variables, typed ones too, and variable files', async () => {
    const variables =
      'variable "zones" {\n  type = list(string)\n}\nvariable "word" {\n  type = string\n}\nvariable "from_file" {\n  type = string\n}\n';
    writeFileSync(path('more.pkrvars.hcl'), 'from_file = "file"\n');
    await failure({
      templatePath: hcl(['echo "${var.zones[0]}+${var.zones[1]} ${var.word} ${var.from_file}"'], variables),
      variables: 'zones=["1", "2"]\nword=a b=c',
      variableFiles: 'more.pkrvars.hcl',
    });
    assert.match(log(), /1\+2 a b=c file/);
    json(['echo {{user `word`}} {{user `from_file`}}'], { word: '', from_file: '' });
    writeFileSync(path('more.json'), '{"word":"file","from_file":"file"}');
    fake.log.length = 0;
    await failure({ variables: 'word=line', variableFiles: '# comment\nmore.json' });
    assert.match(log(), /null: line file/);
  });

  it('builds a folder, and only what is asked for', async () => {
    mkdirSync(path('folder'));
    const text = readFileSync(hcl(['echo built']), 'utf8');
    writeFileSync(path('folder/web.pkr.hcl'), text);
    await failure({ templatePath: path('folder') });
    assert.match(log(), /null\.web: built/);
    fake.log.length = 0;
    assert.match(await failure({ templatePath: path('folder'), only: 'null.other' }), /names no Azure image/);
    assert.doesNotMatch(log(), /null\.web: built/);
    fake.log.length = 0;
    await failure({ templatePath: path('folder'), except: 'null.web' });
    assert.doesNotMatch(log(), /null\.web: built/);
  });

  it('writes nothing beside the template and leaves no private file behind', async () => {
    json(['true'], { client_id: '', word: '' });
    await failure({ variables: 'word=x' });
    assert.deepEqual(readdirSync(directory), ['template.json']);
    const temp = fake.agent.tempDirectory;
    assert.ok(readdirSync(temp).every(name => (statSync(join(temp, name)).mode & 0o077) === 0));
    await fake.close();
    assert.ok(!existsSync(temp));
  });

  it('refuses what cannot work before Packer starts', async () => {
    json([], { known: '' });
    assert.match(
      await failure({ variables: 'knwon=1' }),
      /'variables' gives knwon, which the template does not declare.*It declares known\./,
    );
    assert.match(
      await failure({ templatePath: path('no.json') }),
      /'templatePath': .*no\.json does not exist/,
    );
    assert.match(
      await failure({ variableFiles: 'a.json\nb.json' }),
      /names files that do not exist:\n {2}- .*a\.json\n {2}- .*b\.json/,
    );
    assert.match(
      await failure({ workingDirectory: path('nowhere') }),
      /'workingDirectory': .*nowhere does not exist/,
    );
    mkdirSync(path('empty'));
    assert.match(await failure({ templatePath: path('empty') }), /holds no \.pkr\.hcl or \.pkr\.json file/);
    writeFileSync(path('template.json'), '{"builders":[{"type":"azure-arm","subscription_id":"x"}]}');
    assert.match(
      await failure(),
      /never mentions client_id, so its Azure builder would not use the service connection/,
    );
  });

  it('tells an absent Packer from another program of its name', async () => {
    json([]);
    await fake.close();
    fake = fakeAgent({ workingDirectory: directory, endpoints });
    assert.match(await failure(), /Packer is not installed.*'packerPath'/);
    assert.match(
      await failure({ packerPath: '/bin/echo' }),
      /\/bin\/echo is not HashiCorp Packer: 'packer version' said 'version'/,
    );
    assert.match(await failure({ packerPath: path('none') }), /could not be started/);
  });

  it('lets Packer clean up when the step is cancelled, and waits for it', async () => {
    json(['trap "sleep 1; echo cleaned up; exit 1" INT; echo ready; sleep 30 & wait']);
    fake.log.push = function (...lines: string[]) {
      if (lines.some(line => line.endsWith('null: ready'))) abort.abort(new CancelledError('cancelled'));
      return Array.prototype.push.apply(this, lines);
    };
    await assert.rejects(run(), CancelledError);
    const told = fake.reported();
    assert.ok(told?.task === 'PackerBakeVmss' && told.body.phases.length > 0, 'as far as it came');
    assert.match(
      log(),
      /Packer was asked to stop and cleans up[^]*Cleanly cancelled builds after being interrupted/,
    );
  });

  it("reads the image from the log, and says so, when this Packer's output is not machine-readable", async () => {
    json([]);
    const packerPath = standIn(
      `printf '%s\\n' '==> Builds finished. The artifacts of successful builds are:' '--> azure-arm: Azure.ResourceManagement.VMImage:' '' 'ManagedImageId: ${managedId}' 'ManagedImageLocation: westus'`,
    );
    await run({ packerPath });
    assert.deepEqual(
      { ...fake.outputs, imageDigest: '', packerLog: '' },
      {
        imageReference: managedId,
        imageKind: 'managed',
        imageName: 'web-1',
        imageLocation: 'westus',
        imageDigest: '',
        imageReused: 'false',
        packerLog: '',
      },
    );
    assert.ok(fake.log.includes(`Image, from Packer's log: ${managedId}`));
  });

  it('prefers the manifest of this run to the log, and never takes an older one', async () => {
    writeFileSync(path('template.json'), '{"post-processors":[{"type":"manifest","output":"out.json"}]}');
    const manifest = JSON.stringify({
      builds: [{ name: 'web', artifact_id: galleryId, packer_run_uuid: '1' }],
      last_run_uuid: '1',
    });
    const human = `printf '%s\\n' '==> Builds finished. The artifacts of successful builds are:' '--> a: Azure.ResourceManagement.VMImage:' 'ManagedImageId: ${managedId}'`;
    await run({ packerPath: standIn(`echo '${manifest}' > out.json; ${human}`) });
    assert.equal(fake.outputs['imageReference'], galleryId);
    assert.match(log(), /Image, from Packer's manifest .*out\.json: /);
    await run({ packerPath: standIn(`touch -d 2020-01-01 out.json; ${human}`) });
    assert.equal(fake.outputs['imageReference'], managedId);
  });

  it('fails on several images, takes the named build, and warns of a VHD', async () => {
    json([]);
    const artifact = (build: string, line: string) =>
      `echo '1795396607,${build},artifact,0,string,Azure.ResourceManagement.VMImage:\\n\\nStorageAccountLocation: westus\\n${line}'`;
    const vhd = 'https://a.blob.core.windows.net/b/c.vhd';
    const packerPath = standIn(
      `${artifact('azure-arm.a', `OSDiskUri: ${vhd}`)}; ${artifact('azure-arm.b', `ManagedImageId: ${managedId}`)}`.replaceAll(
        '\\n',
        '\\\\n',
      ),
    );
    assert.match(
      await failure({ packerPath }),
      /names several images; say which build's[^]*azure-arm\.a: https[^]*azure-arm\.b: \/subscriptions/,
    );
    assert.equal(fake.outputs['imageReference'], undefined);
    await run({ packerPath, buildName: 'a' });
    assert.equal(fake.outputs['imageReference'], vhd);
    assert.equal(fake.outputs['imageLocation'], 'westus');
    assert.match(fake.warnings.join(), /The image is a VHD\. Azure retired unmanaged disks on 31 March 2026/);
  });

  it('names the images of builds that succeeded beside one that failed', async () => {
    json([]);
    const packerPath = standIn(
      `echo '1795396607,b,error,QuotaExceeded: no cores'; echo '1795396607,a,artifact,0,string,Azure.ResourceManagement.VMImage:\\\\nManagedImageId: ${managedId}'; exit 1`,
    );
    const text = await failure({ packerPath });
    assert.match(text, /Build 'b' failed: QuotaExceeded: no cores/);
    assert.match(text, /has not enough cores in this region/);
    assert.match(text, /their images are not used and may be deleted: .*web-1/);
    assert.equal(fake.outputs['imageReference'], undefined);
  });

  it('installs the plugins that a template requires before it validates, with a Packer that can', async () => {
    const required = 'packer {\n  required_plugins {\n  }\n}\n';
    writeFileSync(path('web.pkr.hcl'), required);
    const recording = (version: string) => {
      writeFileSync(
        path('packer'),
        `#!/bin/sh\nif [ "$1" = version ]; then echo 'Packer v${version}'; exit; fi\necho "$2 <$PKR_VAR_client_secret>" >> ${path('calls')}\n[ "$2" != init ] || [ ! -e ${path('offline')} ]\n`,
      );
      chmodSync(path('packer'), 0o755);
      return { packerPath: path('packer'), templatePath: path('web.pkr.hcl'), dryRun: true };
    };
    await run(recording('1.11.2'));
    assert.equal(readFileSync(path('calls'), 'utf8'), `init <>\ninstalled <>\nvalidate <${clientSecret}>\n`);
    writeFileSync(path('offline'), '');
    assert.match(await failure(recording('1.11.2')), /packer init could not install the template's plugins/);
    rmSync(path('calls'));
    await run(recording('1.6.6'));
    assert.equal(readFileSync(path('calls'), 'utf8'), `validate <${clientSecret}>\n`);
  });
});
