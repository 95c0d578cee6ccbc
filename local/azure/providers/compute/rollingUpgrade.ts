/** A rolling upgrade as it runs: batch after batch until all are done, a policy is broken, or it is cancelled. */
import { sleep } from '../../../../shared/core/wait.js';
import { ArmError, asArmError } from '../../arm/armError.js';
import { compact, type Json } from '../../arm/json.js';
import { nextStep, pauseSeconds, type Member, type RollingPolicy } from './rollingPolicy.js';

/** How long a batch takes at least, in Azure's seconds: recorded of two batches of instances that were up to date. */
const batchSeconds = 20;

/** The scale set as a rolling upgrade needs it. */
export interface RollPort {
  /** All instances in their order. */
  instances(): readonly { readonly instanceId: string; readonly healthy: boolean }[];
  /**
   * Brings instances to the latest model and waits until each is healthy, or for long enough.
   * @returns the instances that stand for them now, those that did not come up as failed
   */
  upgrade(instanceIds: readonly string[], surge: boolean): Promise<readonly Outcome[]>;
  /** Brings an instance back to what it was made of before. @throws when it cannot */
  rollBack(instanceId: string): Promise<void>;
  now(): Date;
  /** Factor on Azure's own times. */
  readonly timeScale: number;
}

export interface Outcome {
  readonly instanceId: string;
  readonly error?: ArmError;
}

interface Progress {
  readonly successfulInstanceCount: number;
  readonly failedInstanceCount: number;
  readonly inProgressInstanceCount: number;
  readonly pendingInstanceCount: number;
}

/** One rolling upgrade, running or ended. */
export interface RollingUpgrade {
  readonly policy: RollingPolicy;
  readonly startTime: Date;
  /** Settles when it has ended. @throws ArmError when it was broken off */
  readonly ended: Promise<void>;
  readonly running: boolean;
  cancel(): void;
  /** The properties of `rollingUpgrades/latest`. */
  show(): Json;
  /** The properties of its entry in the history, without the image; undefined while it runs. */
  historical(): Json | undefined;
}

/**
 * Starts one.
 * @param pending the instances to bring to the latest model
 * @param target the scale set's name, for messages
 */
export function startRollingUpgrade(
  port: RollPort,
  policy: RollingPolicy,
  pending: readonly string[],
  target: string,
): RollingUpgrade {
  const startTime = port.now();
  const cancelled = new AbortController();
  const waiting = new Set(pending);
  const parts = new Map<string, 'upgraded' | 'failed'>();
  const errors = new Map<string, ArmError>();
  let inProgress: readonly string[] = [];
  let code: 'RollingForward' | 'Completed' | 'Cancelled' | 'Faulted' = 'RollingForward';
  let lastAction: { readonly name: 'Start' | 'Cancel'; readonly time: Date } = {
    name: 'Start',
    time: startTime,
  };
  let error: Json | undefined;
  let endTime: Date | undefined;
  let rollback: Json | undefined;

  const members = (): readonly Member[] =>
    port.instances().map(({ instanceId, healthy }) => ({
      instanceId,
      healthy: healthy && parts.get(instanceId) !== 'failed',
      part: parts.get(instanceId) ?? (waiting.has(instanceId) ? 'pending' : 'untouched'),
    }));

  const end = (how: typeof code, why?: Json) => {
    code = how;
    error = why;
    endTime = port.now();
  };

  const runBatch = async (instanceIds: readonly string[]) => {
    inProgress = instanceIds;
    for (const instanceId of instanceIds) waiting.delete(instanceId);
    const [outcomes] = await unlessCancelled(
      Promise.all([
        port.upgrade(instanceIds, policy.maxSurge),
        sleep(batchSeconds * 1000 * port.timeScale, cancelled.signal),
      ]),
      cancelled.signal,
    );
    for (const { instanceId, error: failure } of outcomes) {
      parts.set(instanceId, failure === undefined ? 'upgraded' : 'failed');
      if (failure !== undefined) errors.set(instanceId, failure);
    }
    inProgress = [];
  };

  const fault = async (breach: ArmError) => {
    const failed = [...parts].filter(([, part]) => part === 'failed').map(([instanceId]) => instanceId);
    if (policy.rollbackFailedInstancesOnPolicyBreach && !policy.maxSurge) {
      const settled = await Promise.allSettled(failed.map(instanceId => port.rollBack(instanceId)));
      const failures = settled.filter(one => one.status === 'rejected');
      rollback = compact({
        successfullyRolledbackInstanceCount: settled.length - failures.length,
        failedRolledbackInstanceCount: failures.length,
        rollbackError: failures.length === 0 ? undefined : asArmError(failures[0]?.reason).body,
      });
    }
    const details = [...errors].map(([instanceId, { code: why, message }]) => ({
      code: why,
      message,
      target: `${target}/virtualMachines/${instanceId}`,
    }));
    end('Faulted', { details, code: breach.code, message: breach.message });
    throw breach;
  };

  const run = async () => {
    const pause = (pauseSeconds(policy.pauseTimeBetweenBatches) ?? 0) * 1000 * port.timeScale;
    for (let first = true; ; first = false) {
      cancelled.signal.throwIfAborted();
      const next = nextStep(policy, members());
      if (next.kind === 'breach') return fault(next.error);
      if (next.kind === 'completed') {
        end('Completed');
        return undefined;
      }
      if (!first && pause > 0) await sleep(pause, cancelled.signal);
      await runBatch(next.instanceIds);
    }
  };

  const ended = run().catch((thrown: unknown) => {
    if (code === 'RollingForward') {
      const failure = asArmError(thrown);
      end('Faulted', { details: [], ...failure.body });
    }
    throw thrown;
  });
  // The status tells of it, too, to those who do not wait.
  ended.catch(() => undefined);

  const progress = (): Progress => {
    const of = (part: string) => [...parts.values()].filter(one => one === part).length;
    return {
      successfulInstanceCount: of('upgraded'),
      failedInstanceCount: of('failed'),
      inProgressInstanceCount: inProgress.length,
      pendingInstanceCount: waiting.size,
    };
  };
  const runningStatus = () => ({
    code,
    startTime: startTime.toISOString(),
  });

  return {
    policy,
    startTime,
    ended,
    get running() {
      return code === 'RollingForward';
    },
    cancel() {
      if (code !== 'RollingForward') return;
      lastAction = { name: 'Cancel', time: port.now() };
      const details = inProgress.map(instanceId => ({
        code: 'RollingUpgradeCanceled',
        message: 'Rolling Upgrade failed as upgrade was canceled while it was in progress.',
        target: `${target}/virtualMachines/${instanceId}`,
      }));
      for (const instanceId of inProgress) parts.set(instanceId, 'failed');
      inProgress = [];
      end('Cancelled', {
        details,
        code: 'RollingUpgradeInternalError',
        message: 'An internal error occured while executing the rolling upgrade.',
      });
      cancelled.abort(
        new ArmError(
          409,
          'RollingUpgradeCanceled',
          'Rolling Upgrade failed as upgrade was canceled while it was in progress.',
        ),
      );
    },
    show: () =>
      compact({
        policy: shown(policy),
        runningStatus: {
          ...runningStatus(),
          lastAction: lastAction.name,
          lastActionTime: lastAction.time.toISOString(),
        },
        progress: progress(),
        error,
      }),
    historical: () =>
      endTime === undefined
        ? undefined
        : compact({
            runningStatus: { ...runningStatus(), endTime: endTime.toISOString() },
            progress: progress(),
            error,
            startedBy: 'User',
            rollbackInfo: rollback,
          }),
  };
}

/** Switches that are off are left out, as they are where nobody knows them. */
function shown(policy: RollingPolicy): Json {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== false));
}

/** What the work gives, or the signal's reason as soon as it is aborted; the work then goes on unheard. */
async function unlessCancelled<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  let forget: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    forget = () => {
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    forget();
  }
}
