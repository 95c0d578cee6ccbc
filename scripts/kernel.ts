/** Compiles the module that RunJmeterLoad reads results with: AssemblyScript to WebAssembly, kept in dist/ until its sources change. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './tasks.js';

const folder = join('tasks', 'RunJmeterLoad', 'src', 'analysis', 'kernel');
const kept = join(repositoryRoot, 'dist', 'kernel');
const settings = [
  '-O3',
  '--runtime',
  'stub',
  '--noAssert',
  '--enable',
  'simd',
  // 28 MiB, as in kernel/layout.ts; a page of it that is not written takes no memory of the machine.
  '--initialMemory',
  '448',
  '--maximumMemory',
  '448',
];

/** A function that is called for every field stands where it is called: a call costs as much as many of them do. */
const inlining = [
  '-O4',
  '--flexible-inline-max-function-size=2000',
  '--inline-functions-with-loops',
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
];

/** What a bundler is to put in place of the name by which RunJmeterLoad knows the module (analysis/kernel.ts). */
export function kernelDefinition(): { readonly analysisKernel: string } {
  return { analysisKernel: JSON.stringify(Buffer.from(compileKernel()).toString('base64')) };
}

/** Compiles it, or takes what was compiled of the same sources before. @throws Error with what the compiler says */
export function compileKernel(): Uint8Array {
  const sources = readdirSync(join(repositoryRoot, folder)).sort();
  const digest = createHash('sha256').update([...settings, ...inlining].join(' '));
  for (const name of [...sources.map(source => join(folder, source)), 'package-lock.json'])
    digest.update(readFileSync(join(repositoryRoot, name)));
  const file = join(kept, `${digest.digest('hex')}.wasm`);
  if (existsSync(file)) return readFileSync(file);
  mkdirSync(kept, { recursive: true });
  // Several tests may compile at once: put in place as a whole.
  const made = `${file}.${process.pid}`;
  run(join('assemblyscript', 'bin', 'asc.js'), join(folder, 'index.ts'), ...settings, '--outFile', made);
  run(join('binaryen', 'bin', 'wasm-opt'), made, ...inlining, '--output', made);
  renameSync(made, file);
  return readFileSync(file);
}

function run(program: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join('node_modules', program), ...words], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The kernel does not compile:\n${stderr}`);
}
