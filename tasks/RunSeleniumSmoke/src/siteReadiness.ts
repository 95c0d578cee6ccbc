/** Waits until a site answers as it should. */
import type { SiteAnswer, SiteProbe } from '../../../shared/agent/siteProbe.js';
import { UserError } from '../../../shared/core/errors.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** What to wait for. */
export interface Readiness {
  readonly url: string;
  /** Text that the body must hold, or a header as `Name: value`; such as the version just rolled. */
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

/**
 * So many good answers in a row make a site ready: behind a load balancer the first may come from the only good instance. Where a
 * version is waited for, instances of the one before it answer well too; as long as they are half of all, ten answers pass them by
 * once in a thousand times. Each answer has a connection of its own, so the balancer chooses anew.
 */
export function goodAnswersNeeded(text: string | undefined): number {
  return text === undefined ? 3 : 10;
}

const pauseBetweenGood = 100;
const pauseAfterBad = 2000;
const heartbeat = 60_000;
/** A good answer among so many last ones tells of a balancer between instances, some of which are not there yet. */
const recently = 5;

/** What is wrong with an answer, undefined when it is good. */
export function faultOf(answer: SiteAnswer, text: string | undefined): string | undefined {
  if (answer.status === undefined) return singleLine(answer.reason);
  if (answer.status >= 400) return `it answers with status ${answer.status}`;
  if (text !== undefined && !answer.body.includes(text) && !hasHeader(answer.headers ?? {}, text))
    return `it answers with status ${answer.status} but without the text '${singleLine(text)}'`;
  return undefined;
}

function hasHeader(headers: Readonly<Record<string, string>>, text: string): boolean {
  const [, name = '', value] = /^([\w-]+):\s*(.*?)\s*$/s.exec(text) ?? [];
  return value !== undefined && headers[name.toLowerCase()] === value;
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
  const needed = goodAnswersNeeded(text);
  let good = 0;
  let asked = 0;
  let lastGood = -Infinity;
  let said: { fault: string; at: number } | undefined;
  for (;;) {
    const answered = faultOf(await probe(url), text);
    signal.throwIfAborted();
    asked += 1;
    if (answered === undefined) lastGood = asked;
    const mixed = answered !== undefined && asked - lastGood < recently;
    const fault = mixed ? `${answered}, and well in between: not every instance is ready` : answered;
    good = fault === undefined ? good + 1 : 0;
    const now = clock.now();
    if (good >= needed || (good > 0 && timeoutSeconds === 0)) {
      info(`${url} is ready${said === undefined ? '' : ` after ${formatDuration(now - began)}`}.`);
      return;
    }
    // A row of good answers may end behind the deadline: the site is there.
    if (fault !== undefined && now >= deadline) {
      throw new UserError(
        `${url} was not ready within ${timeoutSeconds} s (input 'waitTimeoutSeconds', ${plural(asked, 'request')}): ${fault}. No test was run. Look at the deployment, or at 'waitPath' and 'waitForText'.`,
      );
    }
    if (fault !== undefined && (said?.fault !== fault || now - said.at >= heartbeat)) {
      info(`Waiting for ${url}: ${fault}.`);
      said = { fault, at: now };
    }
    const pause = fault === undefined ? pauseBetweenGood : Math.min(pauseAfterBad, deadline - now);
    await clock.sleep(pause, signal);
  }
}
