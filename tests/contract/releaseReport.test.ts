/** The release report as it is published: the schema, the kept samples, and what every built task leaves when its inputs are wrong. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { reportSchema } from '../../scripts/reportSchema.js';
import { readManifest, repositoryRoot, taskNames } from '../../scripts/tasks.js';
import { partAttachment, releaseReport } from '../../shared/report/format.js';
import { readPicture } from '../../shared/report/pictures.js';
import { removeFolders, run, steps } from '../local/agent/support.js';
import { partsOf } from '../report/parts.js';
import { checkPart, checkReport } from '../report/publishedSchema.js';
import { runBundle } from '../tasks/bundleRun.js';

const samples = join(repositoryRoot, 'tests', 'report', 'samples');

describe('the release report as it is published', function () {
  this.timeout(120_000);
  after(removeFolders);

  it('has a schema that follows from its source', async () => {
    const file = join(repositoryRoot, 'docs', 'release-report.schema.json');
    assert.equal(readFileSync(file, 'utf8'), await reportSchema(), 'run "npm run generate"');
  });

  for (const name of ['passing', 'smokeFailed', 'rolledBack', 'huge'])
    it(`has a sample '${name}' that holds, with the pictures that it names`, () => {
      const file = join(samples, `${name}.json`);
      assert.ok(statSync(file).size < 1_000_000);
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
      checkReport(value);
      const pictures = releaseReport
        .parse(value)
        .parts.flatMap(part => (part.task === 'RunSeleniumSmoke' ? (part.body?.tests ?? []) : []))
        .flatMap(({ screenshot }) => screenshot ?? []);
      for (const picture of pictures)
        assert.equal(readPicture(join(samples, 'pictures', picture), Infinity)?.type, 'image/png', picture);
      assert.equal(pictures.length > 0, name === 'smokeFailed');
    });

  it('is refused by the schema where it is none', () => {
    const sample = JSON.parse(readFileSync(join(samples, 'passing.json'), 'utf8')) as Record<string, unknown>;
    assert.throws(() => {
      checkReport({ ...sample, schemaVersion: 2 });
    }, /schemaVersion must be equal to constant/);
    assert.throws(() => {
      checkReport({ ...sample, parts: [{ task: 'Other' }] });
    }, /parts\/0/);
    checkReport({ ...sample, added: 'by a later version' });
  });

  for (const name of taskNames())
    it(`is left by ${name} also when its inputs are wrong`, async () => {
      const left = await runBundle({ task: name, inputs: {}, directory: repositoryRoot });
      try {
        const attached = left.lines.flatMap(line => {
          const match = /^##vso\[task\.addattachment type=([^;]*);name=([^;]*);\](.*)$/.exec(line);
          return match?.[1] === partAttachment ? (match[3] ?? '') : [];
        });
        assert.equal(attached.length, 1, left.output);
        const part: unknown = JSON.parse(readFileSync(attached[0] ?? '', 'utf8'));
        checkPart(part);
        assert.equal(part.task, name);
        assert.equal(part.result, 'failed');
        assert.ok(left.result.endsWith(part.message.split('\n').at(-1) ?? '?'), part.message);
        const { Major, Minor, Patch } = readManifest(name).version;
        assert.equal(part.taskVersion, [Major, Minor, Patch].join('.'));
      } finally {
        left.close();
      }
    });

  for (const host of ['build', 'release'] as const)
    it(`is put together by the local agent where it runs a ${host}; a step's page stays with the run`, async () => {
      const step = (inputs: string) =>
        `- task: PatchArmImageUri@1\n  continueOnError: true\n  retryCountOnTaskFailure: 1\n  inputs:\n    files: settings.txt\n    tokens: ${inputs}`;
      const ended = await run(steps(['- checkout: self', step('NAME=web'), step('OTHER=1')].join('\n')), {
        files: { 'settings.txt': 'name=@@NAME@@\n' },
        options: { host, tasks: join(repositoryRoot, 'dist', 'extension', 'tasks') },
      });
      const report: unknown = JSON.parse(readFileSync(join(ended.out, 'release-report.json'), 'utf8'));
      checkReport(report);
      assert.deepEqual(
        report.parts.map(({ result }) => result),
        ['succeeded', 'failed'],
        ended.text,
      );
      // The second step was tried twice: the report has the last try, the run what each has left.
      assert.equal(partsOf(ended).length, 3);
      assert.equal(new Set(report.parts.map(({ step: { id } }) => id)).size, 2);
      const pages = readdirSync(ended.out, { recursive: true, encoding: 'utf8' }).filter(
        file => file.endsWith('release-report.html') && !file.startsWith('_work'),
      );
      const where = host === 'build' ? 'artifacts/release-report/' : 'attachments/';
      assert.equal(pages.filter(file => file.startsWith(where)).length, 3, pages.join('\n'));
      assert.ok(pages.includes('release-report.html'));
    });

  it('costs the tasks no library that checks it: they only write', () => {
    const tasks = join(repositoryRoot, 'dist', 'extension', 'tasks');
    for (const name of taskNames()) {
      const folder = join(tasks, name);
      assert.ok(existsSync(join(folder, 'release-report.html')), name);
      for (const file of readdirSync(folder).filter(each => each.endsWith('.cjs')))
        assert.ok(!/ZodError|\$ZodType/.test(readFileSync(join(folder, file), 'utf8')), `${name}/${file}`);
    }
  });
});
