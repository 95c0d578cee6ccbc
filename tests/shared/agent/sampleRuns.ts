/** Builds the sample task and runs it as the agent does: a process of its own, all it says on its output. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What one run said, and what it left in the agent's temporary directory. */
export interface SampleRun {
  readonly status: number | null;
  readonly lines: readonly string[];
  readonly temp: readonly string[];
  readonly tempDirectory: string;
}

/** The built task. */
export interface Sample {
  /** For what a test needs beside it; removed with it. */
  readonly directory: string;
  /** Does what the mode says; `signal` is sent once it says that it waits. */
  run(mode: string, more?: Readonly<Record<string, string>>, signal?: NodeJS.Signals): Promise<SampleRun>;
  close(): void;
}

/** @param page a file that the task has beside it as its report page */
export async function buildSample(page?: string): Promise<Sample> {
  const directory = mkdtempSync(join(tmpdir(), 'run-task-'));
  mkdirSync(join(directory, 'task'));
  const bundle = join(directory, 'task', 'index.cjs');
  if (page !== undefined) copyFileSync(page, join(directory, 'task', 'release-report.html'));
  await build({
    entryPoints: [join(import.meta.dirname, 'fixtures', 'sampleTask.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  });
  return {
    directory,
    run: async (mode, more = {}, signal) => {
      const temp = more['AGENT_TEMPDIRECTORY'] ?? mkdtempSync(join(directory, 'temp-'));
      const child = spawn(process.execPath, [bundle], {
        cwd: directory,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env['PATH'],
          AGENT_VERSION: '4.265.1',
          AGENT_TEMPDIRECTORY: temp,
          SYSTEM_DEFAULTWORKINGDIRECTORY: directory,
          INPUT_MODE: mode,
          ...more,
        },
      });
      let output = '';
      child.stderr.on('data', chunk => (output += String(chunk)));
      child.stdout.on('data', chunk => {
        output += String(chunk);
        if (signal !== undefined && output.includes('waiting')) child.kill(signal);
      });
      const status = await new Promise<number | null>(resolve => child.once('close', resolve));
      const lines = output.split('\n').filter(line => line !== '');
      return { status, lines, temp: readdirSync(temp), tempDirectory: temp };
    },
    close: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
