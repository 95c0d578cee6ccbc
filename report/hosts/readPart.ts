/** Reads one part: text from outside, perhaps of another version of the extension, perhaps broken. Pure. */
import * as z from 'zod';
import { reportPart, type ReportPart } from '../../shared/report/format.js';
import { reportVersion } from '../../shared/report/names.js';

/** A part, or the sentence that says why there is none. */
export type ReadPart = { readonly part: ReportPart } | { readonly note: string };

/** Bytes of one part; a whole run's stay under a million. */
export const largestPart = 4_000_000;

const frame = z.object({
  schemaVersion: z.number(),
  taskVersion: z.string().catch(''),
  task: z.string().catch(''),
  step: z.object({ displayName: z.string() }).catch({ displayName: '' }),
});

/** @param name of the attachment, to call the part by when nothing else is known of it */
export function readPart(text: string, name: string): ReadPart {
  const data = parsed(text);
  const read = reportPart.safeParse(data);
  if (read.success) return { part: read.data };
  const told = frame.safeParse(data);
  if (told.success && told.data.schemaVersion > reportVersion) {
    const {
      step: { displayName },
      task,
      taskVersion,
      schemaVersion,
    } = told.data;
    return {
      note: `The step '${displayName || name}' (${[task, taskVersion].join(' ').trim()}) told its result in version ${schemaVersion} of the report, and this page knows version ${reportVersion}: reload it; if that does not help, update the extension. The step's log has its result.`,
    };
  }
  return {
    note: `What '${name}' tells cannot be read (${why(data, read.error)}). The step's log has its result.`,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function why(data: unknown, error: z.ZodError): string {
  const [issue] = error.issues;
  if (data === undefined || issue === undefined) return 'it is no JSON, perhaps cut off';
  return `${issue.path.join('.') || 'all of it'}: ${issue.message}`;
}
