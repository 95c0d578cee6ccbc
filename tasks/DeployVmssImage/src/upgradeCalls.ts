/** The calls that a rollout has made of Azure and that are still under way. */
import { isBusy } from '../../../shared/azure/failure.js';
import type { Operation } from '../../../shared/azure/operation.js';
import type { ScaleSetInstance, ScaleSets } from '../../../shared/azure/scaleSets.js';
import { AzureError, describe } from '../../../shared/core/errors.js';
import { singleLine } from '../../../shared/core/text.js';
import { noteAsked, noteRefused, noteRefusedTogether, type Ledger } from './rolloutPlan.js';

/** A call that Azure has accepted. */
export interface Call {
  readonly operation: Operation;
  /** The instances it upgrades; none for the change of the model. */
  readonly ids: readonly string[];
}

/** Whether it is the change of the model, not an upgrade of instances. */
export function isModelChange(call: Call): boolean {
  return call.ids.length === 0;
}

/** What became of asking for upgrades. */
export type Asked =
  | { readonly ledger: Ledger; readonly calls: readonly Call[] }
  /** Azure is changing the scale set itself just now; nothing was begun. */
  | { readonly busy: string }
  /** Azure would not take them together; each is asked for by itself from now on. */
  | { readonly apart: string; readonly ledger: Ledger };

/** Asks for the upgrade of these instances in one call. */
export async function askUpgrade(
  scaleSets: ScaleSets,
  name: string,
  ids: readonly string[],
  ledger: Ledger,
  now: number,
): Promise<Asked> {
  const asked = noteAsked(ledger, ids, now);
  try {
    return { ledger: asked, calls: [{ operation: await scaleSets.upgrade(name, ids), ids }] };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (isBusy(error)) return { busy: error.detail.message };
    // An instance that went meanwhile, or is protected, makes Azure refuse all that are named with it.
    if (ids.length > 1) return { apart: inOneLine(error), ledger: noteRefusedTogether(ledger, ids) };
    return { ledger: noteRefused(asked, ids, inOneLine(error)), calls: [] };
  }
}

/** So many calls are looked at in one round: the list of instances tells nearly all, and reads must not grow with the calls. */
const mostChecks = 2;

/**
 * Looks at the change of the model and, in turn, at a few of the calls that have something left to tell: those whose instances have all
 * arrived have none.
 */
export async function checkCalls(
  calls: readonly Call[],
  ledger: Ledger,
  instances: readonly ScaleSetInstance[],
): Promise<{ calls: Call[]; ledger: Ledger; modelFailure: string | undefined }> {
  const [left, looked]: [Call[], Call[]] = [[], []];
  let checks = 0;
  let after = ledger;
  let modelFailure: string | undefined;
  for (const call of calls) {
    try {
      if (!isModelChange(call) && call.ids.every(id => ledger.arrivedAt.has(id))) continue;
      if (!isModelChange(call) && ++checks > mostChecks) left.push(call);
      else if (!(await call.operation.check())) looked.push(call);
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      if (isModelChange(call)) modelFailure = describe(error);
      const behind = call.ids.filter(
        id => !instances.some(instance => instance.id === id && instance.latestModelApplied),
      );
      after = noteRefused(after, behind.length > 0 ? behind : call.ids, inOneLine(error));
    }
  }
  return { calls: [...left, ...looked], ledger: after, modelFailure };
}

function inOneLine(error: AzureError): string {
  return singleLine(describe(error).replace(/\s*\n\s*/g, ' '), 1000);
}
