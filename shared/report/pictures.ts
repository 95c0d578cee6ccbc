/** Picture files of the release report. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportPictures } from './format.js';
import { pictureFormat } from './pictureFormat.js';

/** A picture that was read. */
export interface PictureFile {
  readonly extension: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** The picture in a file; undefined when there is none, or it has more bytes than `most`. */
export function readPicture(path: string, most: number): PictureFile | undefined {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry?.isFile() !== true || entry.size > most) return undefined;
  const bytes = readFileSync(path);
  const format = pictureFormat(bytes);
  return format === undefined ? undefined : { extension: format.extension, type: format.type, bytes };
}

/** The pictures of a folder by their names, as `data:` addresses. */
export function readPictures(folder: string): ReportPictures {
  return new Map(
    readdirSync(folder)
      .sort()
      .flatMap(name => {
        const picture = readPicture(join(folder, name), Infinity);
        if (picture === undefined) return [];
        return [[name, `data:${picture.type};base64,${picture.bytes.toString('base64')}`] as const];
      }),
  );
}
