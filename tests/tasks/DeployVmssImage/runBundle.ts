/** Runs the built deploy task as the agent does: a process of its own, everything by environment. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest, repositoryRoot } from '../../../scripts/tasks.js';

const bundle = join(repositoryRoot, 'dist', 'extension', 'tasks', 'DeployVmssImage', 'index.cjs');

export interface ServiceEndpoint {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface BundleRun {
  readonly inputs: Readonly<Record<string, string>>;
  readonly connection: ServiceEndpoint & {
    readonly url: string;
    readonly data: Readonly<Record<string, string>>;
  };
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Called with all that was printed so far, and the way to signal the task. */
  onOutput?(stdout: string, kill: (signal: NodeJS.Signals) => void): void;
}

export interface BundleResult {
  readonly stdout: string;
  /** The line of the one result, percent escapes undone. */
  readonly result: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Runs the task to its end; it must exit with 0 and set exactly one result. */
export async function runBundle(run: BundleRun): Promise<BundleResult> {
  const temp = join(run.workingDirectory, 'temp');
  mkdirSync(temp, { recursive: true });
  const defaults = readManifest('DeployVmssImage').inputs.map(
    input => [input.name, input.defaultValue ?? ''] as const,
  );
  const inputs = Object.entries({
    ...Object.fromEntries(defaults),
    azureSubscription: 'conn',
    ...run.inputs,
  }).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value] as const);
  const { scheme, parameters, url, data } = run.connection;
  const upper = (prefix: string, fields: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [`${prefix}${name.toUpperCase()}`, value]),
    );
  const child = spawn(process.execPath, [bundle], {
    cwd: run.workingDirectory,
    env: {
      PATH: process.env['PATH'],
      AGENT_VERSION: '4.265.1',
      AGENT_TEMPDIRECTORY: temp,
      SYSTEM_DEFAULTWORKINGDIRECTORY: run.workingDirectory,
      BUILD_SOURCESDIRECTORY: run.workingDirectory,
      BUILD_BUILDNUMBER: '7',
      ENDPOINT_URL_conn: url,
      ENDPOINT_AUTH_SCHEME_conn: scheme,
      ENDPOINT_AUTH_conn: JSON.stringify({ scheme, parameters }),
      ...upper('ENDPOINT_AUTH_PARAMETER_conn_', parameters),
      ...upper('ENDPOINT_DATA_conn_', { environment: 'AzureCloud', ...data }),
      ENDPOINT_AUTH_SYSTEMVSSCONNECTION: '{"parameters":{"AccessToken":"job-token"},"scheme":"OAuth"}',
      ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: 'job-token',
      ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION: 'OAuth',
      ...Object.fromEntries(inputs),
      ...run.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  const take = (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    run.onOutput?.(stdout, signal => child.kill(signal));
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const exitCode = await new Promise(resolve => child.on('close', resolve));
  assert.equal(exitCode, 0, stdout);
  const completed = stdout.split('\n').filter(line => line.startsWith('##vso[task.complete'));
  assert.equal(completed.length, 1, stdout);
  const outputs = [...stdout.matchAll(/^##vso\[task\.setvariable variable=(\w+);[^\]]*\](.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  return {
    stdout,
    result: decodeURIComponent(completed[0]!.replace(/%AZP25/g, '%25')),
    outputs: Object.fromEntries(outputs),
  };
}
