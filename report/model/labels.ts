/** The load test's labels as rows of a table: change against the run before, criteria, order, search. */
import type { LoadBody } from '../../shared/report/bodies.js';
import { changeInPercent } from './figures.js';

export type Label = LoadBody['labels'][number];
export type Criterion = LoadBody['criteria'][number];

export interface LabelRow {
  readonly label: Label;
  /** The first one: all samples together. */
  readonly overall: boolean;
  /** In percent of the run before. */
  readonly p95Change: number | undefined;
  readonly throughputChange: number | undefined;
  /** In points of percent. */
  readonly errorChange: number | undefined;
  /** What the gate asks of this label alone. */
  readonly criteria: readonly Criterion[];
}

/** What a table can be put in order by. */
export type LabelKey =
  | 'label'
  | 'samples'
  | 'errorPercent'
  | 'p50'
  | 'p90'
  | 'p95'
  | 'p99'
  | 'max'
  | 'throughput'
  | 'p95Change'
  | 'criteria';

export interface LabelOrder {
  readonly key: LabelKey;
  readonly descending: boolean;
}

export function labelRows(body: LoadBody): LabelRow[] {
  return body.labels.map((label, at) => ({
    label,
    overall: at === 0 && label.label === 'All samples',
    p95Change: changeInPercent(label.p95, label.before?.p95),
    throughputChange: changeInPercent(label.throughput, label.before?.throughput),
    errorChange: label.before === undefined ? undefined : label.errorPercent - label.before.errorPercent,
    criteria: body.criteria.filter(criterion => criterion.label === label.label),
  }));
}

/** The overall row, then those worth a look: with failed criteria, with errors, slower than before; the others as they come. */
export function worthALookFirst(rows: readonly LabelRow[]): LabelRow[] {
  return rows
    .map((row, at) => ({ row, at, concern: row.overall ? Infinity : concernOf(row) }))
    .toSorted((one, other) =>
      other.concern === one.concern ? one.at - other.at : other.concern - one.concern,
    )
    .map(({ row }) => row);
}

/** Rows whose name holds `search`, in order; the overall one stays first, rows without a figure come last. */
export function arrange(rows: readonly LabelRow[], order: LabelOrder | undefined, search = ''): LabelRow[] {
  const sought = search.trim().toLowerCase();
  const found = rows.filter(row => row.overall || row.label.label.toLowerCase().includes(sought));
  if (order === undefined) return found;
  const direction = order.descending ? -1 : 1;
  return found.toSorted((one, other) => {
    if (one.overall !== other.overall) return one.overall ? -1 : 1;
    const [mine, its] = [valueOf(one, order.key), valueOf(other, order.key)];
    if (mine === its) return 0;
    if (mine === undefined) return 1;
    if (its === undefined) return -1;
    if (typeof mine === 'string' || typeof its === 'string')
      return direction * (String(mine) < String(its) ? -1 : 1);
    return direction * (mine - its);
  });
}

/** A change that is worth colour: a tenth and more. */
export function isMarked(percent: number | undefined): boolean {
  return percent !== undefined && Math.abs(percent) >= 10;
}

function concernOf({ criteria, label, p95Change }: LabelRow): number {
  const failed = criteria.filter(({ passed }) => !passed).length;
  const slower =
    p95Change !== undefined && isMarked(p95Change) && p95Change > 0 ? Math.min(p95Change, 900) / 1000 : 0;
  return failed * 1000 + label.errorPercent + slower;
}

function valueOf(row: LabelRow, key: LabelKey): string | number | undefined {
  if (key === 'p95Change') return row.p95Change;
  if (key === 'criteria')
    return row.criteria.length === 0 ? undefined : row.criteria.filter(({ passed }) => !passed).length;
  return row.label[key] ?? undefined;
}
