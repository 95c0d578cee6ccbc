/** The release report as it is published: the schema, the kept samples, and what every built task leaves when its inputs are wrong. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { reportSchema } from '../../scripts/reportSchema.js';
import { readManifest, repositoryRoot, taskNames } from '../../scripts/tasks.js';
import { partAttachment, releaseReport } from '../../shared/report/format.js';
import { readPicture } from '../../shared/report/pictures.js';
import { checkPart, checkReport } from '../report/publishedSchema.js';
import { runBundle } from '../tasks/bundleRun.js';

const samples = join(repositoryRoot, 'tests', 'report', 'samples');

describe('the release report as it is published', function () {
  this.timeout(120_000);

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
      const run = await runBundle({ task: name, inputs: {}, directory: repositoryRoot });
      try {
        const attached = run.lines.flatMap(line => {
          const match = /^##vso\[task\.addattachment type=([^;]*);name=([^;]*);\](.*)$/.exec(line);
          return match?.[1] === partAttachment ? (match[3] ?? '') : [];
        });
        assert.equal(attached.length, 1, run.output);
        const part: unknown = JSON.parse(readFileSync(attached[0] ?? '', 'utf8'));
        checkPart(part);
        assert.equal(part.task, name);
        assert.equal(part.result, 'failed');
        assert.ok(run.result.endsWith(part.message.split('\n').at(-1) ?? '?'), part.message);
        const { Major, Minor, Patch } = readManifest(name).version;
        assert.equal(part.taskVersion, [Major, Minor, Patch].join('.'));
      } finally {
        run.close();
      }
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
