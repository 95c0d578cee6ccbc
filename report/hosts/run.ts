/** What the two hosts have in common: a run as it stands at one moment, and where to ask for it. */
import type { ReportRun } from '../../shared/report/format.js';

/** Something that a step attached to its run. */
export interface Attachment {
  readonly name: string;
  /** The step's record in the run's timeline. */
  readonly record: string;
  /** Tells it from every other attachment of the run. */
  readonly key: string;
  /** @throws ServiceError */
  readonly read: () => Promise<Blob>;
}

/** A run as it stands. */
export interface RunState {
  readonly run: ReportRun;
  /** Whether steps may still come. */
  readonly running: boolean;
  readonly parts: readonly Attachment[];
  readonly pictures: () => Promise<readonly Attachment[]>;
  readonly log: (record: string) => string | undefined;
  /** Steps of these tasks that ended and attached no part: their agent was lost, or their version knows no report. */
  readonly silent: readonly { readonly name: string; readonly result: string }[];
  readonly artifacts: readonly { readonly name: string; readonly url: string }[];
}

/** Where a run is asked for. */
export interface RunSource {
  /** @throws ServiceError */
  readonly look: () => Promise<RunState>;
  /** The last run before this one that passed, undefined when there is none. @throws ServiceError */
  readonly before: () => Promise<Pick<RunState, 'run' | 'parts'> | undefined>;
}

/** A run's page in one of its views: `logs`, `artifacts`. */
export function runView(
  page: string,
  view: string,
  more: Readonly<Record<string, string>> = {},
): string | undefined {
  return pageAt(page, ({ searchParams }) => {
    for (const [name, value] of Object.entries({ view, ...more })) searchParams.set(name, value);
  });
}

/** A page of the service's with other parameters; undefined for what is no page's address. */
export function pageAt(address: string, change: (url: URL) => void): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  change(url);
  return url.href;
}
