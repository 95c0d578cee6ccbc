/** Unpacks zip files from outside: plain files and folders only, nothing beside the folder that is meant, no more than what is expected. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open, validateFileName, type Entry, type ZipFile } from 'yauzl';
import { UserError } from '../core/errors.js';

/** What a zip file may hold. */
export interface Unpacking {
  /** What it is a zip file of, as in "a Packer release". */
  readonly of: string;
  /** The sentence that says what comes of it when it is refused. */
  readonly refused: string;
  readonly mostEntries: number;
  /** Bytes of all files together. */
  readonly mostBytes: number;
  /** Whether files may lie in folders. */
  readonly folders: boolean;
  /** Which files are programs. */
  readonly isProgram: (name: string) => boolean;
}

/**
 * Unpacks plain files into a folder.
 * @param folder exists and is empty
 * @returns the names of the files, `/` between folders
 * @throws UserError for a file that is no zip, and for one with links, names that lead elsewhere, or more content than is expected
 */
export async function unzip(path: string, folder: string, unpacking: Unpacking): Promise<string[]> {
  try {
    const zip = await openZip(path);
    try {
      return await unpack(zip, folder, unpacking);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw new UserError(
      `${path} is no zip file of ${unpacking.of}: ${(error as Error).message}. ${unpacking.refused}`,
      { cause: error },
    );
  }
}

function openZip(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    open(path, { lazyEntries: true, autoClose: false, strictFileNames: true }, (error, zip) => {
      if (error === null) resolve(zip);
      else reject(error);
    });
  });
}

async function unpack(zip: ZipFile, folder: string, unpacking: Unpacking): Promise<string[]> {
  const { mostEntries, mostBytes, folders, isProgram } = unpacking;
  if (zip.entryCount > mostEntries) throw new Error(`it holds ${zip.entryCount} files`);
  const names: string[] = [];
  let bytes = 0;
  const count = (piece: Buffer): void => {
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`it unpacks to more than ${mostBytes} bytes`);
  };
  for (;;) {
    const entry = await nextEntry(zip);
    if (entry === undefined) return names;
    checkEntry(entry, folders);
    const { fileName } = entry;
    // A folder is made when a file lies in it.
    if (fileName.endsWith('/')) continue;
    const path = join(folder, fileName);
    if (folders) mkdirSync(dirname(path), { recursive: true });
    await pipeline(
      await readEntry(zip, entry),
      counting(count),
      createWriteStream(path, { mode: isProgram(fileName) ? 0o755 : 0o644, flags: 'wx' }),
    );
    names.push(fileName);
  }
}

function checkEntry({ fileName, externalFileAttributes }: Entry, folders: boolean): void {
  const fault = validateFileName(fileName);
  if (fault !== null) throw new Error(fault);
  // The upper half holds the Unix mode; its type is 8 for a plain file, 4 for a folder and 0 where none was written.
  const type = externalFileAttributes >>> 28;
  const isFolder = folders && fileName.endsWith('/') && (type === 4 || type === 0);
  const isFile = !fileName.endsWith('/') && (type === 8 || type === 0);
  if (!(isFile || isFolder) || /[\\:]/.test(fileName) || (!folders && fileName.includes('/')))
    throw new Error(`'${fileName}' is no plain file`);
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const done = () => {
      zip.removeAllListeners();
    };
    zip.once('entry', (entry: Entry) => {
      done();
      resolve(entry);
    });
    zip.once('end', () => {
      done();
      resolve(undefined);
    });
    zip.once('error', (error: Error) => {
      done();
      reject(error);
    });
    zip.readEntry();
  });
}

function readEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error === null) resolve(stream);
      else reject(error);
    });
  });
}

/** Passes everything on, each piece counted first. */
function counting(count: (piece: Buffer) => void): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, pass) {
      try {
        count(piece);
        pass(null, piece);
      } catch (error) {
        pass(error as Error);
      }
    },
  });
}
