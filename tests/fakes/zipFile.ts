/** Writes zip files, also such as no honest program writes. */
import { crc32, deflateRawSync } from 'node:zlib';

/** A file in a zip file. */
export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
  /** With the file's type, as in `stat`; 0o100755 unless given. */
  readonly mode?: number;
  /** What the zip file says about the size, where that is a lie. */
  readonly claimedSize?: number;
}

/** The bytes of a zip file (APPNOTE 6.3: local headers, central directory, end record). @param level 0 packs nothing */
export function zipFile(entries: readonly ZipEntry[], level = 1): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, mode = 0o100755, claimedSize = content.length } of entries) {
    const nameBytes = Buffer.from(name, 'utf8');
    const packed = deflateRawSync(content, { level });
    // From "general purpose flags" to "extra field length", which both headers share.
    const shared = Buffer.alloc(24);
    shared.writeUInt16LE(0x800, 0);
    shared.writeUInt16LE(8, 2);
    shared.writeUInt32LE(crc32(content), 8);
    shared.writeUInt32LE(packed.length, 12);
    shared.writeUInt32LE(claimedSize, 16);
    shared.writeUInt16LE(nameBytes.length, 20);
    const local = Buffer.concat([Buffer.from('504b03041400', 'hex'), shared, nameBytes, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(mode * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('504b010214031400', 'hex'), shared, tail, nameBytes);
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
