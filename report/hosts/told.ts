/** What went wrong between page and service, as sentences for whoever looks. Pure. */
import { ServiceError } from './service.js';

export function told(error: unknown): string {
  if (!(error instanceof ServiceError))
    return `The page failed: ${error instanceof Error ? error.message : String(error)}`;
  switch (error.status) {
    case undefined:
      return 'Azure DevOps gave no answer that can be read. Check the network, sign in again in another tab, then try again.';
    case 401:
    case 403:
      return 'Azure DevOps does not let you or this extension read it. You need to be allowed to view this pipeline; an administrator may have to approve what the extension asks for (Organization settings, Extensions).';
    case 404:
      return 'It is no longer there: the run was deleted, or retention removed what its steps left.';
    case 429:
      return 'Azure DevOps holds back your requests for now. Try again in some minutes.';
    default:
      return `Azure DevOps failed (${error.message}). Try again in some minutes.`;
  }
}

/** What to say of a run that has no part that can be shown. */
export function nothingYet(running: boolean): string {
  return running
    ? 'No step of Bake & Roll has finished yet. The report appears here as they do.'
    : 'No step of Bake & Roll left its part of a report in this run: none finished, their versions are from before there was one, or retention removed what they left.';
}

/** What to say of a step that ended without a word. */
export function silence({ name, result }: { readonly name: string; readonly result: string }): string {
  return `The step '${name}' ended (${result || 'no result'}) and left nothing for the report: its agent was lost, or its task is of a version from before there was one. Its log has its result.`;
}
