/** The one time scale of all that takes its time: how long things last here, and what clients are told to wait. */

/** Durations are given as Azure's own seconds and last `scale` times as long. */
export interface Pace {
  /** 1 is Azure's own pace, 0 waits for nothing. */
  readonly scale: number;
  /** Resolves after so many of Azure's seconds, or at once when the local Azure closes. */
  wait(seconds: number): Promise<void>;
  /** Ends all waiting. */
  close(): void;
}

/** Fast enough for tests, slow enough for states in between to be seen. */
export const defaultTimeScale = 0.02;

/** setTimeout takes no more (about 24 days). */
const longestTimer = 2 ** 31 - 1;

export function createPace(scale: number): Pace {
  const waiting = new Set<() => void>();
  let closed = false;
  return {
    scale,
    wait: seconds =>
      new Promise(resolve => {
        const milliseconds = seconds * scale * 1000;
        if (closed || milliseconds <= 0) {
          resolve();
          return;
        }
        const end = () => {
          clearTimeout(timer);
          waiting.delete(end);
          resolve();
        };
        const timer = setTimeout(end, Math.min(milliseconds, longestTimer));
        waiting.add(end);
      }),
    close: () => {
      closed = true;
      for (const end of [...waiting]) end();
    },
  };
}

/** User agents of the clients that need a Retry-After. */
const dependent = /go-autorest|^Packer\/|HashiCorp|AZURECLI|azsdk-(python|go)/i;

/**
 * The Retry-After for a wait of so many of Azure's seconds: whole seconds, none at all where the scale makes it less than one.
 * go-autorest (Packer) polls without a pause when no whole Retry-After of a second or more is given, and it, Terraform and the
 * SDKs of Python (Azure CLI) and Go wait up to 30 s when none is, so they always get one; every other client here has a pace of
 * its own that a Retry-After would slow down.
 * @param seconds undefined where Azure sends none
 */
export function retryAfter(
  userAgent: string | undefined,
  seconds: number | undefined,
  scale: number,
): Record<string, string> {
  const scaled = (seconds ?? 0) * scale;
  if (scaled >= 1) return { 'retry-after': String(Math.round(scaled)) };
  return dependent.test(userAgent ?? '') ? { 'retry-after': '1' } : {};
}
