/** Bake once, for real: Packer and the local Azure, then the same bake again from another checkout. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ClientSecretCredential } from '@azure/identity';
import { createArmClient } from '../../../../shared/azure/armClient.js';
import { imageTagNames, readInputTags } from '../../../../tasks/PackerBakeVmss/src/image/imageTags.js';
import { bake } from '../../../../tasks/PackerBakeVmss/src/run.js';
import { fakeAgent } from '../../../fakes/fakeAgent.js';
import { transportTo } from '../../../local/azure/fixture.js';
import { defaultInput } from '../bakeInput.js';
import { startLocalBakes, type LocalBakes } from '../localBakes.js';

const template = `
variable "client_id" { type = string }
variable "client_secret" {
  type      = string
  sensitive = true
}
variable "tenant_id" { type = string }
variable "subscription_id" { type = string }
variable "image_name" { type = string }
variable "greeting" { default = "hello" }
variable "password" {
  type      = string
  sensitive = true
}
source "azure-arm" "web" {
  client_id       = var.client_id
  client_secret   = var.client_secret
  tenant_id       = var.tenant_id
  subscription_id = var.subscription_id
  os_type         = "Linux"
  image_publisher = "Debian"
  image_offer     = "debian-12"
  image_sku       = "12"
  location        = "westeurope"
  vm_size         = "Standard_B1s"
  managed_image_resource_group_name = "images"
  managed_image_name                = var.image_name
  azure_tags = { own = "yes" }
}
build {
  sources = ["source.azure-arm.web"]
  provisioner "file" {
    source      = "\${path.root}/../app/"
    destination = "/tmp/app"
  }
  provisioner "shell" {
    inline = ["echo \${var.greeting} \${var.password}"]
  }
}
`;

describe('PackerBakeVmss bakes once', function () {
  this.timeout(180_000);
  const directory = mkdtempSync(join(tmpdir(), 'bake-once-'));
  let azure: LocalBakes;
  let compute: ComputeManagementClient;

  /** One run of the task over a checkout. */
  const run = async (checkout: string, over: Record<string, string> = {}, variables = 'image_name=web-9') => {
    const { connection } = azure;
    const { tenantId, clientId, clientSecret, subscriptionId } = connection;
    const transport = transportTo(connection);
    const fields: Record<string, string> = {
      tenantid: tenantId,
      serviceprincipalid: clientId,
      serviceprincipalkey: clientSecret,
    };
    const fake = fakeAgent({
      workingDirectory: checkout,
      tools: { packer: join(directory, 'packer') },
      variables: {
        'Build.SourceVersion': 'abc123',
        'Build.Repository.Uri': 'https://someone:token@example.org/shop.git',
        'Build.Repository.Name': 'shop',
        'Build.BuildId': '7',
        'System.CollectionUri': 'https://dev.azure.com/contoso/',
        'System.TeamProject': 'shop',
      },
      endpoints: {
        azure: {
          url: 'https://management.azure.com/',
          scheme: 'ServicePrincipal',
          parameter: name => fields[name.toLowerCase()],
          data: name => (name === 'subscriptionId' ? subscriptionId : undefined),
        },
      },
    });
    const input = defaultInput({
      azureSubscription: 'azure',
      templatePath: join(checkout, 'packer/web.pkr.hcl'),
      reuseImage: 'whenUnchanged',
      variables: variables.includes('password') ? variables : `${variables}\npassword=Geheim~17`,
      ...over,
    });
    const startedAt = Date.now();
    try {
      const sentence = await bake(
        input,
        { ...fake.agent, proxyFor: () => transport.proxyOptions },
        (agent, target) =>
          createArmClient(agent, target, {
            credential: new ClientSecretCredential(tenantId, clientId, clientSecret, transport),
            ...transport.additionalPolicies.map(({ policy }) => ({ transport: policy }))[0],
          }),
      );
      const statement = fake.attachments
        .filter(({ type }) => type === 'bakeandroll.provenance')
        .map(({ path }) => readFileSync(path, 'utf8'))
        .join('');
      return {
        sentence,
        statement,
        outputs: { ...fake.outputs },
        log: fake.log.join('\n'),
        warnings: fake.warnings.join('\n'),
        took: Date.now() - startedAt,
      };
    } finally {
      await fake.close();
    }
  };
  const checkout = (name: string) => {
    const path = join(directory, name);
    mkdirSync(join(path, 'packer'), { recursive: true });
    mkdirSync(join(path, 'app'));
    writeFileSync(join(path, 'packer/web.pkr.hcl'), template);
    writeFileSync(join(path, 'app/index.html'), '<h1>shop</h1>\n');
    writeFileSync(join(path, 'app/README.md'), 'text\n');
    return path;
  };
  let first: Awaited<ReturnType<typeof run>>;

  before(async () => {
    azure = await startLocalBakes();
    const { connection } = azure;
    const environment = `HTTPS_PROXY='${connection.proxy}' SSL_CERT_FILE='${connection.caFile}'`;
    writeFileSync(join(directory, 'packer'), `#!/bin/sh\n${environment} exec packer "$@"\n`);
    chmodSync(join(directory, 'packer'), 0o755);
    const transport = transportTo(connection);
    const credential = new ClientSecretCredential(
      connection.tenantId,
      connection.clientId,
      connection.clientSecret,
      transport,
    );
    compute = new ComputeManagementClient(credential, connection.subscriptionId, transport);
    first = await run(checkout('first'), {}, 'image_name=web-1');
  });
  after(async () => {
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('bakes at first, and says that there is nothing to reuse', () => {
    assert.match(first.log, /No image of this template in 'images' says what it was baked from/);
    assert.match(first.sentence, /^Baked a managed image/);
    assert.equal(first.outputs['imageReused'], 'false');
    assert.match(first.outputs['imageDigest'] ?? '', /^[0-9a-f]{64}$/);
    assert.equal(first.warnings, '');
  });

  it("tags the image with what it was baked from, beside the template's own tags", async () => {
    const { tags = {} } = await compute.images.get('images', 'web-1');
    assert.equal(tags['own'], 'yes');
    assert.equal(tags[imageTagNames.digest], first.outputs['imageDigest']);
    assert.equal(tags[imageTagNames.template], 'shop: packer/web.pkr.hcl');
    assert.equal(tags[imageTagNames.commit], 'abc123');
    assert.equal(tags[imageTagNames.repository], 'https://example.org/shop.git');
    assert.equal(tags[imageTagNames.run], 'https://dev.azure.com/contoso/shop/_build/results?buildId=7');
    assert.match(tags[imageTagNames.baseImage] ?? '', /^Debian:debian-12:12:\d/);
    assert.match(tags[imageTagNames.task] ?? '', /^\d+\.\d+\.\d+$/);
    const names = readInputTags(tags)?.map(({ name }) => name) ?? [];
    assert.ok(names.includes('app/index.html'), names.join('\n'));
    assert.ok(names.includes('<base image of azure-arm.web>'));
  });

  it('keeps an in-toto statement with SLSA provenance with the run, without secrets', () => {
    const statement = JSON.parse(first.statement) as {
      _type: string;
      subject: { name: string; digest: object }[];
      predicateType: string;
      predicate: {
        buildDefinition: {
          externalParameters: { variables: object };
          internalParameters: { packer: string; inputDigest: string };
          resolvedDependencies: { uri?: string; name?: string }[];
        };
        runDetails: { metadata: { invocationId: string } };
      };
    };
    assert.equal(statement._type, 'https://in-toto.io/Statement/v1');
    assert.equal(statement.predicateType, 'https://slsa.dev/provenance/v1');
    assert.equal(statement.subject[0]?.name, first.outputs['imageReference']);
    const { buildDefinition, runDetails } = statement.predicate;
    assert.deepEqual(buildDefinition.externalParameters.variables, { image_name: 'web-1' });
    assert.equal(buildDefinition.internalParameters.inputDigest, first.outputs['imageDigest']);
    assert.ok(
      buildDefinition.resolvedDependencies.some(({ uri }) => uri === 'git+https://example.org/shop.git'),
    );
    assert.ok(buildDefinition.resolvedDependencies.some(({ name }) => name === 'app/index.html'));
    assert.match(runDetails.metadata.invocationId, /buildId=7$/);
    assert.doesNotMatch(first.statement, /Geheim~17|token@/);
    assert.ok(!first.statement.includes(azure.connection.clientSecret));
  });

  it('reuses it from another checkout, under another name for the new image, with another secret', async () => {
    const elsewhere = join(directory, 'else where');
    cpSync(join(directory, 'first'), elsewhere, { recursive: true });
    const again = await run(elsewhere, {}, 'image_name=web-2\npassword=other');
    assert.equal(again.outputs['imageReused'], 'true', again.log);
    assert.equal(again.outputs['imageReference'], first.outputs['imageReference']);
    assert.equal(again.outputs['imageKind'], 'managed');
    assert.equal(again.outputs['imageName'], 'web-1');
    assert.equal(again.outputs['imageLocation'], 'westeurope');
    assert.equal(again.outputs['imageDigest'], first.outputs['imageDigest']);
    assert.match(again.log, /web-1 in 'images' was baked from the same inputs on 20/);
    assert.match(again.sentence, /Nothing was baked, the inputs are the same/);
  });

  it('says which inputs have changed since the nearest image', async () => {
    const changed = checkout('changed');
    writeFileSync(join(changed, 'app/index.html'), '<h1>sale</h1>\n');
    writeFileSync(join(changed, 'app/new.css'), 'b {}\n');
    rmSync(join(changed, 'app/README.md'));
    const { log, outputs, sentence } = await run(
      changed,
      { dryRun: 'true' },
      'image_name=web-2\ngreeting=good day',
    );
    assert.match(log, /Since web-1 \(20[^)]*\) 4 inputs changed/);
    assert.match(
      log,
      / {2}M <provisioner 2 shell: inline>\n {2}M app\/index\.html\n {2}A app\/new\.css\n {2}D app\/README\.md/,
    );
    assert.equal(outputs['imageReused'], 'false');
    assert.match(sentence, /Dry run/);
  });

  it('passes over what digestExcludes names, looks at what digestIncludes names, and bakes anyway with rebake', async () => {
    const same = checkout('same');
    const rebaked = await run(same, { dryRun: 'true', rebake: 'true' });
    assert.match(rebaked.log, /A new image is baked in any case/);
    const more = await run(same, { dryRun: 'true', digestIncludes: 'packer' });
    assert.equal(
      more.outputs['imageDigest'],
      first.outputs['imageDigest'],
      'the folder holds the template only',
    );
    const without = await run(same, { dryRun: 'true', digestExcludes: '*.md' });
    assert.match(without.log, /1 input changed.*\n {2}D app\/README\.md/);
    await assert.rejects(
      run(same, { digestIncludes: 'nowhere' }),
      /'digestIncludes' names what does not exist/,
    );
  });

  it('never reuses an image in another region, one that is not ready, or where a provisioner may read anything', async () => {
    const other = checkout('other');
    const file = join(other, 'packer/web.pkr.hcl');
    writeFileSync(file, template.replace('"westeurope"', '"northeurope"'));
    const { log, outputs } = await run(other, { dryRun: 'true' });
    assert.match(log, /(web-1 has the same inputs, but it is not in northeurope|Since web-1)/);
    assert.equal(outputs['imageReused'], 'false');
    writeFileSync(
      file,
      template.replace(
        'provisioner "shell" {',
        'provisioner "shell-local" {\n    inline = ["true"]\n  }\n  provisioner "shell" {',
      ),
    );
    const local = await run(other, { dryRun: 'true' });
    assert.match(
      local.warnings,
      /provisioner 2 shell-local runs commands on the agent, which may read anything/,
    );
    assert.equal(local.outputs['imageReused'], 'false');
  });
});
