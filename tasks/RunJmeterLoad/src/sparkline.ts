/** A row of numbers as one line of text. */

const bars = '▁▂▃▄▅▆▇█';

/** One bar a number, from nothing to the largest; a blank where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const largest = Math.max(0, ...values.map(value => value ?? 0));
  return values
    .map(value => {
      if (value === undefined) return ' ';
      const height = largest === 0 ? 0 : Math.round((value / largest) * (bars.length - 1));
      return bars[height] ?? ' ';
    })
    .join('');
}
