/** Makes the script that RunJmeterLoad's threads run to read ranges of results: one text with all that it imports. */
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { repositoryRoot } from './tasks.js';

const source = join(repositoryRoot, 'tasks', 'RunJmeterLoad', 'src', 'analysis', 'ranges', 'worker.ts');

/** What a bundler is to put in place of the name by which RunJmeterLoad knows the script (analysis/ranges/workers.ts). */
export function rangeWorkerDefinition(): { readonly rangeWorker: string } {
  return { rangeWorker: JSON.stringify(bundleRangeWorker()) };
}

/** The script, in CommonJS as Node takes it from memory. */
export function bundleRangeWorker(): string {
  const { outputFiles } = buildSync({
    entryPoints: [source],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
