/** The site's own answer as a condition of the rollout. */
import type { SiteAnswer, SiteProbe } from '../../../shared/agent/siteProbe.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** What is wrong with the site; final when it has been so for too long. */
export interface SiteComplaint {
  readonly text: string;
  readonly final: boolean;
}

/**
 * Asks the site; undefined when it answers as it should. Half way, old and new instances answer in turn: only the
 * status counts then; at the end the text must be there too.
 */
export type SiteCheck = (when: 'onTheWay' | 'end') => Promise<SiteComplaint | undefined>;

/** A site that is down fails in changing words; that is not news each time. */
const quiet = 15_000;

/** A check of this URL that turns final after `patience` milliseconds of complaints in a row. */
export function createSiteCheck(
  site: { readonly url: string; readonly text: string | undefined; readonly patience: number },
  host: { readonly probe: SiteProbe; readonly clock: Clock; log(line: string): void },
): SiteCheck {
  let since: number | undefined;
  let told: { readonly problem: string; readonly at: number } | undefined;
  return async when => {
    const problem = problemOf(await host.probe(site.url), when === 'end' ? site.text : undefined);
    if (problem === undefined) {
      if (since !== undefined) host.log(`${site.url} answers as it should.`);
      since = undefined;
      told = undefined;
      return undefined;
    }
    since ??= host.clock.now();
    const elapsed = host.clock.now() - since;
    const now = host.clock.now();
    if (told === undefined || (problem !== told.problem && now - told.at >= quiet)) {
      host.log(`Waiting for ${site.url}: ${problem}`);
      told = { problem, at: now };
    }
    return {
      text: `${site.url} did not answer as it should for ${formatDuration(elapsed)} ('instanceTimeoutInMinutes'): ${problem}`,
      final: elapsed > site.patience,
    };
  };
}

/** What is wrong with an answer; undefined when nothing is. Pure. */
export function problemOf(answer: SiteAnswer, text: string | undefined): string | undefined {
  if (answer.status === undefined) return answer.reason;
  if (answer.status !== 200) return `HTTP ${answer.status} instead of 200`;
  if (text === undefined || answer.body.includes(text)) return undefined;
  return `the answer does not hold '${text}'; it begins with '${singleLine(answer.body, 80)}'`;
}
