/** How the site answered while instances moved, as points of a picture that shares the roll's axis of time. */
import type { DeployBody } from '../../shared/report/bodies.js';

export interface SitePoint {
  /** Milliseconds after the roll's beginning. */
  readonly from: number;
  readonly to: number;
  readonly requests: number;
  readonly failures: number;
  readonly errorPercent: number;
  /** Milliseconds; null where no request was answered. */
  readonly slowest: number | null;
}

/** Buckets within `length` milliseconds. Their seconds count from the first request, which is sent when the roll begins. */
export function sitePoints(body: DeployBody, length: number): SitePoint[] {
  const { site } = body;
  if (site === null) return [];
  return site.buckets.flatMap(([second, requests, failures, slowest]) => {
    const from = second * 1000;
    const to = from + site.bucketSeconds * 1000;
    if (from >= length || requests === 0) return [];
    return [
      {
        from,
        to: Math.min(length, to),
        requests,
        failures,
        errorPercent: (failures / requests) * 100,
        slowest: failures === requests && slowest === 0 ? null : slowest,
      },
    ];
  });
}
