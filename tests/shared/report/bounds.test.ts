import assert from 'node:assert/strict';
import fc from 'fast-check';
import { boundContent, cutText, longestText } from '../../../shared/report/bounds.js';
import type { ReportContent } from '../../../shared/report/content.js';
import { reportPart, type BodyOf } from '../../../shared/report/format.js';
import type { TaskName } from '../../../shared/report/names.js';
import { makePart } from '../../../shared/report/part.js';

const half = /[\ud800-\udbff](?![\udc00-\udfff])/;
const asIs = (text: string) => text;
const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, at) => make(at));
const long = 'ä'.repeat(5000);

/** A body in which everything is as many and as long as nobody would have it. */
const oversized: { readonly [Task in TaskName]: (count: number, text: string) => BodyOf<Task> } = {
  PackerBakeVmss: (count, text) => ({
    image: { kind: 'managed', id: text, name: text },
    reused: false,
    digest: text,
    template: text,
    base: text,
    packer: text,
    phases: list(count, at => ({ build: text, title: text, startedAt: at, milliseconds: at })),
  }),
  PatchArmImageUri: (count, text) => ({
    image: text,
    dryRun: false,
    files: list(count, () => ({
      path: text,
      changes: list(3, line => ({ line, where: text, from: text, to: text })),
    })),
    omitted: 1,
  }),
  DeployVmssImage: (count, text) => {
    const pass = {
      startedAt: 0,
      mostOutOfService: count,
      batches: list(count, number => ({ number, asked: number, canary: false, instances: [`i${number}`] })),
      instances: list(count, at => ({
        id: `i${at}`,
        name: text,
        asked: 1_000_000 + at,
        down: 1_000_000 + at,
        up: 1_000_000 + at,
        healthy: 1_000_000 + at,
        ...(at > count - 20 ? { failed: text } : {}),
      })),
      omitted: 0,
    };
    return {
      scaleSet: text,
      resourceGroup: text,
      strategy: text,
      image: text,
      previousImage: text,
      outcome: 'rolledBack',
      endedAt: 1,
      limits: { batchSize: 1, canarySize: 1, maxUnhealthy: 1 },
      forward: pass,
      back: pass,
      site: {
        url: text,
        sent: 1,
        failed: 1,
        failures: list(count, () => text),
        bucketSeconds: 1,
        buckets: list(count, at => [at, 1, 1, 1.5]),
      },
    };
  },
  RunSeleniumSmoke: (count, text) => ({
    site: text,
    runs: list(30, () => ({ browser: text, passed: 1, failed: 1, skipped: 0, flaky: 0, milliseconds: 1 })),
    tests: list(count, at => ({
      browser: text,
      suite: text,
      name: `${at} ${text}`,
      outcome: 'failed' as const,
      seconds: 1,
      message: text,
      detail: text,
      console: list(50, () => text),
    })),
    omitted: 0,
  }),
  RunJmeterLoad: (count, text) => ({
    plan: text,
    labels: list(count, at => ({
      label: `${at} ${text}`,
      transaction: false,
      samples: 1,
      errorPercent: 1,
      mean: 1,
      p50: 1,
      p90: 1,
      p95: 1,
      p99: 1,
      max: null,
      throughput: 1,
      before: { p95: 1, errorPercent: 1, throughput: 1 },
    })),
    omitted: 0,
    course: {
      bucketSeconds: 1,
      start: list(300, asIs => asIs),
      throughput: list(300, () => 1),
      errors: list(300, () => 1),
      p50: list(300, () => null),
      p95: list(300, () => 1),
      p99: list(300, () => 1),
      threads: list(300, () => 1_000_000),
    },
    criteria: list(count, at => ({ text, passed: at % 100 !== 99, detail: text })),
    errors: list(count, () => ({ kind: 'response' as const, text, count: 1 })),
    notes: list(count, () => text),
  }),
};
const contents = (count: number, text: string) =>
  Object.entries(oversized).map(([task, body]) => ({ task, body: body(count, text) }) as ReportContent);

function part(content: ReportContent, mask = asIs) {
  const ended = {
    task: { name: content.task, version: '1.0.0' },
    startedAt: 0,
    finishedAt: 1,
    result: 'failed' as const,
    message: long,
    warnings: list(50, () => long),
    content,
  };
  return makePart(ended, new Map(), () => long, mask);
}

describe("the bounds of a release report's parts", function () {
  this.timeout(60_000);

  it('five parts of everything at its worst are below a megabyte together, and in the format', () => {
    for (const text of ['x', 'name of usual length', long]) {
      const parts = contents(5000, text).map(content => part(content));
      for (const each of parts) assert.ok(reportPart.parse(each).body !== null);
      const size = Buffer.byteLength(JSON.stringify(parts));
      assert.ok(size < 1_000_000, `${size} bytes`);
    }
  });

  it('leave what is small as it is', () => {
    for (const content of contents(5, 'text')) {
      const { body } = boundContent(content, asIs);
      const trimmed = content.task === 'RunSeleniumSmoke' ? undefined : content.body;
      if (trimmed !== undefined) assert.deepEqual(body, trimmed);
    }
  });

  it('count what is left out, and keep what failed', () => {
    const [, patch, deploy, smoke, load] = contents(2000, 'x').map(content => boundContent(content, asIs));
    assert.ok(patch?.task === 'PatchArmImageUri');
    assert.equal(patch.body.omitted, 1 + 6000 - 200);
    assert.ok(deploy?.task === 'DeployVmssImage');
    const { instances, omitted, batches } = deploy.body.forward;
    assert.equal(omitted, 1000);
    assert.equal(instances.length, 1000);
    assert.equal(instances.filter(({ failed }) => failed !== undefined).length, 19, 'the last of 2000');
    const known = new Set(instances.map(({ id }) => id));
    assert.ok(batches.every(batch => batch.instances.every(id => known.has(id))));
    assert.ok(smoke?.task === 'RunSeleniumSmoke');
    assert.equal(smoke.body.tests.length + smoke.body.omitted, 2000);
    assert.ok(load?.task === 'RunJmeterLoad');
    assert.equal(load.body.labels.length, 200);
    assert.equal(load.body.omitted, 1800);
    assert.equal(load.body.criteria.filter(({ passed }) => !passed).length, 20);
    assert.equal(load.body.omittedCriteria, 1800);
  });

  it('mask every text before it is cut: no piece of a secret is left', () => {
    const secret = 'S3cret-'.repeat(30);
    const mask = (text: string) => text.replaceAll(secret, '***');
    for (const content of contents(300, `${'.'.repeat(longestText - 100)}${secret}`))
      assert.ok(!JSON.stringify(part(content, mask)).includes('S3cret'), content.task);
  });

  it('hold for any text: no half character, no control character, names of properties untouched', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 4000 }), fc.nat(300), (text, limit) => {
        const cut = cutText(text, limit + 2);
        assert.ok(cut.length <= limit + 2);
        assert.ok(half.test(text) || !half.test(cut));
        const content = contents(1, `\u001b[31m${text}\u0000`)[1]!;
        const bounded = boundContent(content, asIs);
        assert.deepEqual(Object.keys(bounded.body), Object.keys(content.body));
        assert.doesNotMatch(JSON.stringify(bounded), /\\u00(0[0-8]|1[0-9a-f]|7f)/);
      }),
    );
  });
});
