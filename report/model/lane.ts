/** The lane from commit to verdict: what each step took, beside what it took in the run before. */
import { formatDuration } from '../../shared/core/duration.js';
import { formatDifference } from './figures.js';
import type { Stage, Step } from './stages.js';

export interface Station {
  readonly step: Step;
  readonly duration: string;
  /** Parts of the longest bar, 0 to 1. */
  readonly share: number;
  readonly shareBefore: number | undefined;
  /** `+2.1 s`; undefined where there is nothing to compare with, or the step did not get to its end. */
  readonly difference: string | undefined;
  /** Slower by so much that it is worth a look: a quarter, and ten seconds. */
  readonly slower: boolean;
}

export interface Lane {
  readonly stages: readonly {
    readonly name: string;
    readonly attempt: number;
    readonly stations: readonly Station[];
  }[];
  /** From the first step's beginning to the last one's end; undefined without a step. */
  readonly elapsed: string | undefined;
  /** The difference of all steps together, where all have something to compare with. */
  readonly difference: string | undefined;
}

export function laneOf(stages: readonly Stage[]): Lane {
  const steps = stages.flatMap(stage => stage.steps);
  const longest = Math.max(1, ...steps.map(step => Math.max(step.milliseconds, step.before ?? 0)));
  const starts = steps.map(({ part }) => Date.parse(part.startedAt));
  const ends = steps.map(({ part }) => Date.parse(part.finishedAt));
  const comparable = steps.every(step => step.before !== undefined && step.part.result === 'succeeded');
  const gained = steps.reduce((sum, step) => sum + step.milliseconds - (step.before ?? 0), 0);
  return {
    stages: stages.map(({ name, steps: ofStage }) => ({
      name,
      attempt: Math.max(1, ...ofStage.map(({ part }) => part.step.stageAttempt)),
      stations: ofStage.map(step => stationOf(step, longest)),
    })),
    elapsed: steps.length === 0 ? undefined : formatDuration(Math.max(...ends) - Math.min(...starts)),
    difference: steps.length > 0 && comparable ? formatDifference(gained) : undefined,
  };
}

function stationOf(step: Step, longest: number): Station {
  const { milliseconds, before, part } = step;
  const more = before === undefined || part.result !== 'succeeded' ? undefined : milliseconds - before;
  return {
    step,
    duration: formatDuration(milliseconds),
    share: milliseconds / longest,
    shareBefore: before === undefined ? undefined : before / longest,
    difference: more === undefined ? undefined : formatDifference(more),
    slower: more !== undefined && before !== undefined && more >= 10_000 && more >= before / 4,
  };
}
