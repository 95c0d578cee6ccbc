import assert from 'node:assert/strict';
import fc from 'fast-check';
import { adviceFor } from '../../../../tasks/PackerBakeVmss/src/log/packerFailure.js';
import { packerReader } from '../../../../tasks/PackerBakeVmss/src/log/packerLog.js';
import { hasInit, parseVersion } from '../../../../tasks/PackerBakeVmss/src/packer/packer.js';
import { parsePackerTemplate } from '../../../../tasks/PackerBakeVmss/src/template/packerTemplate.js';

const ui = (kind: string, text: string) =>
  `1795396607,,ui,${kind},${text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', String.raw`\n`)}`;

describe('packerReader', () => {
  it('shows what Packer shows people', () => {
    const reader = packerReader();
    const shown = [
      ui('say', '==> a: Running builder ...'),
      ui('message', String.raw`    a: one, two C:\new`),
      ui('error', '==> a: oh\n==> a: no'),
      ui('say', '\n==> Wait completed'),
      '1795396607,a,artifact-count,0',
      'panic: not of the protocol',
    ].flatMap(line => reader.take(line));
    assert.deepEqual(shown, [
      '==> a: Running builder ...',
      String.raw`    a: one, two C:\new`,
      '==> a: oh',
      '==> a: no',
      '',
      '==> Wait completed',
      'panic: not of the protocol',
    ]);
  });

  it('shows every line that a provisioner can print as it was', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter(each => !/[\r\n]/.test(each) && !each.includes('%!(PACKER_COMMA)'));
    fc.assert(
      fc.property(text, line => {
        assert.deepEqual(packerReader().take(ui('message', `    a: ${line}`)), [
          `    a: ${line.replace(/([?&]sig=)[^&\s"']+/gi, '$1***')}`,
        ]);
      }),
    );
  });

  it('hides shared access signatures', () => {
    const uri = 'https://a.blob/b.vhd?se=2027-01-01T00%3A00%3A00Z&sig=abc%2Bdef%3D&sp=r';
    assert.deepEqual(packerReader().take(ui('say', `OSDiskUriReadOnlySas: ${uri}`)), [
      'OSDiskUriReadOnlySas: https://a.blob/b.vhd?se=2027-01-01T00%3A00%3A00Z&sig=***&sp=r',
    ]);
  });

  it('keeps the last lines of each build, from its last provisioner on and without its clean-up', () => {
    const reader = packerReader();
    for (const line of [
      ui('say', '==> a: Provisioning with shell script: one.sh'),
      ui('message', '    a: earlier'),
      ui('say', '==> b: Provisioning with shell script: other.sh'),
      ui('say', '==> a: Provisioning with shell script: two.sh'),
      ui('message', '    a: the cause'),
      ui('message', '    b: noise'),
      ui('say', '==> a: Provisioning step had errors: Running the cleanup provisioner, if present...'),
      ui('message', '    a: late output'),
      ui('say', '==> a: Cleanup requested, deleting resource group ...'),
    ])
      reader.take(line);
    assert.deepEqual(reader.lastLines('a'), [
      '==> a: Provisioning with shell script: two.sh',
      '    a: the cause',
      '    a: late output',
    ]);
  });

  it('knows the resource groups that Packer has not deleted yet', () => {
    let told = 0;
    const reader = packerReader({ onGroup: () => (told += 1) });
    const say = (build: string, text: string) => reader.take(ui('say', `==> ${build}: ${text}`));
    for (const build of ['a', 'b']) {
      say(build, 'Creating resource group ...');
      say(build, ` -> ResourceGroupName : 'pkr-Resource-Group-${build}'`);
      say(build, ` -> DeploymentName    : 'pkrdp${build}12345'`);
    }
    say('a', 'Resource group has been deleted.');
    assert.deepEqual(reader.openGroups, [
      { name: 'pkr-Resource-Group-b', isOwn: true, suffixes: ['b12345'] },
    ]);
    assert.equal(reader.groups.length, 2);
    assert.equal(told, 4);
  });

  it('never takes a group that was there for one of its own', () => {
    const reader = packerReader();
    reader.take(ui('say', "==> a:  -> ResourceGroupName : 'of-nobody'"));
    reader.take(ui('say', '==> a: Using existing resource group ...'));
    reader.take(ui('say', "==> a:  -> ResourceGroupName : 'production'"));
    assert.deepEqual(reader.openGroups, [{ name: 'production', isOwn: false, suffixes: [] }]);
  });

  it('tells warnings of Packer, and none of a provisioner', () => {
    const warnings: string[] = [];
    const reader = packerReader({ onWarning: text => warnings.push(text) });
    for (const line of [
      ui('message', '    a: Warning: apt does not have a stable CLI interface'),
      ui('error', "Warnings for build 'a':\n\n* A checksum of 'none' was specified.\n* second\n"),
      ui('say', 'Warning: Undefined variable'),
      ui('message', '    a: * no warning'),
      ui('say', '* neither'),
    ])
      reader.take(line);
    assert.deepEqual(warnings, ["A checksum of 'none' was specified.", 'second', 'Undefined variable']);
  });

  it('holds no more of a million lines than the last ones', () => {
    const reader = packerReader();
    const before = process.memoryUsage().heapUsed;
    for (let line = 0; line < 1_000_000; line += 1) reader.take(ui('message', `    a: line ${line}`));
    globalThis.gc?.();
    assert.ok(process.memoryUsage().heapUsed - before < 100 * 1024 * 1024);
    assert.equal(reader.lastLines('a').length, 25);
    assert.equal(reader.lastLines('a').at(-1), '    a: line 999999');
  });
});

describe('adviceFor', () => {
  const cases: readonly (readonly [text: string, advice: RegExp])[] = [
    [
      '{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}',
      /secret is wrong or expired/,
    ],
    ['AADSTS700024: Client assertion is not within its valid time range', /oidc_request_url/],
    ['AADSTS700027: Client assertion failed signature validation', /certificate is not/],
    ['AADSTS90002: Tenant not found', /Verify the service connection/],
    ['Code="AuthorizationFailed" Message="The client does not have authorization"', /Contributor/],
    [
      'the managed image named x already exists in the resource group y, use the -force option to automatically delete it.',
      /allowOverwrite/,
    ],
    [
      'Operation could not be completed as it results in exceeding approved Total Regional Cores quota',
      /higher quota/,
    ],
    ['Code="SkuNotAvailable"', /another vm_size/],
    ['Timeout waiting for SSH.', /could not log in/],
    ['Cannot locate the managed image resource group images.', /create it/],
    ['Code="PlatformImageNotFound"', /az vm image list/],
    ['Error: Unknown source type "azure-arm"', /packer plugins install/],
    ['x509: certificate signed by unknown authority', /SSL_CERT_FILE/],
    ['dial tcp: lookup management.azure.com: no such host', /network/],
    ['* No valid set of authentication values specified:', /Pass client_id, client_secret/],
    ['Script exited with non-zero exit status: 7', /provisioner failed/],
  ];
  for (const [text, advice] of cases) {
    it(text.slice(0, 60), () => {
      assert.match(adviceFor(text) ?? '', advice);
    });
  }

  it('gives none for what it does not know', () => {
    assert.equal(adviceFor('something else'), undefined);
  });
});

describe('parseVersion', () => {
  it('reads what Packers of every age print', () => {
    for (const [text, minor] of [
      ['Packer v1.6.6', 6],
      ['Packer v1.10.0\n\nYour version of Packer is out of date!', 10],
      ['1795397881,,ui,say,Packer v1.14.2-dev', 14],
    ] as const)
      assert.equal(parseVersion(text)?.minor, minor);
    assert.equal(parseVersion('1.6.6'), undefined);
    assert.deepEqual(
      [
        { text: '', major: 1, minor: 6 },
        { text: '', major: 1, minor: 7 },
        { text: '', major: 2, minor: 0 },
      ].map(hasInit),
      [false, true, true],
    );
  });
});

describe('parsePackerTemplate', () => {
  const parse = (name: string, text: string) => parsePackerTemplate(name, [{ name, text }]);

  it('tells the formats apart', () => {
    assert.equal(parse('a.json', '{}').format, 'json');
    assert.equal(parse('a.pkr.json', '{}').format, 'hcl2');
    assert.equal(parse('a.pkr.hcl', '').format, 'hcl2');
  });

  it('finds the variables, or says that it cannot', () => {
    assert.deepEqual(parse('a.json', '{"variables":{"a":null,"b":""}}').variables, ['a', 'b']);
    assert.deepEqual(parse('a.json', '{}').variables, []);
    assert.equal(parse('a.json', 'broken').variables, undefined);
    assert.deepEqual(parse('a.pkr.hcl', 'variable "a" {}\n  variable b {\n}\n# variable "c" {}').variables, [
      'a',
      'b',
    ]);
    assert.equal(parse('a.pkr.hcl', 'variables {\n a = 1\n}').variables, undefined);
    assert.equal(parse('a.pkr.json', '{"variable":{"a":{}}}').variables, undefined);
  });

  it('sees whether credentials, plugins and tokens are asked for, and where the manifest goes', () => {
    const plain = parse('a.pkr.hcl', 'source "azure-arm" "a" {\n}\n');
    assert.deepEqual(
      [plain.ignoresCredentials, plain.requiresPlugins, plain.asksForTokens],
      [true, false, false],
    );
    const full = parse(
      'a.pkr.hcl',
      'packer {\n required_plugins {}\n}\nsource "azure-arm" "a" {\n client_id = var.c\n oidc_request_url = var.o\n}\npost-processor "manifest" {\n output = "m.json"\n}',
    );
    assert.deepEqual(
      [full.ignoresCredentials, full.requiresPlugins, full.asksForTokens],
      [false, true, true],
    );
    assert.deepEqual(full.manifests, ['m.json']);
    assert.deepEqual(
      parse('a.json', '{"post-processors":[{"output":"o.json","type":"manifest"}]}').manifests,
      ['o.json'],
    );
    assert.equal(parse('a.json', '{"builders":[{"type":"docker"}]}').ignoresCredentials, false);
  });
});
