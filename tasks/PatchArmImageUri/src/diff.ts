/** What a dry run shows. */
import { createTwoFilesPatch } from 'diff';

/** The lines of a unified diff between two texts; line ends are not shown. */
export function unifiedDiff(from: string, to: string, before: string, after: string): string[] {
  const lines = createTwoFilesPatch(from, to, before, after, undefined, undefined, { context: 3 }).split(
    '\n',
  );
  return lines.filter(line => !/^={5,}$/.test(line) && line !== '').map(line => line.replace(/\r$/, ''));
}
