/** What a request for a resource says beside its body, and what comes of it when it is not refused. */
import type { Conditions } from './conditions.js';
import type { Operation } from './operations.js';
import type { Provider } from './provider.js';
import type { Resource } from './store.js';

/** What a request says beside its body. */
export interface RequestDetails extends Conditions {
  /** The body as it was sent, for line numbers in refusals. */
  readonly text?: string | undefined;
  /** Its api-version decides how the resource is shown; the newest when absent. */
  readonly query?: URLSearchParams;
}

/** A PUT or PATCH that was not refused. */
export interface Accepted {
  readonly provider: Provider;
  readonly resource: Resource;
  readonly existed: boolean;
  /** Absent when all was done at once. */
  readonly operation: Operation | undefined;
}

/** An action: its result at once, or the operation it started. */
export type Acted =
  | { readonly provider: Provider; readonly result: unknown }
  | { readonly provider: Provider; readonly resource: Resource; readonly operation: Operation };
