/** Unpacks a release's zip file, which is flat: a program and a few texts. */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open, validateFileName, type Entry, type ZipFile } from 'yauzl';
import { UserError } from '../../../../shared/core/errors.js';

const mostEntries = 50;
/** Bytes of all files together. Packer's largest releases have a third of it. */
const mostBytes = 1024 * 1024 * 1024;

/**
 * Unpacks plain files into a folder; the program in it can be run.
 * @param folder exists and is empty
 * @returns the names of the files
 * @throws UserError for a file that is no zip, and for one with folders, links, names that lead elsewhere, or more content than a release has
 */
export async function unzip(path: string, folder: string): Promise<string[]> {
  try {
    const zip = await openZip(path);
    try {
      return await unpack(zip, folder);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw new UserError(
      `${path} is no zip file of a Packer release: ${(error as Error).message}. Nothing was installed.`,
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

async function unpack(zip: ZipFile, folder: string): Promise<string[]> {
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
    checkEntry(entry);
    const isProgram = /^packer(\.exe)?$/.test(entry.fileName);
    await pipeline(
      await readEntry(zip, entry),
      counting(count),
      createWriteStream(join(folder, entry.fileName), { mode: isProgram ? 0o755 : 0o644, flags: 'wx' }),
    );
    names.push(entry.fileName);
  }
}

function checkEntry(entry: Entry): void {
  const fault = validateFileName(entry.fileName);
  if (fault !== null) throw new Error(fault);
  // The upper half holds the Unix mode; its type is 8 for a plain file and 0 where none was written.
  const type = entry.externalFileAttributes >>> 28;
  if (/[/\\:]/.test(entry.fileName) || (type !== 8 && type !== 0))
    throw new Error(`'${entry.fileName}' is no plain file`);
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
