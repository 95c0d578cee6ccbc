/** What a dry run shows. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Beyond so many changed lines nobody reads a diff, and to work it out takes long. */
const mostChanges = 2000;

/** The lines of a unified diff between two texts, without line ends; undefined when too much differs. */
export function unifiedDiff(from: string, to: string, before: string, after: string): string[] | undefined {
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY, maxEditLength: mostChanges };
  const diff = createTwoFilesPatch(from, to, before, after, undefined, undefined, options);
  return diff
    ?.replace(/\n$/, '')
    .split('\n')
    .map(line => line.replace(/\r$/, ''));
}
