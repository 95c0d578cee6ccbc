/** Runs the built bundles as the agent does: their own process, inputs by environment, nothing beside them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node24 } from '../../scripts/setup/cache.mjs';
import { readManifest, repositoryRoot, taskNames } from '../../scripts/tasks.js';

const staging = join(repositoryRoot, 'dist', 'extension');
const nodes = [
  { version: 'the Node that runs this test', path: process.execPath },
  { version: 'Node 24', path: node24() },
];

describe('dist/extension', () => {
  it('holds what the VSIX needs and nothing else', () => {
    assert.deepEqual(readdirSync(staging).toSorted(), [
      'LICENSE',
      'ThirdPartyNotices.txt',
      'images',
      'overview.md',
      'report',
      'tasks',
      'vss-extension.json',
    ]);
    for (const name of taskNames()) {
      const files = readdirSync(join(staging, 'tasks', name)).toSorted();
      assert.deepEqual(
        files.filter(file => file !== 'postJob.cjs'),
        ['icon.png', 'index.cjs', 'release-report.html', 'task.json'],
        name,
      );
    }
  });
});

for (const { version, path } of nodes) {
  describe(`bundles on ${version}`, () => {
    let directory = '';
    before(() => {
      assert.ok(existsSync(path), `${path} is missing: run "npm run setup -- --for test"`);
      directory = mkdtempSync(join(tmpdir(), 'bundle-'));
    });
    after(() => {
      rmSync(directory, { recursive: true, force: true });
    });

    for (const name of taskNames()) {
      it(`${name} says what is missing, and exits with 0`, () => {
        const task = join(directory, 'tasks', name);
        const temp = join(directory, `temp-${name}`);
        mkdirSync(temp);
        // Copied away from the repository, so that nothing in node_modules can help it.
        cpSync(join(staging, 'tasks', name), task, { recursive: true });
        const { stdout, status } = spawnSync(path, [join(task, 'index.cjs')], {
          cwd: directory,
          encoding: 'utf8',
          env: {
            PATH: process.env['PATH'],
            AGENT_VERSION: '4.265.1',
            AGENT_TEMPDIRECTORY: temp,
            SYSTEM_DEFAULTWORKINGDIRECTORY: directory,
            BUILD_SOURCESDIRECTORY: directory,
            TF_BUILD: 'True',
          },
        });
        assert.equal(status, 0);
        const result = stdout.split('\n').filter(line => line.startsWith('##vso[task.complete'));
        assert.equal(result.length, 1, stdout);
        assert.match(result[0]!, /^##vso\[task\.complete result=Failed;\]/);
        for (const input of readManifest(name).inputs) {
          const always =
            input.required === true && input.visibleRule === undefined && (input.defaultValue ?? '') === '';
          if (always && input.type !== 'filePath')
            assert.ok(result[0]!.includes(`'${input.name}' is required`), result[0]);
        }
        assert.deepEqual(
          readdirSync(temp).filter(file => file.startsWith('bake-and-roll-')),
          [],
        );
      });
    }
  });
}
