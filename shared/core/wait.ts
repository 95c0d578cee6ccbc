/** Waiting that a signal can end. */

/**
 * Resolves after `milliseconds`.
 * @throws the signal's reason as soon as it is aborted
 */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Time as a use case sees it; a test gives a simulated one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** See {@link sleep}. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own time. */
export const systemClock: Clock = { now: () => Date.now(), sleep };
