/** Values over time as paths in a box of 1000 by 100, which the page stretches to its width: nothing is drawn anew when that changes. */

export const plotWidth = 1000;
export const plotHeight = 100;

/** A line through the points; a null breaks it, and a point between two breaks is a short dash. */
export function linePath(
  times: readonly number[],
  values: readonly (number | null)[],
  most: { readonly time: number; readonly value: number },
): string {
  let path = '';
  let open = false;
  for (const [at, time] of times.entries()) {
    const value = values[at] ?? null;
    if (value === null) {
      open = false;
      continue;
    }
    const [x, y] = [place(time, most.time, plotWidth), plotHeight - place(value, most.value, plotHeight)];
    const alone: boolean = !open && (values[at + 1] ?? null) === null;
    path += alone ? `M${round(x - 2)} ${round(y)}h4` : `${open ? 'L' : 'M'}${round(x)} ${round(y)}`;
    open = !alone;
  }
  return path;
}

/** What holds for a stretch of time. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly value: number | null;
}

/** A line that is level over each stretch and steps to the next; a null breaks it. */
export function stepPath(
  stretches: readonly Stretch[],
  most: { readonly time: number; readonly value: number },
): string {
  let path = '';
  let open = false;
  for (const { from, to, value } of stretches) {
    if (value !== null) {
      const y = round(plotHeight - place(value, most.value, plotHeight));
      path += open ? `V${y}` : `M${round(place(from, most.time, plotWidth))} ${y}`;
      path += `H${round(place(to, most.time, plotWidth))}`;
    }
    open = value !== null;
  }
  return path;
}

/** Columns that stand on the axis, each as wide as its stretch of time. */
export function columnPath(
  columns: readonly Stretch[],
  most: { readonly time: number; readonly value: number },
): string {
  return columns
    .flatMap(({ from, to, value }) => {
      if (value === null || value <= 0) return [];
      const x = place(from, most.time, plotWidth);
      // What is not nought is seen.
      const height = Math.max(4, place(value, most.value, plotHeight));
      return `M${round(x)} ${plotHeight}v${round(-height)}h${round(place(to, most.time, plotWidth) - x)}V${plotHeight}z`;
    })
    .join('');
}

function place(value: number, most: number, size: number): number {
  return most <= 0 ? 0 : Math.min(size, Math.max(0, (value / most) * size));
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
