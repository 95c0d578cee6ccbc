/** Rows of the label table, and lines of the charts. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  arrange,
  isMarked,
  labelRows,
  worthALookFirst,
  type LabelKey,
} from '../../../report/model/labels.js';
import { columnPath, linePath } from '../../../report/model/plot.js';
import { loadBody } from '../reports.js';

describe('labelRows', () => {
  it('holds each label against the run before', () => {
    const [overall, first] = labelRows(loadBody(2));
    assert.equal(overall?.overall, true);
    assert.equal(first?.overall, false);
    assert.equal(first.p95Change?.toFixed(1), '3.4');
    assert.equal(first.throughputChange?.toFixed(1), '0.0');
    assert.equal(first.errorChange, 0);
    const [alone] = labelRows({
      ...loadBody(0),
      labels: loadBody(0).labels.map(({ before, ...label }) => label),
    });
    assert.deepEqual(
      [alone?.p95Change, alone?.throughputChange, alone?.errorChange],
      [undefined, undefined, undefined],
    );
    assert.deepEqual([9.9, -10, 10, undefined].map(isMarked), [false, true, true, false]);
  });
});

describe('arrange', () => {
  const rows = labelRows(loadBody(30));

  it('sorts by any column, the overall row first', () => {
    const keys: LabelKey[] = [
      'label',
      'samples',
      'errorPercent',
      'p50',
      'p90',
      'p95',
      'p99',
      'max',
      'throughput',
      'p95Change',
    ];
    for (const key of keys) {
      for (const descending of [false, true]) {
        const [overall, ...sorted] = arrange(rows, { key, descending });
        assert.equal(overall?.label.label, 'All samples');
        const values = sorted.map(row =>
          key === 'p95Change' ? row.p95Change : key === 'criteria' ? 0 : row.label[key],
        );
        for (const [at, value] of values.entries()) {
          const next = values[at + 1];
          if (next === undefined || next === null || value === undefined || value === null) continue;
          assert.ok(descending ? value >= next : value <= next, `${key} at ${at}`);
        }
      }
    }
  });

  it('puts labels without a figure last, either way', () => {
    const labels = [null, 5, null, 7].map((p95, at) => ({ ...loadBody(0).labels[0]!, label: `L${at}`, p95 }));
    const order = (descending: boolean) =>
      arrange(labelRows({ ...loadBody(0), labels }), { key: 'p95', descending }).map(
        ({ label }) => label.label,
      );
    assert.deepEqual(order(false), ['L1', 'L3', 'L0', 'L2']);
    assert.deepEqual(order(true), ['L3', 'L1', 'L0', 'L2']);
  });

  it('finds labels by a part of their name, in any case', () => {
    assert.deepEqual(
      arrange(rows, undefined, ' STORES/12 ').map(({ label }) => label.label),
      ['All samples', 'GET /stores/12'],
    );
  });

  it('loses no row and takes none twice', () => {
    fc.assert(
      fc.property(fc.constantFrom<LabelKey>('label', 'p95', 'criteria'), fc.boolean(), (key, descending) => {
        assert.equal(new Set(arrange(rows, { key, descending })).size, rows.length);
      }),
    );
  });
});

describe('worthALookFirst', () => {
  it('begins with failed criteria, then errors, then what got slower', () => {
    const base = loadBody(0).labels[0]!;
    const label = (name: string, more: Partial<typeof base>) => ({
      ...base,
      errorPercent: 0,
      label: name,
      ...more,
    });
    const body = loadBody(0, {
      labels: [
        label('All samples', {}),
        label('plain', { p95: 175 }),
        label('slower', { p95: 300 }),
        label('errors', { errorPercent: 2 }),
        label('judged', {}),
      ],
      criteria: [{ text: 'p95 of judged', passed: false, detail: '', label: 'judged' }],
    });
    assert.deepEqual(
      worthALookFirst(labelRows(body)).map(row => row.label.label),
      ['All samples', 'judged', 'errors', 'slower', 'plain'],
    );
  });
});

describe('paths', () => {
  it('breaks a line where there is no value, and draws a lonely one', () => {
    const most = { time: 100, value: 10 };
    assert.equal(linePath([0, 25, 50, 75, 100], [0, 10, null, 5, null], most), 'M0 100L250 0M748 50h4');
    assert.equal(linePath([], [], most), '');
  });

  it('draws columns on the axis, and shows the smallest that is not nought', () => {
    const column = (value: number) => columnPath([{ from: 0, to: 10, value }], { time: 100, value: 1000 });
    assert.equal(column(1000), 'M0 100v-100h100V100z');
    assert.equal(column(1), 'M0 100v-4h100V100z');
    assert.equal(column(0), '');
  });
});
