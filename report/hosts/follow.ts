/** When to look again at a run. */

const soonest = 5_000;
/** A page that tells of every change, many a second, does not make as many looks. */
const leastGap = 1_000;
const latest = 60_000;
/** The run has ended: only a step or a stage that is run once more changes it. The page around usually tells. */
const whenEnded = 300_000;

/**
 * Milliseconds until the next look. Pure.
 * @param waited the wait before this look, 0 for the first
 * @param changed whether this look saw something new
 */
export function nextWait(waited: number, changed: boolean, running: boolean): number {
  if (!running) return whenEnded;
  return changed || waited === 0 ? soonest : Math.min(latest, waited * 1.5);
}

/** A wait that ends early: when `wake` is called, or when the reader comes back to a page that could not be seen. */
export function createAlarm(): { wake(): void; wait(milliseconds: number): Promise<void> } {
  let ring: () => void = () => undefined;
  let rung = false;
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) ring();
  });
  return {
    wake() {
      rung = true;
      ring();
    },
    async wait(milliseconds) {
      await new Promise(resolve => setTimeout(resolve, leastGap));
      if (!rung) {
        await new Promise<void>(resolve => {
          const timer = setTimeout(() => {
            // What nobody sees is not asked for: the reader's return rings.
            if (!document.hidden) resolve();
          }, milliseconds);
          ring = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      rung = false;
    },
  };
}
