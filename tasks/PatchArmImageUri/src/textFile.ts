/** Text files whose encoding, byte order mark and line ends stay what they are. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
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
  readonly encoding: 'utf8' | 'utf16le' | 'utf16be';
  readonly mark: boolean;
}

/** A file to write. */
export interface FileToWrite extends TextFile {
  /** Whether nobody but its owner may read it. */
  readonly isPrivate: boolean;
}

/**
 * Reads UTF-8 with or without a byte order mark, and UTF-16 with one, as Windows PowerShell writes it.
 * @throws UserError when the file cannot be read or is neither
 */
export function readTextFile(path: string): TextFile {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new UserError(`${path} ${unreadable(error)}`, { cause: error });
  }
  const mark = bytes.subarray(0, 2).toString('hex');
  if ((mark === 'fffe' || mark === 'feff') && bytes.length % 2 === 0) {
    const encoding = mark === 'fffe' ? 'utf16le' : 'utf16be';
    const text = encoding === 'utf16le' ? bytes : Buffer.from(bytes).swap16();
    return { path, text: text.subarray(2).toString('utf16le'), encoding, mark: true };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const marked = text.startsWith('\ufeff');
    return { path, text: marked ? text.slice(1) : text, encoding: 'utf8', mark: marked };
  } catch (error) {
    throw new UserError(
      `${path} is no UTF-8 text. Save it as UTF-8; another encoding could not be written back unchanged.`,
      { cause: error },
    );
  }
}

/** Why a file cannot be read, as the end of a sentence about it. */
export function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return 'does not exist: check the path, and that the step which makes or downloads it ran before';
  return code === 'EISDIR' ? 'is a folder, not a file' : `cannot be read: ${message}`;
}

function bytesOf({ text, encoding, mark }: TextFile): Buffer {
  const marked = (mark ? '\ufeff' : '') + text;
  if (encoding === 'utf8') return Buffer.from(marked, 'utf8');
  const bytes = Buffer.from(marked, 'utf16le');
  return encoding === 'utf16le' ? bytes : bytes.swap16();
}

/** A file on its way: its new content lies in `from`, and `old` is what `to` held. */
interface Staged {
  readonly from: string;
  readonly to: string;
  readonly old: Buffer | undefined;
}

/**
 * Writes all files or, where a disk is full or a folder is read-only, none: each is written beside its place first and moved there
 * when all have been. A file that holds its content already is left alone; folders that are missing are made.
 * @throws UserError naming the file that cannot be written
 */
export function writeTextFiles(files: readonly FileToWrite[]): void {
  const staged: Staged[] = [];
  const moved: Staged[] = [];
  let path = '';
  try {
    for (const file of files) {
      path = file.path;
      const next = stage(file, staged);
      if (next !== undefined) staged.push(next);
    }
    for (const each of staged) {
      path = each.to;
      renameSync(each.from, each.to);
      moved.push(each);
    }
  } catch (error) {
    for (const { to, old } of moved) {
      if (old === undefined) rmSync(to);
      else writeFileSync(to, old);
    }
    throw new UserError(`${path} cannot be written: ${(error as Error).message}. No file was changed.`, {
      cause: error,
    });
  } finally {
    for (const { from } of staged) rmSync(from, { force: true });
  }
}

function stage(file: FileToWrite, others: readonly Staged[]): Staged | undefined {
  const to = existsSync(file.path) ? realpathSync(file.path) : file.path;
  // Two of the patterns' matches may be one file.
  if (others.some(other => other.to === to)) return undefined;
  const mode = statSync(to, { throwIfNoEntry: false })?.mode;
  const wanted = file.isPrivate ? 0o600 : mode === undefined ? undefined : mode & 0o7777;
  const bytes = bytesOf(file);
  const old = mode === undefined ? undefined : readFileSync(to);
  if (old?.equals(bytes) === true) {
    if (wanted !== undefined && mode !== undefined && wanted !== (mode & 0o7777)) chmodSync(to, wanted);
    return undefined;
  }
  mkdirSync(dirname(to), { recursive: true });
  const from = join(dirname(to), `.${randomUUID()}.tmp`);
  try {
    writeFileSync(from, bytes, { flag: 'wx', mode: wanted ?? 0o666 });
    if (wanted !== undefined) chmodSync(from, wanted);
  } catch (error) {
    rmSync(from, { force: true });
    throw error;
  }
  return { from, to, old };
}
