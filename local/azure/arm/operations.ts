/** Long-running operations: work that goes on after the answer, and the documents that tell of it. */
import { randomUUID } from 'node:crypto';
import {
  asArmError,
  interrupted,
  restoredError,
  savedError,
  type ArmError,
  type SavedError,
} from './armError.js';
import { compact, type Json } from './json.js';
import type { Pace } from './pace.js';
import type { Timing } from './timings.js';

/** One long-running operation. */
export interface Operation {
  readonly id: string;
  readonly startTime: Date;
  readonly timing: Timing;
  /** The time scale that its Retry-After values follow. */
  readonly scale: number;
  /** How much longer it will take, in Azure's seconds, as far as its timing knows; 0 when it is overdue. */
  readonly remaining: number;
  readonly state:
    | { readonly status: 'InProgress' }
    | { readonly status: 'Succeeded'; readonly endTime: Date; readonly output: unknown }
    | { readonly status: 'Failed' | 'Canceled'; readonly endTime: Date; readonly error: ArmError };
  /** Settles when the operation does and never rejects. */
  readonly done: Promise<void>;
}

export interface OperationOptions {
  /** A GUID when absent. */
  readonly id?: string;
  /** Lasts no longer than its work when absent. */
  readonly timing?: Timing;
  /** Whether its id is twenty digits that count down from operation to operation, as those of deployments are. */
  readonly countdown?: boolean;
}

/** The operations of one local Azure. */
export interface Operations {
  /**
   * Starts the work after the answer to the request is on its way; a throw of it fails the operation. It lasts as
   * long as the work; whoever starts it sees to its timing, which is told to clients.
   */
  start(work: () => Promise<unknown>, options?: OperationOptions): Operation;
  find(id: string): Operation | undefined;
  /** Settles when none is in progress. */
  idle(): Promise<void>;
  /** Called at the end of each. */
  onEnd: () => void;
  /** The documents, oldest first, as JSON data. */
  save(): readonly SavedOperation[];
  /** Has documents of an earlier process again; operations that were in progress then have failed. */
  restore(saved: readonly SavedOperation[]): void;
}

/** An operation as it is written into the saved state. */
export interface SavedOperation extends Pick<Operation, 'id' | 'timing'> {
  readonly startTime: string;
  /** Absent of one in progress. */
  readonly end?: {
    readonly time: string;
    readonly status: 'Succeeded' | 'Failed' | 'Canceled';
    readonly output?: unknown;
    readonly error?: SavedError;
  };
}

/** Documents of operations that ended are kept for so many of the latest. */
const remembered = 10_000;

export function createOperations(now: () => Date, pace: Pace): Operations {
  const operations = new Map<string, Operation>();
  const inProgress = new Set<Promise<void>>();
  const forgetOldest = () => {
    for (const [id, { state }] of operations) {
      if (state.status === 'InProgress') continue;
      operations.delete(id);
      return;
    }
  };
  const nextCountdown = () => {
    let left = 9_223_372_036_854_775_807n - ticksOf(now());
    while (operations.has(padded(left))) left -= 1n;
    return padded(left);
  };
  const remember = (operation: Operation) => {
    operations.set(operation.id.toLowerCase(), operation);
    if (operations.size > remembered) forgetOldest();
  };
  const all: Operations = {
    onEnd: () => undefined,
    save: () => [...operations.values()].map(savedOperation),
    restore: saved => {
      for (const one of saved) remember(restoredOperation(one, pace.scale, now()));
    },
    start: (work, options = {}) => {
      const { timing = { seconds: 0 }, countdown = false } = options;
      const id = options.id ?? (countdown ? nextCountdown() : randomUUID());
      const startTime = now();
      let state: Operation['state'] = { status: 'InProgress' };
      const run = async () => {
        await new Promise(resolve => setImmediate(resolve));
        try {
          const output = await work();
          state = { status: 'Succeeded', endTime: now(), output };
        } catch (cause) {
          const error = asArmError(cause);
          state = {
            status: error.code === 'DeploymentCanceled' ? 'Canceled' : 'Failed',
            endTime: now(),
            error,
          };
        }
      };
      const done = run().finally(() => {
        inProgress.delete(done);
        all.onEnd();
      });
      inProgress.add(done);
      const operation: Operation = {
        id,
        startTime,
        timing,
        scale: pace.scale,
        get remaining() {
          if (pace.scale === 0) return 0;
          const passed = (now().getTime() - startTime.getTime()) / 1000 / pace.scale;
          return Math.max(0, timing.seconds - passed);
        },
        done,
        get state() {
          return state;
        },
      };
      remember(operation);
      return operation;
    },
    find: id => operations.get(id.toLowerCase()),
    idle: async () => {
      while (inProgress.size > 0) await Promise.all(inProgress);
    },
  };
  return all;
}

function savedOperation({ id, timing, startTime, state }: Operation): SavedOperation {
  const saved = { id, timing, startTime: startTime.toISOString() };
  if (state.status === 'InProgress') return saved;
  const { status, endTime } = state;
  const result = status === 'Succeeded' ? { output: state.output } : { error: savedError(state.error) };
  return { ...saved, end: { time: endTime.toISOString(), status, ...result } };
}

function restoredOperation(
  { id, timing, startTime, end }: SavedOperation,
  scale: number,
  now: Date,
): Operation {
  const endTime = end === undefined ? now : new Date(end.time);
  const error = end?.error === undefined ? interrupted() : restoredError(end.error);
  const state =
    end?.status === 'Succeeded'
      ? ({ status: 'Succeeded', endTime, output: end.output } as const)
      : ({ status: end?.status ?? 'Failed', endTime, error } as const);
  return { id, timing, startTime: new Date(startTime), scale, remaining: 0, done: Promise.resolve(), state };
}

/** A time as .NET counts it, in units of 100 ns since the year 1. */
export function ticksOf(time: Date): bigint {
  return BigInt(time.getTime()) * 10_000n + 621_355_968_000_000_000n;
}

function padded(count: bigint): string {
  return String(count).padStart(20, '0');
}

/** The operation as the compute provider and most others tell of it. */
export function operationDocument(operation: Operation): Json {
  const { state } = operation;
  return compact({
    startTime: operation.startTime.toISOString(),
    endTime: state.status === 'InProgress' ? undefined : state.endTime.toISOString(),
    status: state.status,
    name: operation.id,
    error: 'error' in state ? state.error.body : undefined,
    properties: 'output' in state && state.output !== undefined ? { output: state.output } : undefined,
  });
}

/** The operation as the network and deployment providers tell of it: no more than its status. */
export function statusDocument(operation: Operation, inProgress = 'InProgress'): Json {
  const { state } = operation;
  return compact({
    status: state.status === 'InProgress' ? inProgress : state.status,
    error: 'error' in state ? state.error.body : undefined,
  });
}
