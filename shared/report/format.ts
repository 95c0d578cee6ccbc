/** The release report's data format: `release-report.json`, and the part of it that every step leaves as an attachment. */
import * as z from 'zod';
import { bakeBody, deployBody, loadBody, patchBody, smokeBody } from './bodies.js';
import { reportVersion } from './names.js';

export { partAttachment, partName, pictureAttachment, reportVersion } from './names.js';

const text = z.string();
const moment = z.iso.datetime();

/** The frame around it: which step this was, when, and how it ended. */
const frame = z.object({
  schemaVersion: z.literal(reportVersion),
  taskVersion: text,
  step: z.object({
    /** The step's own id within its run and attempt. */
    id: text,
    displayName: text,
    stage: text,
    job: text,
    /** From 1: the stage's attempt, and the job's within it. */
    stageAttempt: z.int().min(1),
    jobAttempt: z.int().min(1),
  }),
  startedAt: moment,
  finishedAt: moment,
  result: z.enum(['succeeded', 'failed', 'canceled']),
  /** The sentence that the step ended with: what was done, or what is wrong, where, and what to do. */
  message: text,
  /** Warnings of the step, the first few. */
  warnings: z.array(text),
});

/** A part, as one step leaves it: `body` is what its task tells, null when it ended before it knew anything. */
export const reportPart = z.discriminatedUnion('task', [
  frame.extend({ task: z.literal('PackerBakeVmss'), body: bakeBody.nullable() }),
  frame.extend({ task: z.literal('PatchArmImageUri'), body: patchBody.nullable() }),
  frame.extend({ task: z.literal('DeployVmssImage'), body: deployBody.nullable() }),
  frame.extend({ task: z.literal('RunSeleniumSmoke'), body: smokeBody.nullable() }),
  frame.extend({ task: z.literal('RunJmeterLoad'), body: loadBody.nullable() }),
]);

/** The run that the parts are of. */
export const reportRun = z.object({
  pipeline: text,
  number: text,
  /** The run's page, null for a run on one machine. */
  url: text.nullable(),
  commit: text.nullable(),
  branch: text.nullable(),
  repository: text.nullable(),
});

/** A whole report. */
export const releaseReport = z.object({
  schemaVersion: z.literal(reportVersion),
  run: reportRun,
  /** In the order of their beginning. */
  parts: z.array(reportPart),
  /** The last run of the same pipeline that passed: how long its steps took, by task and stage. Null when there is none. */
  previous: z
    .object({
      number: text,
      steps: z.array(z.object({ task: text, stage: text, milliseconds: z.number().min(0) })),
    })
    .nullable(),
});

export type ReportPart = z.infer<typeof reportPart>;
export type ReportRun = z.infer<typeof reportRun>;
export type ReleaseReport = z.infer<typeof releaseReport>;
/** Pictures by their names, each a `data:` or `blob:` address. */
export type ReportPictures = ReadonlyMap<string, string>;

/** The body that a task tells. */
export type BodyOf<Task extends ReportPart['task']> = NonNullable<
  Extract<ReportPart, { task: Task }>['body']
>;
