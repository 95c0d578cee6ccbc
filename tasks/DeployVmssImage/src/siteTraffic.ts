/** How the site answers while instances move: a few requests a second, counted. */
import type { SiteAnswer, SiteProbe } from '../../../shared/agent/siteProbe.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

/** What was measured; latencies in milliseconds, of the requests that were answered well. */
export interface SiteFacts {
  readonly url: string;
  readonly sent: number;
  readonly failed: number;
  /** The first failures, in words. */
  readonly failures: readonly string[];
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  /** `[seconds since the beginning, sent, failed, slowest in ms]` for each `bucketSeconds`. */
  readonly bucketSeconds: number;
  readonly buckets: readonly (readonly [number, number, number, number])[];
}

/** A measurement that goes on. */
export interface SiteTraffic {
  facts(): SiteFacts;
  /** Sends no more; answers that are still out are not waited for and not counted. */
  stop(): void;
}

const interval = 500;
const mostFailures = 5;
const mostBuckets = 360;

/**
 * Begins to measure. Only answers count that say the site is not there: none at all, or a status from 500.
 * @returns undefined when the site does not answer before anything moves: what cannot be reached from here cannot be measured
 */
export async function measureSite(
  url: string,
  host: { readonly probe: SiteProbe; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<SiteTraffic | undefined> {
  const { probe, clock } = host;
  if (complaintOf(await probe(url)) !== undefined) return undefined;
  const ended = new AbortController();
  const signal = AbortSignal.any([host.signal, ended.signal]);
  const began = clock.now();
  const failures: string[] = [];
  const latencies: number[] = [];
  let sent = 0;
  let failed = 0;
  let bucketSeconds = 10;
  let buckets: [number, number, number, number][] = [];

  const count = (at: number, took: number, complaint: string | undefined) => {
    sent += 1;
    if (complaint === undefined) latencies.push(took);
    else {
      failed += 1;
      const text = `after ${formatDuration(at - began)}: ${singleLine(complaint)}`;
      if (failures.length < mostFailures) failures.push(text);
    }
    add([Math.floor((at - began) / 1000), 1, complaint === undefined ? 0 : 1, took]);
  };
  const add = ([second, more, bad, slowest]: readonly [number, number, number, number]) => {
    const start = Math.floor(second / bucketSeconds) * bucketSeconds;
    const bucket = buckets.findLast(([from]) => from === start);
    if (bucket === undefined) buckets.push([start, more, bad, slowest]);
    else {
      bucket[1] += more;
      bucket[2] += bad;
      bucket[3] = Math.max(bucket[3], slowest);
    }
    if (buckets.length <= mostBuckets) return;
    const finer = buckets;
    bucketSeconds *= 2;
    buckets = [];
    for (const one of finer) add(one);
  };
  const ask = async () => {
    const at = clock.now();
    const complaint = complaintOf(await probe(url));
    if (!signal.aborted) count(at, clock.now() - at, complaint);
  };
  const run = async () => {
    while (!signal.aborted) {
      // Only a cancelled step makes a probe throw.
      void ask().catch(() => undefined);
      await clock.sleep(interval, signal);
    }
  };
  void run().catch(() => undefined);

  return {
    facts: () => {
      const sorted = latencies.toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
      const shown = buckets.map(one => [one[0], one[1], one[2], Math.round(one[3])] as const);
      return {
        url,
        sent,
        failed,
        failures,
        p50: at(0.5),
        p95: at(0.95),
        max: at(1),
        bucketSeconds,
        buckets: shown.toSorted((a, b) => a[0] - b[0]),
      };
    },
    stop: () => {
      ended.abort();
    },
  };
}

/** Why an answer means that the site is not there; undefined when it is. Pure. */
export function complaintOf(answer: SiteAnswer): string | undefined {
  if (answer.status === undefined) return answer.reason;
  return answer.status >= 500 ? `HTTP ${answer.status}` : undefined;
}

/** The measurement in a sentence. */
export function siteLine({ url, sent, failed, failures, p50, p95 }: SiteFacts): string {
  const answers = `answered ${sent - failed} of ${plural(sent, 'request')} while instances moved`;
  const times = `half of them within ${p50} ms, 95 % within ${p95} ms`;
  const bad = failed === 0 ? 'none failed' : `${failed} failed (first ${failures[0] ?? ''})`;
  return `${url} ${answers}; ${bad}${sent > failed ? `; ${times}` : ''}.`;
}
