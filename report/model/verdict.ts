/** The verdict in one line with its reason, and what the scale sets serve now. */
import type { BodyOf, ReleaseReport, ReportPart } from '../../shared/report/format.js';
import { listOf, plural } from '../../shared/core/text.js';
import { shortenIds } from './shownText.js';
import { stagesOf, type Step } from './stages.js';

export interface Verdict {
  readonly kind: 'passed' | 'failed' | 'canceled' | 'running' | 'empty';
  /** `Failed`. */
  readonly word: string;
  /** The step that decided, where one did. */
  readonly step: Step | undefined;
  /** The first line: what happened. */
  readonly headline: string;
  /** What the deciding step said beyond that. */
  readonly more: string;
  /** What serves now, a sentence for each scale set; only where it is not as hoped. */
  readonly standing: readonly string[];
  /** Other steps that failed or were cancelled. */
  readonly others: readonly Step[];
  readonly warnings: number;
}

/** @param running whether steps are still to come */
export function verdictOf(report: ReleaseReport, running: boolean): Verdict {
  const stages = stagesOf(report);
  const steps = stages.flatMap(stage => stage.steps);
  const warnings = steps.reduce((sum, { part }) => sum + part.warnings.length, 0);
  const ended = steps
    .filter(({ part }) => part.result !== 'succeeded')
    // A cancelled step often only follows from a failed one beside it.
    .toSorted((one, other) => rank(one) - rank(other));
  const [decided, ...others] = ended;
  if (decided !== undefined) {
    const failed = decided.part.result === 'failed';
    const [headline, more] = cutFirstLine(decided.part.message);
    return {
      kind: failed ? 'failed' : 'canceled',
      word: failed ? 'Failed' : 'Cancelled',
      step: decided,
      headline: headline === '' ? 'The step gave no reason; its log does.' : headline,
      more,
      standing: standingOf(steps, decided),
      others,
      warnings,
    };
  }
  const plain = { step: undefined, more: '', standing: [], others: [], warnings };
  if (running) {
    const last = steps.at(-1);
    const headline =
      last === undefined
        ? 'No step has ended yet.'
        : `${plural(steps.length, 'step')} passed so far, ${last.part.step.displayName} last.`;
    return { ...plain, kind: 'running', word: 'Running', headline };
  }
  if (steps.length === 0) {
    return {
      ...plain,
      kind: 'empty',
      word: 'Nothing to report',
      headline: 'No step of this run left a part of a report.',
    };
  }
  return { ...plain, kind: 'passed', word: 'Passed', headline: achieved(steps) };
}

/** The last segment of an image's id or address. */
export function imageName(image: string): string {
  const segments = image.split('/').filter(segment => segment !== '');
  const last = segments.at(-1) ?? image;
  // A version of a gallery says little without its definition.
  return segments.at(-2)?.toLowerCase() === 'versions' ? `${segments.at(-3) ?? ''} ${last}` : last;
}

/** How many instances run the image that the roll was for. */
export function onNewImage(body: BodyOf<'DeployVmssImage'>): number {
  const back = new Set(
    body.back?.instances.filter(({ healthy }) => healthy !== undefined).map(({ id }) => id),
  );
  return body.forward.instances.filter(
    ({ id, healthy, failed, gone }) =>
      healthy !== undefined && failed === undefined && gone === undefined && !back.has(id),
  ).length;
}

function achieved(steps: readonly Step[]): string {
  const said: string[] = [];
  for (const deploy of bodiesOf(steps, 'DeployVmssImage')) {
    const count = onNewImage(deploy) + deploy.forward.omitted;
    said.push(`${imageName(deploy.image)} serves on ${plural(count, 'instance')} of ${deploy.scaleSet}`);
  }
  if (said.length === 0)
    for (const { image, reused } of bodiesOf(steps, 'PackerBakeVmss'))
      if (image !== null)
        said.push(`${image.name} ${reused ? 'was taken from an earlier run' : 'was baked'}`);
  const gates: string[] = [];
  const tests = bodiesOf(steps, 'RunSeleniumSmoke').flatMap(({ runs }) => runs);
  const passed = tests.reduce((sum, run) => sum + run.passed, 0);
  if (passed > 0) gates.push(plural(passed, 'smoke test'));
  const criteria = bodiesOf(steps, 'RunJmeterLoad').flatMap(body => body.criteria);
  const held = criteria.filter(criterion => criterion.passed).length;
  if (held > 0) gates.push(plural(held, 'load criterion', 'load criteria'));
  if (gates.length > 0) said.push(`${listOf(gates)} passed`);
  return said.length === 0 ? `${plural(steps.length, 'step')} passed.` : `${said.join('; ')}.`;
}

function standingOf(steps: readonly Step[], decided: Step): string[] {
  const parts = steps.map(({ part }) => part).filter(part => part.task === 'DeployVmssImage');
  // A gate without a rollout before it may be of what something else has deployed.
  const early = decided.part.task === 'PackerBakeVmss' || decided.part.task === 'PatchArmImageUri';
  if (parts.length === 0) return early ? ['No scale set was touched: the run ended before a rollout.'] : [];
  return parts.flatMap(({ body }) => (body === null ? [] : [standing(body)]));
}

function standing(body: BodyOf<'DeployVmssImage'>): string {
  const { scaleSet, outcome } = body;
  const image = imageName(body.image);
  const previous = body.previousImage === '' ? 'the image before' : imageName(body.previousImage);
  const on = onNewImage(body);
  const all = body.forward.instances.length + body.forward.omitted;
  switch (outcome) {
    case 'succeeded':
      return `${scaleSet} serves the new image, ${image}.`;
    case 'rolledBack':
      return on === 0
        ? `${scaleSet} is back on ${previous}; the new image serves nobody.`
        : `${scaleSet} went back to ${previous}, but ${plural(on, 'instance')} still on ${image}.`;
    case 'failed':
    case 'stopped':
      return on === 0
        ? `${scaleSet}: none of ${plural(all, 'instance')} is in service on ${image}.`
        : `${scaleSet} is between two images: ${on} of ${plural(all, 'instance')} on ${image}, the others not.`;
  }
}

function bodiesOf<Task extends ReportPart['task']>(steps: readonly Step[], task: Task): BodyOf<Task>[] {
  return steps.flatMap(({ part }) =>
    part.task === task && part.body !== null ? [part.body as BodyOf<Task>] : [],
  );
}

function rank({ part }: Step): number {
  return part.result === 'failed' ? 0 : 1;
}

/** The lines without the indentation that all of them have. */
function withoutMargin(lines: readonly string[]): string {
  const told = lines.filter(line => line.trim() !== '');
  const margin = Math.min(...told.map(line => line.search(/\S/)));
  return lines
    .map(line => line.slice(margin))
    .join('\n')
    .replace(/^\n+|\s+$/g, '');
}

const mostOfHeadline = 220;

function cutFirstLine(message: string): [string, string] {
  const text = message.trim();
  const [first = '', ...rest] = text.split('\n');
  const line = shortenIds(first);
  if (line.length <= mostOfHeadline) return [line, shortenIds(withoutMargin(rest))];
  const sentence = /^.{20,220}?[.:;](?=\s)/.exec(line)?.[0];
  const head = sentence ?? `${line.slice(0, mostOfHeadline - 1)}…`;
  return [head, shortenIds(text)];
}
