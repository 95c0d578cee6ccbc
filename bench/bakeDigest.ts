/**
 * Time to hash what a bake reads, beside `sha256sum` on the same files: `npx tsx bench/bakeDigest.ts [MEBIBYTES] [FILES]`.
 * MEBIBYTES in one large file (1024 when absent), and FILES (20000) of 4 KiB of text each. Both are read once before, so that they lie in
 * the page cache and the disk does not decide.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, closeSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exclusion, hashTrees } from '../tasks/PackerBakeVmss/src/digest/treeHash.js';

const mebibytes = Number(process.argv[2] ?? 1024);
const count = Number(process.argv[3] ?? 20_000);
const rounds = 5;

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-bake-digest-'));
  try {
    const large = join(directory, 'large');
    mkdirSync(large);
    const file = openSync(join(large, 'package.bin'), 'w');
    const block = Buffer.alloc(1 << 20, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
    for (let written = 0; written < mebibytes; written++) writeSync(file, block);
    closeSync(file);
    await compare(`one file of ${mebibytes} MiB`, large);

    const many = join(directory, 'many');
    const text = 'a line of code;\n'.repeat(256);
    for (let index = 0; index < count; index++) {
      const folder = join(many, String(index % 100));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${index}.js`), `${index}${text}`);
    }
    await compare(`${count} files of 4 KiB`, many);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** In turns, and the median of the ratios: the machine's speed drifts. */
async function compare(what: string, folder: string): Promise<void> {
  const ratios: number[] = [];
  const own: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const start = process.hrtime.bigint();
    await hashTrees([{ path: folder, name: '' }], exclusion(''), new AbortController().signal);
    const middle = process.hrtime.bigint();
    execFileSync('sh', ['-c', 'find . -type f -print0 | xargs -0 sha256sum > /dev/null'], { cwd: folder });
    const end = process.hrtime.bigint();
    // The first round fills the page cache.
    if (round === 0) continue;
    own.push(Number(middle - start) / 1e9);
    ratios.push(Number(middle - start) / Number(end - middle));
  }
  const memory = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(
    `${what}: ${median(own).toFixed(2)} s, ${median(ratios).toFixed(2)} × sha256sum (median of ${rounds}), peak ${memory} MiB`,
  );
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

await main();
