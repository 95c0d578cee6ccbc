/** Holds the pipelines that pages show against what the tasks declare, as the local agent does before a run. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkTasks } from '../../local/agent/task/check.js';
import { readTasks } from '../../local/agent/task/definition.js';
import { loadPipeline } from '../../local/agent/yaml/load.js';
import { repositoryRoot } from '../../scripts/tasks.js';

describe('overview.md', () => {
  it('shows a release that the tasks can run', () => {
    const page = readFileSync(join(repositoryRoot, 'overview.md'), 'utf8');
    const yaml = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    const tasks = readTasks(join(repositoryRoot, 'dist', 'extension', 'tasks'));
    const folder = mkdtempSync(join(tmpdir(), 'pages-'));
    try {
      const file = join(folder, 'overview.yml');
      writeFileSync(file, yaml);
      const pipeline = loadPipeline({
        file,
        root: folder,
        parameters: new Map(),
        variables: new Map(),
        check: (model, report) => {
          checkTasks(model, tasks, report);
        },
      });
      const steps = pipeline.stages.flatMap(stage =>
        stage.jobs.flatMap(job => job.phases.flatMap(phase => phase.steps)),
      );
      assert.equal(steps.filter(({ kind }) => kind === 'task').length, tasks.length);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

for (const name of ['overview.md', 'README.md'])
  describe(`pictures of ${name}`, () => {
    it('are there', () => {
      const page = readFileSync(join(repositoryRoot, name), 'utf8');
      const files = [...page.matchAll(/\]\(([^)]+\.png)\)|(?:src|srcset)="([^"]+)"/g)].map(
        ([, markdown, html]) => markdown ?? html ?? '',
      );
      assert.ok(files.length >= 2);
      for (const file of files) {
        assert.ok(existsSync(join(repositoryRoot, file)), file);
        // The marketplace shows what the VSIX holds.
        if (name === 'overview.md') assert.match(file, /^images\//);
      }
    });
  });
