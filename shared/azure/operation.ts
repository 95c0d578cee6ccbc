/** Long-running operations that are looked at when there is reason to, never waited for in one go. */
import { UserError } from '../core/errors.js';
import type { Clock } from '../core/wait.js';
import { observing } from './answers.js';
import { azureFailure } from './failure.js';

/** An operation that Azure has accepted. */
export interface Operation {
  /**
   * Asks Azure how it stands, unless that would be too early; true when it has ended well.
   * @throws AzureError when it failed
   */
  check(): Promise<boolean>;
}

/** What this project needs of the SDK's poller. It is thenable: never return it from an async function. */
export interface Poller {
  submitted(): Promise<void>;
  poll(options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  readonly isDone: boolean;
}

/** The pause before the next look, in milliseconds: a twentieth of the time that has passed, within bounds. */
export function lookDelay(elapsed: number, shortest = 500, longest = 10_000): number {
  return Math.min(longest, Math.max(shortest, elapsed / 20));
}

/**
 * Sends the request that starts an operation.
 * @param begin calls the SDK; must not wait for its poller
 * @throws AzureError when Azure does not accept it
 */
export async function startOperation(
  doing: string,
  begin: () => Poller,
  clock: Clock,
  signal: AbortSignal,
): Promise<Operation> {
  const started = clock.now();
  const send = async () => {
    const poller = begin();
    await poller.submitted();
    return { poller };
  };
  const ask = async <T>(call: () => Promise<T>) => {
    signal.throwIfAborted();
    try {
      return await observing(call);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw azureFailure(doing, error);
    }
  };

  const { poller } = (await ask(send)).result;
  let done = poller.isDone;
  // The first look comes at once, as the SDKs do: what changes no instance has ended by then.
  let notBefore = started;
  return {
    async check() {
      if (done) return true;
      if (clock.now() < notBefore) return false;
      const look = await ask(() => poller.poll({ abortSignal: signal }));
      done = poller.isDone;
      notBefore = clock.now() + (look.answers.retryAfter ?? lookDelay(clock.now() - started));
      return done;
    },
  };
}

/**
 * Waits until an operation has ended well.
 * @throws AzureError when it failed, UserError when it has not ended within `milliseconds`
 */
export async function untilEnded(
  operation: Operation,
  wait: {
    readonly doing: string;
    readonly milliseconds: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Told once a minute while it lasts. */
    onMinute?(minutes: number): void;
  },
): Promise<void> {
  const { clock, signal } = wait;
  const start = clock.now();
  let minutes = 0;
  while (!(await operation.check())) {
    const elapsed = clock.now() - start;
    if (elapsed > wait.milliseconds) {
      throw new UserError(
        `Azure has not finished ${wait.doing} within ${Math.round(wait.milliseconds / 60_000)} minutes. It may still be at it: look at the resource in the portal before running this step again.`,
      );
    }
    if (elapsed >= (minutes + 1) * 60_000) wait.onMinute?.(++minutes);
    await clock.sleep(lookDelay(elapsed, 250, 5000), signal);
  }
}
