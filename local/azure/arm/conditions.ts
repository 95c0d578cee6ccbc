/** Conditional requests: If-Match and If-None-Match. Pure. */
import { ArmError } from './armError.js';
import { string } from './json.js';
import type { Resource } from './store.js';

export interface Conditions {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

/** @throws ArmError PreconditionFailed when the resource, or that there is none, does not meet the conditions */
export function checkConditions(existing: Resource | undefined, { ifMatch, ifNoneMatch }: Conditions): void {
  if (ifNoneMatch === '*' && existing !== undefined) {
    throw new ArmError(
      412,
      'PreconditionFailed',
      `The resource '${existing.id}' exists already, and if-none-match is '*'.`,
    );
  }
  if (ifMatch === undefined || ifMatch === '*') return;
  const etag = string(existing?.etag) ?? '""';
  if (unquoted(ifMatch) !== unquoted(etag)) {
    throw new ArmError(
      412,
      'PreconditionFailed',
      `Etag provided in if-match header "${unquoted(ifMatch)}" does not match etag ${etag} of resource.`,
    );
  }
}

function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}
