/** Long-running operations: work that goes on after the answer, and the documents that tell of it. */
import { randomUUID } from 'node:crypto';
import { asArmError, type ArmError } from './armError.js';
import { compact, type Json } from './json.js';

/** One long-running operation. */
export interface Operation {
  readonly id: string;
  readonly startTime: Date;
  readonly state:
    | { readonly status: 'InProgress' }
    | { readonly status: 'Succeeded'; readonly endTime: Date; readonly output: unknown }
    | { readonly status: 'Failed' | 'Canceled'; readonly endTime: Date; readonly error: ArmError };
  /** Settles when the operation does and never rejects. */
  readonly done: Promise<void>;
}

/** The operations of one local Azure. */
export interface Operations {
  /** Starts the work after the answer to the request is on its way; a throw of it fails the operation. */
  start(work: () => Promise<unknown>, id?: string): Operation;
  find(id: string): Operation | undefined;
  /** Settles when none is in progress. */
  idle(): Promise<void>;
}

export function createOperations(now: () => Date): Operations {
  const operations = new Map<string, Operation>();
  const inProgress = new Set<Promise<void>>();
  return {
    start: (work, id = randomUUID()) => {
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
      const done = run().finally(() => inProgress.delete(done));
      inProgress.add(done);
      const operation: Operation = {
        id,
        startTime,
        done,
        get state() {
          return state;
        },
      };
      operations.set(id.toLowerCase(), operation);
      return operation;
    },
    find: id => operations.get(id.toLowerCase()),
    idle: async () => {
      while (inProgress.size > 0) await Promise.all(inProgress);
    },
  };
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
