/** The criteria of a load test and the earlier run they are held against: reads both, and judges. */
import { resolve } from 'node:path';
import type { Agent } from '../../../shared/agent/agent.js';
import { UserError, describe } from '../../../shared/core/errors.js';
import { listOf, singleLine } from '../../../shared/core/text.js';
import { compareRuns } from './baseline/compareRuns.js';
import { readBaseline, type Baseline } from './baseline/readBaseline.js';
import type { Criterion } from './criteria/criterion.js';
import {
  judgeCriteria,
  selectLabels,
  type Comparison,
  type CriterionOutcome,
} from './criteria/judgeCriteria.js';
import { grammar, parseCriteria } from './criteria/parseCriteria.js';
import type { ErrorKind } from './analysis/statistics.js';
import { findLastRun, type LastRunWish, type MissingBaseline } from './lastRun/lastSuccessful.js';
import type { LoadSummary } from './loadSummary.js';
import { poolLabels, type Block, type Timeline } from './timeline/timeline.js';

/** The inputs this is about. */
export interface GateInput {
  readonly criteria: string | undefined;
  readonly baseline: string;
  readonly baselineFile: string | undefined;
  readonly baselineBranch: string | undefined;
  readonly baselineArtifact: string | undefined;
  readonly baselineRequired: boolean;
}

/** What a run is held against. */
export interface Gates {
  readonly criteria: readonly Criterion[];
  /** Undefined when none is asked for, or when there is none yet. */
  readonly baseline: Baseline | undefined;
  /** Why there is none where one is asked for. */
  readonly missing: MissingBaseline | undefined;
  /** Which earlier run of this pipeline is the baseline; undefined when none of them is. */
  readonly lastRun: LastRunWish | undefined;
  /** Whether it is a failure when nothing can be compared. */
  readonly required: boolean;
}

/** Reads them; what is wrong is added to the problems. */
export function readGates(input: GateInput, agent: Agent, problems: string[]): Gates {
  const { criteria, problems: mistakes } = parseCriteria(input.criteria ?? '');
  if (mistakes.length > 0) problems.push(`'criteria' cannot be read:\n${mistakes.join('\n')}\n${grammar}`);
  const compared = criteria.some(({ limit }) => !('value' in limit));
  if (input.criteria !== undefined && criteria.length === 0 && mistakes.length === 0)
    problems.push(
      "'criteria' holds comments and nothing to keep to: begin lines with |, not >, in YAML, or leave it out.",
    );
  const required = input.baselineRequired;
  const none = { criteria, baseline: undefined, missing: undefined, lastRun: undefined, required };
  if (input.baseline === 'none') {
    if (compared)
      problems.push(
        "'criteria' names a baseline, but 'baseline' is none. Say lastSuccessful, or file and give 'baselineFile'.",
      );
    return none;
  }
  if (!compared && mistakes.length === 0)
    problems.push(
      `'baseline' is ${input.baseline}, but no line of 'criteria' compares with it. Add one such as: p95(response_time) <= baseline + 10%`,
    );
  if (input.baseline === 'lastSuccessful') {
    if (agent.variable('System.HostType') === 'release')
      problems.push(
        "'baseline' is lastSuccessful, but this is a classic release: its runs keep no artifacts. Use a YAML pipeline, or 'baseline: file' with a summary that the release downloads.",
      );
    return { ...none, lastRun: readLastRun(input, agent) };
  }
  if (input.baselineFile === undefined) {
    problems.push("'baseline' is file, so 'baselineFile' must name the summary of an earlier run.");
    return none;
  }
  const path = resolve(agent.workingDirectory, input.baselineFile);
  try {
    const baseline = readBaseline(path);
    if (baseline === undefined && required)
      problems.push(`'baselineFile': there is no baseline in ${path}, and 'baselineRequired' is true.`);
    if (baseline !== undefined) return { ...none, baseline };
    const next = "Keep this run's summary file there to compare the next run with it.";
    return { ...none, missing: { why: `there is no baseline yet in ${path}`, next } };
  } catch (error) {
    problems.push(`'baselineFile': ${describe(error)}`);
    return none;
  }
}

function readLastRun(input: GateInput, agent: Agent): LastRunWish {
  const branch =
    input.baselineBranch ??
    agent.variable('System.PullRequest.TargetBranch') ??
    agent.variable('Build.SourceBranch') ??
    'main';
  return {
    branch: branch.startsWith('refs/') ? branch : `refs/heads/${branch}`,
    artifact: input.baselineArtifact ?? 'load-baseline',
  };
}

/**
 * Brings the baseline that an earlier run of this pipeline left, where one is asked for.
 * @throws UserError when there is none and it is required
 */
export async function withLastRun(gates: Gates, required: boolean, agent: Agent): Promise<Gates> {
  if (gates.lastRun === undefined) return gates;
  const found = await findLastRun(gates.lastRun, agent);
  if (!('why' in found)) return { ...gates, baseline: found };
  if (required)
    throw new UserError(`There is no baseline, and 'baselineRequired' is true: ${found.why}. ${found.next}`);
  return { ...gates, missing: found };
}

/**
 * Judges a run by its criteria.
 * @param countedErrors the kinds that count unless a criterion names one
 * @param unlisted samples of labels that were too many to be told apart
 */
export function judgeGates(
  { criteria, baseline, missing, required }: Gates,
  timeline: Timeline | undefined,
  countedErrors: readonly ErrorKind[],
  unlisted = 0,
): CriterionOutcome[] {
  const compare = (criterion: Criterion, label: string | undefined, blocks: readonly Block[]): Comparison => {
    if (baseline === undefined)
      return {
        value: undefined,
        passed: true,
        detail: `not compared: ${missing?.why ?? ''}`,
      };
    const earlier = earlierBlocks(criterion, label, baseline.timeline);
    if (earlier.length === 0)
      return {
        value: undefined,
        passed: true,
        detail: 'not compared: the baseline has no such label',
        nothingBefore: true,
      };
    const now = { blocks, blockMilliseconds: timeline?.blockMilliseconds ?? 1000 };
    const before = { blocks: earlier, blockMilliseconds: baseline.timeline.blockMilliseconds };
    return compareRuns(criterion, now, before, countedErrors);
  };
  const outcomes = judgeCriteria(criteria, timeline, { countedErrors, unlisted, compare });
  return required ? withComparison(outcomes) : outcomes;
}

/** A single new label is compared from the next run on; where not one could be compared there might as well be no baseline. */
function withComparison(outcomes: CriterionOutcome[]): CriterionOutcome[] {
  const compared = outcomes.filter(({ criterion }) => !('value' in criterion.limit));
  if (!compared.every(({ nothingBefore }) => nothingBefore)) return outcomes;
  return outcomes.map(each =>
    each.nothingBefore === true
      ? { ...each, passed: false, detail: `${each.detail}; 'baselineRequired' is true` }
      : each,
  );
}

function earlierBlocks(
  { selection }: Criterion,
  label: string | undefined,
  { labels }: Timeline,
): readonly Block[] {
  if (selection === undefined) return poolLabels(labels.filter(({ transaction }) => !transaction));
  const meant = selection.each && label !== undefined ? { label, each: false } : selection;
  return poolLabels(selectLabels(meant, labels));
}

/** What a reader should know of the comparison: that there was none, that plan or labels are others. */
export function baselineNotes({ baseline, missing }: Gates, summary: LoadSummary): string[] {
  if (missing !== undefined)
    return [
      `${missing.why.charAt(0).toUpperCase()}${missing.why.slice(1)}: criteria with a baseline are not held. ${missing.next}`,
    ];
  if (baseline === undefined) return [];
  const notes = [`Compared with the run of ${singleLine(baseline.startTime, 40)} (${baseline.file}).`];
  if (baseline.planDigest !== summary.planDigest)
    notes.push(
      `The baseline was made by another test plan (${singleLine(baseline.testPlan)}), or the plan has changed since: look at both before trusting the comparison.`,
    );
  const now = new Set(summary.labels.map(({ label }) => label));
  const before = new Set(baseline.timeline.labels.map(({ label }) => label));
  const gone = [...before].filter(label => !now.has(label));
  const added = [...now].filter(label => !before.has(label));
  if (gone.length > 0) notes.push(`Only the baseline has ${namesOf(gone)}.`);
  if (added.length > 0) notes.push(`The baseline does not have ${namesOf(added)}.`);
  return notes;
}

function namesOf(labels: readonly string[]): string {
  const shown = labels.slice(0, 5).map(label => `"${singleLine(label, 60)}"`);
  return listOf(labels.length > 5 ? [...shown, `${labels.length - 5} more labels`] : shown);
}
