/** What is kept of a local Azure over restarts, in one file that is always whole. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { UserError } from '../../../shared/core/errors.js';
import type { Json } from '../arm/json.js';
import type { SavedOperation } from '../arm/operations.js';
import type { Resources } from '../arm/resources.js';
import type { Resource, ResourceGroup } from '../arm/store.js';
import type { Disk } from '../machines/machineHost.js';
import type { Trust } from '../signIn/trust.js';

/** JSON data with secrets in it: keys, and the passwords that machines were made with. */
export interface SavedState {
  readonly version: 2;
  readonly trust: Trust;
  readonly groups: readonly ResourceGroup[];
  readonly resources: readonly Resource[];
  readonly images: readonly (readonly [id: string, disk: Disk])[];
  readonly blobs: readonly (readonly [uri: string, disk: Disk])[];
  readonly osBlobs: readonly string[];
  readonly storageKeys: readonly (readonly [account: string, keys: readonly string[]])[];
  readonly operations: readonly SavedOperation[];
  /** What requests have asked of resources, see {@link Resources.requested}. */
  readonly requested: Resources['allRequested'];
  /** What providers keep beside their resources, by type. */
  readonly kept: Json;
}

export interface StateFile {
  /** Undefined at the first start. */
  readonly saved: SavedState | undefined;
  write(state: SavedState): void;
}

/** @throws UserError when the file is there and cannot be used */
export function openStateFile(file: string): StateFile {
  return {
    saved: read(file),
    write: state => {
      // A reader, or the next start after a power cut, finds the old text or the new one.
      writeFileSync(`${file}.part`, JSON.stringify(state), { mode: 0o600, flush: true });
      renameSync(`${file}.part`, file);
    },
  };
}

function read(file: string): SavedState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const state = JSON.parse(text) as SavedState;
    if ((state.version as number) === 2) return state;
  } catch {
    // Told below.
  }
  throw new UserError(
    `The state in ${file} was written by another version, or is no JSON: use another directory or delete it.`,
  );
}

/** The loopback addresses that the state's resources and machines hold. */
export function addressesIn(state: SavedState | undefined): readonly string[] {
  const found = JSON.stringify([state?.resources, state?.kept]).match(/(?<=")127\.\d+\.\d+\.\d+(?=")/g) ?? [];
  return [...new Set(found)].filter(address => address !== '127.0.0.1');
}
