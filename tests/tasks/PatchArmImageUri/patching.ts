/** A folder with files, and the task run on it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inputs } from '../../../shared/agent/inputs.js';
import type { inputs } from '../../../tasks/PatchArmImageUri/src/inputs.generated.js';
import { patchFiles } from '../../../tasks/PatchArmImageUri/src/run.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';

export type Input = Inputs<typeof inputs>;

/** The task's inputs as they are when nothing is given. */
export const nothing: Input = {
  files: '*.parameters.json',
  templateFile: undefined,
  imageReference: undefined,
  packerLog: undefined,
  packerManifest: undefined,
  parameterName: undefined,
  jsonPath: undefined,
  replaceReference: false,
  tokens: undefined,
  secretTokens: undefined,
  tokenPattern: '@@NAME@@',
  missingTokens: 'fail',
  outputFile: undefined,
  dryRun: false,
  timeoutInMinutes: 0,
};

/** A folder of its own for one test. */
export interface Folder {
  readonly fake: FakeAgent;
  path(name: string): string;
  write(name: string, content: string | Buffer): void;
  read(name: string): string;
  /** Runs the task; `templateFile` and `outputFile` are paths in the folder. */
  run(input: Partial<Input>): string;
  close(): Promise<void>;
}

export function makeFolder(options: FakeAgentOptions = {}): Folder {
  const directory = mkdtempSync(join(tmpdir(), 'patch-'));
  const fake = fakeAgent({ ...options, workingDirectory: directory });
  const path = (name: string) => join(directory, name);
  const inFolder = (name: string | undefined) => (name === undefined ? undefined : path(name));
  return {
    fake,
    path,
    write(name, content) {
      writeFileSync(path(name), content);
    },
    read: name => readFileSync(path(name), 'utf8'),
    run: input =>
      patchFiles(
        {
          ...nothing,
          ...input,
          templateFile: inFolder(input.templateFile),
          outputFile: inFolder(input.outputFile),
          packerLog: inFolder(input.packerLog),
          packerManifest: inFolder(input.packerManifest),
        },
        fake.agent,
      ),
    async close() {
      await fake.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
