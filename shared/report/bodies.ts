/** What each task tells the release report, as schemas that give the types, the check when a report is read, and the published JSON Schema. */
import * as z from 'zod';

const count = z.int().min(0);
/** Milliseconds after the part's `startedAt`. */
const offset = z.number();
const milliseconds = z.number().min(0);
/** Text from outside: shown as text, never as anything else. */
const text = z.string();

/** PackerBakeVmss: the image, what it was made from, and where the time went. */
export const bakeBody = z.object({
  /** Null when nothing came of it. */
  image: z.object({ kind: z.enum(['vhd', 'managed', 'gallery']), id: text, name: text }).nullable(),
  /** Whether an earlier run's image was taken because its inputs were the same. */
  reused: z.boolean(),
  /** The digest of all that the image is made from, null where it cannot be known. */
  digest: text.nullable(),
  template: text,
  /** The image that the bake begins with, null where the template does not tell. */
  base: text.nullable(),
  packer: text,
  /** Parts of the build, in the order of their beginning. */
  phases: z.array(z.object({ build: text, title: text, startedAt: offset, milliseconds })),
});

/** PatchArmImageUri: what changed in which file. */
export const patchBody = z.object({
  image: text.nullable(),
  dryRun: z.boolean(),
  files: z.array(
    z.object({
      path: text,
      /** Secret values are masked. `where` is a path into the document, empty for plain text. */
      changes: z.array(z.object({ line: count, where: text, from: text, to: text })),
    }),
  ),
  /** Changes that are not listed because there are too many. */
  omitted: count,
});

/** One pass over a scale set; instances that never moved have no times. */
export const rollPass = z.object({
  startedAt: offset,
  mostOutOfService: count,
  /** How often the instances were looked at: times are up to one look late. */
  looks: count.optional(),
  /** `canary` marks the first batch of a canary rollout. */
  batches: z.array(z.object({ number: count, asked: offset, canary: z.boolean(), instances: z.array(text) })),
  instances: z.array(
    z.object({
      id: text,
      name: text,
      asked: offset.optional(),
      /** First seen out of service, running the new model, in service on it, no longer there. */
      down: offset.optional(),
      up: offset.optional(),
      healthy: offset.optional(),
      gone: offset.optional(),
      failed: text.optional(),
    }),
  ),
  /** Instances that are not listed because there are too many. */
  omitted: count,
});

/** DeployVmssImage: the roll. */
export const deployBody = z.object({
  scaleSet: text,
  resourceGroup: text,
  strategy: text,
  image: text,
  previousImage: text,
  outcome: z.enum(['succeeded', 'failed', 'rolledBack', 'stopped']),
  endedAt: offset,
  limits: z.object({ batchSize: count, canarySize: count, maxUnhealthy: count }),
  forward: rollPass,
  /** The way back, null where none was gone. */
  back: rollPass.nullable(),
  /** How the site answered meanwhile, null where it was not asked: rows of second, requests, failures, slowest in ms. */
  site: z
    .object({
      url: text,
      sent: count,
      failed: count,
      failures: z.array(text),
      bucketSeconds: z.number().positive(),
      buckets: z.array(z.tuple([z.number(), count, count, milliseconds])),
    })
    .nullable(),
});

/** RunSeleniumSmoke: the tests. */
export const smokeBody = z.object({
  site: text,
  /** By browser; `passed` counts flaky tests, which passed when they were run again. */
  runs: z.array(
    z.object({ browser: text, passed: count, failed: count, skipped: count, flaky: count, milliseconds }),
  ),
  /** Every failed and flaky test first, then the others; `seconds` it took. */
  tests: z.array(
    z.object({
      browser: text,
      suite: text,
      name: text,
      outcome: z.enum(['passed', 'failed', 'flaky', 'skipped']),
      seconds: z.number().min(0),
      message: text,
      detail: text,
      /** The name of a picture among the report's pictures. */
      screenshot: text.optional(),
      /** Errors of the browser's console and its network while the test ran. */
      console: z.array(text),
    }),
  ),
  /** Tests that are not listed because there are too many. */
  omitted: count,
});

const time = z.number().nullable();

/** RunJmeterLoad: figures, course, verdicts. Times of samples are milliseconds, null when there is no sample. */
export const loadBody = z.object({
  plan: text,
  /** Overall figures first, under the label `All samples`. */
  labels: z.array(
    z.object({
      label: text,
      transaction: z.boolean(),
      samples: count,
      errorPercent: z.number(),
      mean: time,
      p50: time,
      p90: time,
      p95: time,
      p99: time,
      max: time,
      throughput: z.number(),
      /** The same label in the run that this one is held against. */
      before: z.object({ p95: time, errorPercent: z.number(), throughput: z.number() }).optional(),
    }),
  ),
  omitted: count,
  /** The course: for each bucket its start after the first sample in seconds, samples and errors a second, percentiles. */
  course: z.object({
    bucketSeconds: z.number().positive(),
    start: z.array(z.number()),
    throughput: z.array(z.number()),
    errors: z.array(z.number()),
    p50: z.array(time),
    p95: z.array(time),
    p99: z.array(time),
    /** The most threads that were active at once in one JMeter, null where nothing was sampled; absent when the results do not say. */
    threads: z.array(count.nullable()).optional(),
  }),
  /** The rules and criteria of the gate, each with what was measured, and the label that it is of alone. */
  criteria: z.array(z.object({ text, passed: z.boolean(), detail: text, label: text.optional() })),
  /** Criteria that are not listed because there are too many; absent when there are none. */
  omittedCriteria: count.optional(),
  errors: z.array(z.object({ kind: z.enum(['assertion', 'response', 'transport']), text, count })),
  /** Sentences about the comparison with the run before. */
  notes: z.array(text),
});

export type BakeBody = z.infer<typeof bakeBody>;
export type PatchBody = z.infer<typeof patchBody>;
export type RollPass = z.infer<typeof rollPass>;
export type DeployBody = z.infer<typeof deployBody>;
export type SmokeBody = z.infer<typeof smokeBody>;
export type LoadBody = z.infer<typeof loadBody>;
