/** The digest of a bake: what it must not depend on, and what it must. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { digestBake, type BakeDigest } from '../../../../tasks/PackerBakeVmss/src/digest/bakeDigest.js';
import {
  compareEntries,
  digestOf,
  foldEntries,
  sha256,
} from '../../../../tasks/PackerBakeVmss/src/digest/digestEntries.js';
import { inputTags, readInputTags } from '../../../../tasks/PackerBakeVmss/src/image/imageTags.js';
import type {
  TemplateBlock,
  TemplateModel,
} from '../../../../tasks/PackerBakeVmss/src/template/templateModel.js';
import { exclusion, hashTrees } from '../../../../tasks/PackerBakeVmss/src/digest/treeHash.js';
import { fakeAgent, type FakeAgent } from '../../../fakes/fakeAgent.js';

const files: Readonly<Record<string, string>> = {
  'packer/web.json': '{}\n',
  'packer/provision/playbook.yml': '- hosts: all\n  roles:\n    - ../shared/roles/web\n',
  'packer/provision/roles/web/tasks/main.yml': '- debug:\n',
  'packer/shared/roles/web/tasks/main.yml': '- ping:\n',
  'packer/prepare.sh': '#!/bin/sh\necho one\n',
  'app/index.html': '<h1>shop</h1>\n',
  'app/lib/deep/code.js': 'go();\n',
};

function block(type: string, options: Record<string, unknown>, name = ''): TemplateBlock {
  const values = Object.entries(options).map(
    ([option, value]) =>
      [option, { expression: JSON.stringify(value ?? 'var.x'), known: value !== undefined, value }] as const,
  );
  return { type, name, options: new Map(values), blocks: new Map() };
}

describe('the digest of a bake', function () {
  this.timeout(60_000);
  let directory: string;
  let fake: FakeAgent;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'digest-'));
    fake = fakeAgent();
  });
  afterEach(async () => {
    await fake.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const checkout = (name: string, order: readonly string[] = Object.keys(files)): string => {
    const root = join(directory, name);
    for (const file of order) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), files[file] ?? '');
    }
    return root;
  };
  const model = (root: string): TemplateModel => ({
    files: [join(root, 'packer/web.json')],
    sources: [block('null', { vm_size: 'B1s', managed_image_name: 'web-1' }, 'null.web')],
    provisioners: [
      block('file', { source: join(root, 'app/'), destination: '/srv' }),
      block('ansible', { playbook_file: 'packer/provision/playbook.yml', extra_arguments: ['-e', 'v=1'] }),
      block('shell', { scripts: [join(root, 'packer/prepare.sh')] }),
    ],
    postProcessors: [],
    variables: new Map([['password', { value: undefined, sensitive: true }]]),
  });
  // No source of these templates starts from an image on Azure.
  const azure = {} as ArmClient;
  const digest = (
    root: string,
    over: { model?: TemplateModel; packer?: string; includes?: string; excludes?: string } = {},
  ): Promise<BakeDigest> =>
    digestBake(
      {
        model: over.model ?? model(root),
        workingDirectory: root,
        facts: [{ name: '<Packer>', text: over.packer ?? '1.6.6' }],
        includes: over.includes,
        excludes: over.excludes,
      },
      azure,
      fake.agent,
    );

  it('is the same in another folder, with files made in another order', async () => {
    const { digest: expected, gaps } = await digest(checkout('one'));
    assert.deepEqual(gaps, []);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(Object.keys(files), { minLength: 7 }), async order => {
        const root = checkout(`other ${count++}/deeper`, order);
        assert.equal((await digest(root)).digest, expected);
      }),
      { numRuns: 10 },
    );
  });

  it('is the same in a clone, whatever git does to line ends', async () => {
    const root = checkout('origin');
    const git = (cwd: string, ...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd, stdio: 'pipe' });
    git(root, 'init', '-q');
    git(root, 'add', '.');
    git(root, 'commit', '-qm', 'first');
    const { digest: expected } = await digest(root);
    for (const [index, setting] of ['true', 'input', 'false'].entries()) {
      git(directory, 'clone', '-q', '-c', `core.autocrlf=${setting}`, root, `clone${index}`);
      assert.equal((await digest(join(directory, `clone${index}`))).digest, expected, setting);
    }
  });

  it('changes with every single input, and names it', async () => {
    const root = checkout('one');
    const before = await digest(root);
    for (const file of Object.keys(files)) {
      const copy = join(directory, 'copy');
      cpSync(root, copy, { recursive: true });
      writeFileSync(join(copy, file), `${files[file] ?? ''} `);
      const after = await digest(copy);
      assert.notEqual(after.digest, before.digest, file);
      assert.deepEqual(compareEntries(before.entries, after.entries), {
        changed: [file],
        added: [],
        removed: [],
      });
      rmSync(copy, { recursive: true });
    }
    chmodSync(join(root, 'packer/prepare.sh'), 0o755);
    assert.deepEqual(compareEntries(before.entries, (await digest(root)).entries).changed, [
      'packer/prepare.sh',
    ]);
    chmodSync(join(root, 'packer/prepare.sh'), 0o644);

    const told = async (changed: Partial<TemplateModel>, packer?: string) => {
      const over = { model: { ...model(root), ...changed }, ...(packer === undefined ? {} : { packer }) };
      return compareEntries(before.entries, (await digest(root, over)).entries).changed;
    };
    assert.deepEqual(await told({}, '1.11.2'), ['<Packer>']);
    const [file = block('', {}), ansible = block('', {}), shell = block('', {})] = model(root).provisioners;
    const other = block('ansible', {
      playbook_file: 'packer/provision/playbook.yml',
      extra_arguments: ['-e', 'v=2'],
    });
    assert.deepEqual(await told({ provisioners: [file, other, shell] }), [
      '<provisioner 2 ansible: extra_arguments>',
    ]);
    const swapped = { ...model(root), provisioners: [ansible, file, shell] };
    assert.notEqual((await digest(root, { model: swapped })).digest, before.digest, 'their order counts');
    const bigger = block('null', { vm_size: 'B4s', managed_image_name: 'web-1' }, 'null.web');
    assert.deepEqual(await told({ sources: [bigger] }), ['<source null.web: vm_size>']);
  });

  it('does not change with the name of the new image, with secrets, or with time', async () => {
    const root = checkout('one');
    const with_ = (name: string, inline: string, password: string): TemplateModel => {
      fake.agent.secret(password);
      return {
        ...model(root),
        sources: [block('null', { vm_size: 'B1s', managed_image_name: name }, 'null.web')],
        provisioners: [
          {
            ...block('shell', {}),
            options: new Map([
              [
                'environment_vars',
                { expression: '["P=${var.password}"]', known: true, value: [`P=${password}`] },
              ],
              ['inline', { expression: '["echo ${timestamp()}"]', known: true, value: [inline] }],
            ]),
          },
        ],
      };
    };
    const one = await digest(root, { model: with_('web-1', 'echo 2026-01-01', 'first-secret') });
    const two = await digest(root, { model: with_('web-2', 'echo 2026-01-02', 'second-secret') });
    assert.equal(one.digest, two.digest);
  });

  it('is not trusted where something cannot be told before the build', async () => {
    const root = checkout('one');
    const gaps = async (...provisioners: TemplateBlock[]) =>
      (await digest(root, { model: { ...model(root), provisioners } })).gaps.join('\n');
    assert.match(
      await gaps(block('file', { source: undefined })),
      /source = .* is known while building only/,
    );
    assert.match(
      await gaps(block('file', { source: 'made-later.zip' })),
      /made-later\.zip does not exist yet/,
    );
    assert.match(await gaps(block('shell-local', { inline: ['make'] })), /may read anything/);
    assert.match(await gaps(block('chef-solo', {})), /of a kind whose files are not known/);
    assert.match(await gaps(block('file', { source: 'app/', generated: true })), /generated while building/);
    const written = (expression: string) => ({
      ...block('shell', {}),
      options: new Map([['inline', { expression, known: false, value: undefined }]]),
    });
    assert.match(await gaps(written('["${local.words} ${build.ID}"]')), /has locals or files in it/);
    assert.match(await gaps(written('[templatefile("a", { id = build.ID })]')), /has locals or files in it/);
    assert.match(await gaps(written('["${data.http.example.body}"]')), /asks another system/);
    assert.equal(await gaps(written('["${build.ID} ${var.password}"]')), '');
    const untold = { ...model(root), provisioners: [written('["${var.word} ${build.ID}"]')] };
    const variables = new Map([['word', { value: undefined, sensitive: false }]]);
    const { gaps: found } = await digest(root, { model: { ...untold, variables } });
    assert.match(found.join(), /has variables in it that Packer does not tell \(word\)/);
    writeFileSync(join(root, 'packer/provision/playbook.yml'), '- include_vars: "../{{ env }}/vars.yml"\n');
    assert.match(
      await gaps(...model(root).provisioners),
      /\.\.\/\{\{env\}\}\/vars\.yml, which only Ansible can tell/,
    );
    const covered = { model: { ...model(root), provisioners: [block('shell-local', { inline: ['make'] })] } };
    assert.deepEqual((await digest(root, { ...covered, includes: 'app' })).gaps, []);
  });

  it('leaves out what patterns name, and .git', async () => {
    const root = checkout('one');
    const { digest: without } = await digest(root, { excludes: 'app/lib/' });
    mkdirSync(join(root, 'app/.git'));
    writeFileSync(join(root, 'app/.git/HEAD'), 'x');
    writeFileSync(join(root, 'app/lib/deep/code.js'), 'changed');
    assert.equal((await digest(root, { excludes: 'app/lib/' })).digest, without);
    const { entries } = await digest(root, { excludes: 'app/lib/' });
    assert.ok(entries.every(({ name }) => !name.includes('.git') && !name.startsWith('app/lib')));
  });

  it('follows links without going round, and tells CR LF across the ends of its buffer', async () => {
    const root = join(directory, 'links');
    mkdirSync(join(root, 'a'), { recursive: true });
    const lines = `${'x'.repeat((1 << 20) - 1)}\r\ny\rz\r\n\r`;
    writeFileSync(join(root, 'a/crlf'), lines);
    writeFileSync(join(root, 'a/lf'), lines.replaceAll('\r\n', '\n'));
    writeFileSync(join(root, 'a/binary'), `\0${lines}`);
    symlinkSync('crlf', join(root, 'a/link'));
    symlinkSync('..', join(root, 'a/up'));
    symlinkSync('nowhere', join(root, 'a/dangling'));
    const entries = await hashTrees([{ path: root, name: '' }], exclusion(''), fake.agent.signal);
    const by = new Map(entries.map(({ name, hash }) => [name, hash]));
    assert.deepEqual([...by.keys()].sort(), ['a/binary', 'a/crlf', 'a/dangling', 'a/lf', 'a/link']);
    assert.equal(by.get('a/crlf'), by.get('a/lf'));
    assert.equal(by.get('a/crlf'), by.get('a/link'));
    assert.notEqual(by.get('a/crlf'), by.get('a/binary'));
  });

  it('fits into tags, folder by folder where there are too many files, and still tells what changed', () => {
    const part = fc.constantFrom('app', 'lib', 'role', 'x.js', 'y.css');
    const names = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/')),
    );
    fc.assert(
      fc.property(names, fc.nat(42), (list, taken) => {
        const entries = list.map(name => ({ name: `${name}.txt`, hash: sha256(name) }));
        const tags = inputTags(entries, taken);
        assert.ok(Object.keys(tags).length + taken <= 50);
        assert.ok(Object.values(tags).every(value => value.length <= 256));
        const read = readInputTags(tags);
        if (read !== undefined)
          assert.deepEqual(compareEntries(read, entries), { changed: [], added: [], removed: [] });
      }),
    );
    const many = Array.from({ length: 5000 }, (_, index) => {
      const name = `app/node_modules/package${index % 50}/file${index}.js`;
      return { name, hash: sha256(name) };
    });
    const changed = many.map((entry, index) => (index === 77 ? { ...entry, hash: sha256('new') } : entry));
    const read = readInputTags(inputTags(many, 10)) ?? [];
    assert.deepEqual(compareEntries(read, changed), {
      changed: ['app/node_modules/package27/'],
      added: [],
      removed: [],
    });
    assert.equal(readInputTags({ 'bake-and-roll.inputs01': 'rubbish' }), undefined);
  });

  it('does not depend on the order of its entries', () => {
    const entry = fc.record({
      name: fc.string({ minLength: 1 }),
      hash: fc.constantFrom(sha256('a'), sha256('b')),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name }), entries => {
        assert.equal(digestOf([...entries].reverse()), digestOf(entries));
        assert.equal(foldEntries(entries, 1).length <= entries.length, true);
      }),
    );
  });
});
