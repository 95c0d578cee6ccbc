/** Moves a scale set's instances to its model: looks, lets the plan decide, acts, tells. */
import type { Agent } from '../../../shared/agent/agent.js';
import { isBusy } from '../../../shared/azure/failure.js';
import type { Operation } from '../../../shared/azure/operation.js';
import type { InstanceOwner, ScaleSetInstance, ScaleSets } from '../../../shared/azure/scaleSets.js';
import { AzureError, describe } from '../../../shared/core/errors.js';
import { plural, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import { openBudget, take, untilNext } from './budget.js';
import { inOrder, planInstance, reachable, type HealthSource } from './instances.js';
import { heartbeatLine, leftBehindLine, newsLines, whyItGaveUp } from './rolloutLines.js';
import {
  decide,
  noteAsked,
  noteRefused,
  openLedger,
  type InstanceFailure,
  type Ledger,
  type RolloutPolicy,
} from './rolloutPlan.js';
import type { SiteCheck } from './siteCheck.js';

/** What a rollout moves, and by which rules. */
export interface RolloutTarget {
  /** As its model is now. */
  readonly scaleSet: InstanceOwner;
  readonly policy: RolloutPolicy;
  readonly health: HealthSource;
  /** The site must answer before more instances move and at the end. */
  readonly site: SiteCheck | undefined;
  /** What is under way at Azure already, as the change of the model; its failure is the rollout's. */
  readonly underWay: readonly Operation[];
  /** Where Azure rolls by itself: since when, in milliseconds; an earlier upgrade is none of ours. */
  readonly azureRollsSince: number | undefined;
  /** Whether even the instances that are on the model already have moved to it by this step. */
  readonly everyInstanceMoves: boolean;
}

/** What a rollout needs of the world. */
export interface RolloutHost {
  readonly agent: Agent;
  readonly scaleSets: ScaleSets;
  readonly clock: Clock;
}

/** How a rollout ended. */
export interface RolloutResult {
  /** Why it failed, a sentence; undefined when it went through. */
  readonly failure: string | undefined;
  /** Failed instances; in a rollout that went through, those that its policy allows. */
  readonly failed: readonly InstanceFailure[];
  /** Instances that this step brought to the model, in service. */
  readonly updated: readonly string[];
  /** The last look at all of them. */
  readonly instances: readonly ScaleSetInstance[];
}

/** Documented allowances of one scale set: model and instance updates, and instance views. */
const updateAllowance = { burst: 12, perMinute: 4 };
const viewAllowance = { burst: 30, perMinute: 10 };
const shortestLook = 1000;
const longestLook = 15_000;
const heartbeat = 60_000;
const clockSkew = 120_000;

/**
 * Rolls until every reachable instance is in service on the model, or the policy gives up.
 * @throws AzureError when the instances cannot be listed; the signal's reason when the step is cancelled. What it leaves is logged.
 */
export async function rollOut(target: RolloutTarget, host: RolloutHost): Promise<RolloutResult> {
  const { agent, clock, scaleSets } = host;
  const start = clock.now();
  let ledger = openLedger(start);
  let views = openBudget(viewAllowance.burst, viewAllowance.perMinute, start);
  let updates = openBudget(updateAllowance.burst, updateAllowance.perMinute, start);
  let calls: readonly Call[] = target.underWay.map(operation => ({ operation, ids: [] }));
  let instances: readonly ScaleSetInstance[] = [];
  let first: { readonly arrived: ReadonlySet<string>; readonly old: ReadonlySet<string> } | undefined;
  let toldAt = start;
  let wakeAt = Infinity;
  let busySince: number | undefined;

  const round = async (): Promise<RolloutResult | undefined> => {
    views = take(views, clock.now()) ?? views;
    const seen = reachable(instances).taking;
    instances = await scaleSets.instances(target.scaleSet);
    const { taking } = reachable(instances);
    const checked = await checkCalls(calls, ledger, taking);
    calls = checked.calls;
    const now = clock.now();
    const before = ledger;
    const plan = taking.map(instance => planInstance(instance, target.health));
    const { ledger: after, step } = decide(target.policy, checked.ledger, plan, now);
    ledger = after;
    wakeAt = step.do === 'wait' ? (step.until ?? Infinity) : Infinity;
    first ??= {
      arrived: new Set(after.arrivedAt.keys()),
      old: new Set(plan.filter(({ current }) => target.everyInstanceMoves || !current).map(({ id }) => id)),
    };
    const { old } = first;
    const end = (failure: string | undefined, failed: readonly InstanceFailure[] = []): RolloutResult => ({
      failure,
      failed,
      updated: inOrder([...ledger.arrivedAt.keys()].filter(id => old.has(id))),
      instances,
    });

    const look = { ledger: after, instances: taking };
    const news = newsLines({ ledger: before, instances: seen }, look, first.arrived);
    if (news.length === 0 && now - toldAt >= heartbeat) news.push(heartbeatLine(look, step, now - start));
    if (news.length > 0) toldAt = now;
    for (const line of news) agent.info(line);
    if (seen.length === 0 || before.arrivedAt.size !== after.arrivedAt.size) {
      const arrived = `${after.arrivedAt.size} of ${plural(taking.length, 'instance')} in service on the new model`;
      agent.progress((after.arrivedAt.size * 100) / Math.max(1, taking.length), arrived);
    }

    if (checked.modelFailure !== undefined) return end(checked.modelFailure);
    if (step.do === 'giveUp') return end(whyItGaveUp(step, target.policy), step.failed);
    if (step.do === 'wait') {
      const fault = await faultOfAzuresRoll(target, scaleSets);
      return fault === undefined ? undefined : end(fault);
    }
    if (target.site !== undefined && (step.do === 'finish' || after.asked.size > 0)) {
      const complaint = await target.site(step.do === 'finish' ? 'end' : 'onTheWay');
      if (complaint !== undefined) return complaint.final ? end(complaint.text) : undefined;
    }
    if (step.do === 'finish') return calls.some(isModelChange) ? undefined : end(undefined, step.failed);
    const taken = take(updates, now);
    // Without allowance the next round asks for these and for whoever is free by then, in one call.
    if (taken === undefined) return undefined;
    updates = taken;
    agent.info(`Upgrading ${plural(step.ids.length, 'instance')}: ${inOrder(step.ids).join(', ')}`);
    const asked = await askUpgrade(scaleSets, target.scaleSet.name, step.ids, after, now);
    if ('busy' in asked) {
      agent.info(`Azure is busy with this scale set (${asked.busy}): they are asked for again.`);
      busySince ??= now;
      if (now - busySince <= target.policy.instanceTimeout) return undefined;
      ledger = noteRefused(noteAsked(after, step.ids, now), step.ids, asked.busy);
      return undefined;
    }
    busySince = undefined;
    ledger = asked.ledger;
    calls = [...calls, ...asked.calls];
    return undefined;
  };

  try {
    for (;;) {
      agent.signal.throwIfAborted();
      const result = await round();
      if (result !== undefined) return result;
      const pace = Math.min(longestLook, Math.max(shortestLook, (clock.now() - ledger.movedAt) / 20));
      const nap = Math.min(pace, Math.max(50, wakeAt - clock.now()));
      await clock.sleep(Math.max(nap, untilNext(views, clock.now())), agent.signal);
    }
  } catch (error) {
    agent.warning(leftBehindLine(target.scaleSet.name, ledger, reachable(instances).taking));
    throw error;
  }
}

/** Why Azure's own rolling upgrade of this change has stopped; undefined while it has not. */
async function faultOfAzuresRoll(target: RolloutTarget, scaleSets: ScaleSets): Promise<string | undefined> {
  if (target.azureRollsSince === undefined) return undefined;
  const upgrade = await scaleSets.latestRollingUpgrade(target.scaleSet.name);
  const begun = upgrade?.startedAt?.getTime() ?? 0;
  // The agent's clock and Azure's differ; an upgrade from before this step says nothing about it.
  if (upgrade === undefined || begun < target.azureRollsSince - clockSkew) return undefined;
  if (!/^(faulted|cancell?ed)$/i.test(upgrade.state)) return undefined;
  const state = `Azure's rolling upgrade of '${target.scaleSet.name}' is ${upgrade.state.toLowerCase()}.`;
  if (upgrade.error === undefined) return state;
  return `${state} ${describe(new AzureError("the scale set's own rolling upgrade", upgrade.error))}`;
}

interface Call {
  readonly operation: Operation;
  /** The instances it upgrades; none for the change of the model. */
  readonly ids: readonly string[];
}

function inOneLine(error: AzureError): string {
  return singleLine(describe(error).replace(/\s*\n\s*/g, ' '), 1000);
}

function isModelChange(call: Call): boolean {
  return call.ids.length === 0;
}

async function askUpgrade(
  scaleSets: ScaleSets,
  name: string,
  ids: readonly string[],
  ledger: Ledger,
  now: number,
): Promise<{ ledger: Ledger; calls: readonly Call[] } | { busy: string }> {
  const asked = noteAsked(ledger, ids, now);
  try {
    return { ledger: asked, calls: [{ operation: await scaleSets.upgrade(name, ids), ids }] };
  } catch (error) {
    if (!(error instanceof AzureError)) throw error;
    if (isBusy(error)) return { busy: error.detail.message };
    return { ledger: noteRefused(asked, ids, inOneLine(error)), calls: [] };
  }
}

/** Looks at the calls that have something left to tell: those whose instances have all arrived have none. */
async function checkCalls(
  calls: readonly Call[],
  ledger: Ledger,
  instances: readonly ScaleSetInstance[],
): Promise<{ calls: Call[]; ledger: Ledger; modelFailure: string | undefined }> {
  const left: Call[] = [];
  let after = ledger;
  let modelFailure: string | undefined;
  for (const call of calls) {
    try {
      if (!isModelChange(call) && call.ids.every(id => ledger.arrivedAt.has(id))) continue;
      if (!(await call.operation.check())) left.push(call);
    } catch (error) {
      if (!(error instanceof AzureError)) throw error;
      if (isModelChange(call)) modelFailure = describe(error);
      const behind = call.ids.filter(
        id => !instances.some(instance => instance.id === id && instance.latestModelApplied),
      );
      after = noteRefused(after, behind.length > 0 ? behind : call.ids, inOneLine(error));
    }
  }
  return { calls: left, ledger: after, modelFailure };
}
