/** The release as stages of steps: which attempt of each counts, which came before it, and how long the run before took. */
import type { ReleaseReport, ReportPart } from '../../shared/report/format.js';

/** A step of the attempt that counts. */
export interface Step {
  /** Unique on the page, and the same when the report is drawn anew. */
  readonly key: string;
  readonly part: ReportPart;
  readonly milliseconds: number;
  /** How long it took in the run before, where that is known. */
  readonly before: number | undefined;
}

/** An attempt of a job that a later one has taken the place of. */
export interface EarlierAttempt {
  readonly key: string;
  readonly job: string;
  readonly stageAttempt: number;
  readonly jobAttempt: number;
  readonly steps: readonly Step[];
}

export interface Stage {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Latest first. */
  readonly earlier: readonly EarlierAttempt[];
}

/** Stages in the order in which they began. Of each job the last attempt counts. */
export function stagesOf(report: ReleaseReport): Stage[] {
  const before = new Map<string, number[]>();
  for (const { task, stage, milliseconds } of report.previous?.steps ?? []) {
    const key = `${task}\n${stage}`;
    before.set(key, [...(before.get(key) ?? []), milliseconds]);
  }
  const inOrder = report.parts.toSorted((one, other) => began(one) - began(other));
  return groups(inOrder, part => part.step.stage).map(([name, parts]) => {
    const attempts = groups(parts, part => part.step.job).map(([, ofJob]) =>
      groups(ofJob, ({ step }) => `${step.stageAttempt}.${step.jobAttempt}`)
        .map(([, ofAttempt]) => ofAttempt)
        .toSorted((one, other) => attemptOf(other) - attemptOf(one)),
    );
    const counting = attempts
      .flatMap(([last = []]) => last)
      .toSorted((one, other) => began(one) - began(other));
    const taken = new Map<string, number>();
    return {
      name,
      steps: counting.map(part => {
        const key = `${part.task}\n${name}`;
        const at = taken.get(key) ?? 0;
        taken.set(key, at + 1);
        return stepOf(part, before.get(key)?.[at]);
      }),
      earlier: attempts
        .flatMap(([, ...rest]) => rest)
        .flatMap(ofAttempt => {
          const [first] = ofAttempt;
          if (first === undefined) return [];
          const { job, stageAttempt, jobAttempt } = first.step;
          const key = `${name}/${job}/${stageAttempt}.${jobAttempt}`;
          return [{ key, job, stageAttempt, jobAttempt, steps: ofAttempt.map(part => stepOf(part)) }];
        }),
    };
  });
}

/** How long a part took, in milliseconds. */
export function durationOf(part: Pick<ReportPart, 'startedAt' | 'finishedAt'>): number {
  return Math.max(0, Date.parse(part.finishedAt) - Date.parse(part.startedAt));
}

function stepOf(part: ReportPart, before?: number): Step {
  const { step, task } = part;
  const key = [step.stage, step.job, step.stageAttempt, step.jobAttempt, task, step.id].join('/');
  return { key, part, milliseconds: durationOf(part), before };
}

function began(part: ReportPart): number {
  return Date.parse(part.startedAt);
}

function attemptOf(parts: readonly ReportPart[]): number {
  const step = parts[0]?.step;
  return step === undefined ? 0 : step.stageAttempt * 1e6 + step.jobAttempt;
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): [string, Item[]][] {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = found.get(key);
    if (group === undefined) found.set(key, [item]);
    else group.push(item);
  }
  return [...found];
}
