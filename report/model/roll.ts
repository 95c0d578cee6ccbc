/** A roll as a picture: for each instance which state it was in from when to when, there and, where one was gone, back. */
import type { DeployBody, RollPass } from '../../shared/report/bodies.js';

/**
 * `old` in service on the image before, `asked` told to move, `out` out of service, `starting` on the other image but not
 * in service, `new` in service on the new image, `failed` will not get there, `gone` no longer there.
 */
export type RollState = 'old' | 'asked' | 'out' | 'starting' | 'new' | 'failed' | 'gone';

export const rollStates: readonly RollState[] = ['old', 'asked', 'out', 'starting', 'new', 'failed', 'gone'];

/** Times in milliseconds after the roll's beginning. */
export interface Segment {
  readonly state: RollState;
  readonly from: number;
  readonly to: number;
}

export interface RollRow {
  readonly id: string;
  readonly name: string;
  readonly canary: boolean;
  /** Without a gap from 0 to the end. */
  readonly segments: readonly Segment[];
  /** What it was last seen as, be it in the last moment. */
  readonly end: RollState;
  readonly failed: string | undefined;
  readonly asked: number | undefined;
  /** When it was in service on the new image, and back on the one before. */
  readonly healthy: number | undefined;
  readonly backAt: number | undefined;
  /** For how long it was out of service, both ways together. */
  readonly away: number;
}

export interface BatchMark {
  readonly at: number;
  readonly number: number;
  readonly canary: boolean;
  readonly back: boolean;
  readonly count: number;
}

export interface Roll {
  /** Milliseconds from the first move to the end. */
  readonly length: number;
  /** In the order in which they were moved. */
  readonly rows: readonly RollRow[];
  readonly batches: readonly BatchMark[];
  /** When the way back began, undefined where none was gone. */
  readonly backAt: number | undefined;
  readonly omitted: number;
}

export function rollOf(body: DeployBody): Roll {
  const { forward, back } = body;
  const zero = forward.startedAt;
  const length = Math.max(1, body.endedAt - zero, (back?.startedAt ?? 0) - zero);
  const canaries = new Set(
    forward.batches.filter(({ canary }) => canary).flatMap(({ instances }) => instances),
  );
  const returning = new Map(back?.instances.map(instance => [instance.id, instance]));
  const backAt = back === null ? undefined : Math.max(0, back.startedAt - zero);
  const there = forward.instances.map(instance =>
    rowOf(instance, returning.get(instance.id), { zero, length, backAt, canary: canaries.has(instance.id) }),
  );
  const known = new Set(forward.instances.map(({ id }) => id));
  const only = (back?.instances ?? []).filter(({ id }) => !known.has(id));
  const rows = [
    ...there,
    ...only.map(instance =>
      rowOf({ id: instance.id, name: instance.name }, instance, { zero, length, backAt, canary: false }),
    ),
  ];
  return {
    length,
    rows: rows
      .map((row, at) => ({ row, at, begins: row.segments[0]?.to ?? length }))
      .toSorted((one, other) => one.begins - other.begins || one.at - other.at)
      .map(({ row }) => row),
    batches: [...marksOf(forward, zero, false), ...(back === null ? [] : marksOf(back, zero, true))],
    backAt,
    omitted: Math.max(forward.omitted, back?.omitted ?? 0),
  };
}

/** What is said of the roll where it cannot be seen. */
export interface RollCounts {
  readonly instances: number;
  readonly reached: number;
  readonly failed: number;
  readonly untouched: number;
  readonly backOnOld: number;
}

export function countRoll(roll: Roll): RollCounts {
  return {
    instances: roll.rows.length + roll.omitted,
    reached: roll.rows.filter(row => row.end === 'new').length,
    failed: roll.rows.filter(row => row.failed !== undefined).length,
    untouched: roll.rows.filter(isUntouched).length,
    backOnOld: roll.rows.filter(row => row.backAt !== undefined && !isUntouched(row)).length,
  };
}

/** A line of the picture: one instance, or several where there are more than lines. */
export interface RollLine {
  readonly rows: readonly RollRow[];
  readonly segments: readonly Segment[];
}

/** At most `most` lines. A line of several instances shows at every moment the least welcome state of them. */
export function linesOf(rows: readonly RollRow[], most: number): RollLine[] {
  const each = Math.max(1, Math.ceil(rows.length / most));
  const lines: RollLine[] = [];
  for (let at = 0; at < rows.length; at += each) {
    const members = rows.slice(at, at + each);
    lines.push({ rows: members, segments: each === 1 ? (members[0]?.segments ?? []) : worst(members) });
  }
  return lines;
}

function isUntouched({ segments }: RollRow): boolean {
  return segments.length === 1 && segments[0]?.state === 'old';
}

/** What all names begin with, up to a separator: where there is little room, the rest tells them apart. */
export function sharedPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names;
  let length = others.length === 0 ? 0 : first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return /^.*[-_]/.exec(first.slice(0, length))?.[0] ?? '';
}

/** A path for each state in a box of 1 by 1. @param gap between lines, as a part of a line */
export function rollPaths(lines: readonly RollLine[], length: number, gap: number): Map<RollState, string> {
  const paths = new Map<RollState, string>();
  const round = (share: number) => Math.round(share * 1e5) / 1e5;
  const high = round((1 - gap) / lines.length);
  for (const [at, line] of lines.entries()) {
    for (const { state, from, to } of line.segments) {
      if (state === 'gone') continue;
      const wide = round((to - from) / length);
      const path = `M${round(from / length)} ${round(at / lines.length)}h${wide}v${high}h${-wide}z`;
      paths.set(state, `${paths.get(state) ?? ''}${path}`);
    }
  }
  return paths;
}

const welcome: readonly RollState[] = ['failed', 'out', 'starting', 'gone', 'asked', 'old', 'new'];

function worst(rows: readonly RollRow[]): Segment[] {
  const moments = [
    ...new Set(rows.flatMap(row => row.segments.flatMap(({ from, to }) => [from, to]))),
  ].toSorted((one, other) => one - other);
  const found: Segment[] = [];
  for (const [at, from] of moments.entries()) {
    const to = moments[at + 1];
    if (to === undefined) break;
    const states = rows.map(
      row => row.segments.find(segment => segment.from <= from && from < segment.to)?.state,
    );
    const state = welcome.find(candidate => states.includes(candidate)) ?? 'old';
    extend(found, state, from, to);
  }
  return found;
}

type Instance = RollPass['instances'][number];

interface Frame {
  readonly zero: number;
  readonly length: number;
  readonly backAt: number | undefined;
  readonly canary: boolean;
}

function rowOf(there: Instance, back: Instance | undefined, frame: Frame): RollRow {
  const { zero, length, backAt, canary } = frame;
  const segments: Segment[] = [];
  let end = pass(segments, there, { zero, from: 0, to: backAt ?? length, begins: 'old', arrives: 'new' });
  if (backAt !== undefined) {
    const begins = end;
    const way = back ?? { id: there.id, name: there.name };
    end = pass(segments, way, { zero, from: backAt, to: length, begins, arrives: 'old' });
  }
  const since = (time: number | undefined) => (time === undefined ? undefined : time - zero);
  return {
    id: there.id,
    name: there.name,
    canary,
    segments,
    end,
    failed: there.failed ?? back?.failed,
    asked: since(there.asked),
    healthy: since(there.healthy),
    backAt: since(back?.healthy),
    away: segments
      .filter(({ state }) => state === 'out' || state === 'starting' || state === 'failed')
      .reduce((sum, { from, to }) => sum + to - from, 0),
  };
}

interface Way {
  readonly zero: number;
  readonly from: number;
  readonly to: number;
  readonly begins: RollState;
  readonly arrives: 'old' | 'new';
}

/** @returns the state that it ends in */
function pass(segments: Segment[], instance: Instance, way: Way): RollState {
  const { zero, from, to, begins, arrives } = way;
  const events: { readonly at: number; readonly state: RollState }[] = [];
  // What was seen at one look comes in this order, and a later stage cannot be followed by an earlier one.
  const stages: readonly [number | undefined, RollState][] = [
    [instance.asked, 'asked'],
    [instance.down, 'out'],
    [instance.up, 'starting'],
    [instance.healthy, arrives],
    [instance.gone, 'gone'],
  ];
  for (const [at, state] of stages) {
    if (at === undefined) continue;
    const clamped = Math.min(to, Math.max(from, at - zero));
    while (events.length > 0 && (events.at(-1)?.at ?? 0) >= clamped) events.pop();
    events.push({ at: clamped, state });
  }
  const last = events.at(-1);
  if (instance.failed !== undefined && last?.state !== 'gone' && last?.state !== arrives) {
    if (last === undefined) events.push({ at: from, state: 'failed' });
    else events[events.length - 1] = { at: last.at, state: 'failed' };
  }
  let state = begins;
  let cursor = from;
  for (const event of events) {
    extend(segments, state, cursor, event.at);
    state = event.state;
    cursor = event.at;
  }
  extend(segments, state, cursor, to);
  return state;
}

function extend(segments: Segment[], state: RollState, from: number, to: number): void {
  if (to <= from) return;
  const last = segments.at(-1);
  if (last?.state === state && last.to === from)
    segments[segments.length - 1] = { state, from: last.from, to };
  else segments.push({ state, from, to });
}

function marksOf(pass: RollPass, zero: number, back: boolean): BatchMark[] {
  return pass.batches.map(({ number, asked, canary, instances }) => ({
    at: Math.max(0, asked - zero),
    number,
    canary,
    back,
    count: instances.length,
  }));
}
