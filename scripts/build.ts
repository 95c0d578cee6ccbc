/** Builds dist/extension, exactly what the VSIX holds: one CommonJS bundle a task, and the report's pages. `--if-stale` does nothing when no source is newer. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { buildReport } from './buildReport.js';
import { kernelDefinition } from './kernel.js';
import { thirdPartyNotices } from './notices.js';
import { rangeWorkerDefinition } from './rangeWorker.js';
import { repositoryRoot, taskNames } from './tasks.js';

const extension = join(repositoryRoot, 'dist', 'extension');
/** Made beside and put in place as a whole: what runs from the built extension meanwhile never meets a half of one. */
const staging = `${extension}.${process.pid}`;
const stamp = join(repositoryRoot, 'dist', 'built');
const sources = [
  'tasks',
  'shared',
  'report',
  'images',
  'scripts',
  'vss-extension.json',
  'package-lock.json',
  'overview.md',
  'LICENSE',
];
/** A bundle past this size has swallowed something it should not have. */
const bundleBudget = 6 * 1024 * 1024;

if (process.argv.includes('--if-stale') && existsSync(stamp) && newest(sources) < statSync(stamp).mtimeMs) {
  process.exit(0);
}
try {
  await buildExtension();
} finally {
  rmSync(staging, { recursive: true, force: true });
}

async function buildExtension(): Promise<void> {
  mkdirSync(staging, { recursive: true });
  for (const file of ['vss-extension.json', 'overview.md', 'LICENSE'])
    cpSync(join(repositoryRoot, file), join(staging, file));
  cpSync(join(repositoryRoot, 'images'), join(staging, 'images'), {
    recursive: true,
    filter: path => !path.endsWith('.svg'),
  });

  const metafiles = await Promise.all(taskNames().map(buildTask));
  const report = await buildReport(staging);
  writeFileSync(
    join(staging, 'ThirdPartyNotices.txt'),
    thirdPartyNotices([...metafiles, ...report.metafiles]),
  );
  rmSync(extension, { recursive: true, force: true });
  renameSync(staging, extension);
  writeFileSync(stamp, '');
}

async function buildTask(name: string): Promise<Metafile> {
  const from = join(repositoryRoot, 'tasks', name);
  const to = join(staging, 'tasks', name);
  mkdirSync(to, { recursive: true });
  for (const file of ['task.json', 'icon.png']) cpSync(join(from, file), join(to, file));
  const entries = readdirSync(join(from, 'src')).filter(file => /^(index|postJob)\.ts$/.test(file));
  const { metafile, warnings } = await build({
    entryPoints: entries.map(file => join(from, 'src', file)),
    outdir: to,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // jsonc-parser's CommonJS form hides its parts from a bundler; its ES form does not.
    mainFields: ['module', 'main'],
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    // Sources are ES modules; the only thing of theirs that CommonJS lacks. Libraries make a `require` of it.
    define: { 'import.meta.url': 'bundleUrl', ...kernelDefinition(), ...rangeWorkerDefinition() },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  const faults = warnings.map(warning => warning.text);
  for (const [file, output] of Object.entries(metafile.outputs)) {
    if (output.bytes > bundleBudget)
      faults.push(`${file} has ${output.bytes} bytes, more than the budget of ${bundleBudget}`);
  }
  if (faults.length > 0) throw new Error(`${name} does not build cleanly:\n${faults.join('\n')}`);
  return metafile;
}

function newest(paths: readonly string[]): number {
  return Math.max(
    0,
    ...paths.map(path => {
      const full = join(repositoryRoot, path);
      const entry = statSync(full, { throwIfNoEntry: false });
      if (entry === undefined) return 0;
      if (!entry.isDirectory()) return entry.mtimeMs;
      return Math.max(entry.mtimeMs, newest(readdirSync(full).map(child => join(path, child))));
    }),
  );
}
