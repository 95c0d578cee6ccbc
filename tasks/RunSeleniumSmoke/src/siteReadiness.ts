/** Waits until a site answers as it should. */
import type { SiteAnswer, SiteProbe } from '../../../shared/agent/siteProbe.js';
import { UserError } from '../../../shared/core/errors.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** What to wait for. */
export interface Readiness {
  readonly url: string;
  /** Text that the body must hold. */
  readonly text: string | undefined;
  /** 0 asks once. */
  readonly timeoutSeconds: number;
}

/** What waiting needs of its surroundings. */
export interface ReadinessPorts {
  readonly probe: SiteProbe;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly info: (line: string) => void;
}

/** So many good answers in a row make a site ready: behind a load balancer the first may come from the only good instance. */
export const goodAnswersNeeded = 3;

const pauseBetweenGood = 250;
const pauseAfterBad = 2000;
const heartbeat = 60_000;

/** What is wrong with an answer, undefined when it is good. */
export function faultOf(answer: SiteAnswer, text: string | undefined): string | undefined {
  if (answer.status === undefined) return singleLine(answer.reason);
  if (answer.status >= 400) return `it answers with status ${answer.status}`;
  if (text !== undefined && !answer.body.includes(text))
    return `it answers with status ${answer.status} but without the text '${singleLine(text)}'`;
  return undefined;
}

/**
 * Asks until enough answers in a row are good; logs a line whenever what it sees changes.
 * @throws UserError with the last fault when time is over
 */
export async function waitForSite(
  { url, text, timeoutSeconds }: Readiness,
  ports: ReadinessPorts,
): Promise<void> {
  const { probe, clock, signal, info } = ports;
  const began = clock.now();
  const deadline = began + timeoutSeconds * 1000;
  let good = 0;
  let asked = 0;
  let said: { fault: string; at: number } | undefined;
  for (;;) {
    const fault = faultOf(await probe(url), text);
    signal.throwIfAborted();
    asked += 1;
    good = fault === undefined ? good + 1 : 0;
    const now = clock.now();
    if (good >= goodAnswersNeeded || (good > 0 && timeoutSeconds === 0)) {
      info(`${url} is ready${said === undefined ? '' : ` after ${formatDuration(now - began)}`}.`);
      return;
    }
    if (now >= deadline) {
      const last =
        fault ?? `it has only begun to answer well (${good} of ${goodAnswersNeeded} answers in a row)`;
      throw new UserError(
        `${url} was not ready within ${timeoutSeconds} s (input 'waitTimeoutSeconds', ${plural(asked, 'request')}): ${last}. No test was run. Look at the deployment, or at 'waitPath' and 'waitForText'.`,
      );
    }
    if (fault !== undefined && (said?.fault !== fault || now - said.at >= heartbeat)) {
      info(`Waiting for ${url}: ${fault}.`);
      said = { fault, at: now };
    }
    await clock.sleep(
      Math.min(fault === undefined ? pauseBetweenGood : pauseAfterBad, deadline - now),
      signal,
    );
  }
}
