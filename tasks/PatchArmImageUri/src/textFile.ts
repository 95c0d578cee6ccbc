/** Text files whose encoding, byte order mark and line ends stay what they are. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';

/** A file's text without its byte order mark, and how it was written. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'utf16le';
  readonly mark: boolean;
}

/**
 * Reads UTF-8 with or without a byte order mark, and UTF-16 (little-endian) with one, as Windows PowerShell writes it.
 * @throws UserError when the file cannot be read or is neither
 */
export function readTextFile(path: string): TextFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe)
    return { path, text: bytes.subarray(2).toString('utf16le'), encoding: 'utf16le', mark: true };
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const mark = text.startsWith('\ufeff');
    return { path, text: mark ? text.slice(1) : text, encoding: 'utf8', mark };
  } catch (error) {
    throw new UserError(
      `${path} is no UTF-8 text. Save it as UTF-8; another encoding could not be written back unchanged.`,
      { cause: error },
    );
  }
}

/**
 * Writes all files or, where a disk is full or a folder is read-only, none: each is written beside its place first and moved there
 * when all have been.
 * @throws UserError naming the file that cannot be written
 */
export function writeTextFiles(files: readonly TextFile[]): void {
  const staged: { from: string; to: string }[] = [];
  try {
    for (const file of files) {
      const to = existsSync(file.path) ? realpathSync(file.path) : file.path;
      const from = join(dirname(to), `.${randomUUID()}.tmp`);
      staged.push({ from, to });
      try {
        writeFileSync(from, (file.mark ? '\ufeff' : '') + file.text, { encoding: file.encoding, flag: 'wx' });
        const mode = statSync(to, { throwIfNoEntry: false })?.mode;
        if (mode !== undefined) chmodSync(from, mode & 0o7777);
      } catch (error) {
        throw new UserError(
          `${file.path} cannot be written: ${(error as Error).message}. No file was changed.`,
          {
            cause: error,
          },
        );
      }
    }
    for (const { from, to } of staged) renameSync(from, to);
  } finally {
    for (const { from } of staged) if (existsSync(from)) rmSync(from);
  }
}
