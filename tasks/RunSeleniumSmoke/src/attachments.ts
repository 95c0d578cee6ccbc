/** Which files a test's output may attach: Azure Pipelines takes every `[[ATTACHMENT|path]]` in it, whoever wrote it. */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';

/**
 * Text in which only files of these folders are still named for attaching. A page under test can write into a test's output,
 * and would else have any file of the agent published.
 */
export function withoutForeignAttachments(text: string, folders: readonly string[]): string {
  return text.replace(/\[\[(ATTACHMENT)\|(.*?)\]\]/gis, (whole, word: string, path: string) =>
    folders.some(folder => isInside(path, folder)) ? whole : `[[${word} refused|${path}]]`,
  );
}

/** Whether an existing file is in a folder, links followed. */
function isInside(path: string, folder: string): boolean {
  if (!isAbsolute(path)) return false;
  try {
    const way = relative(realpathSync(folder), realpathSync(path));
    return way !== '' && !way.startsWith('..') && !isAbsolute(way);
  } catch {
    return false;
  }
}
