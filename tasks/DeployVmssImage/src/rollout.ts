/** Moves a scale set's instances to its model: looks, lets the plan decide, acts, tells. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { Operation } from '../../../shared/azure/operation.js';
import type { ScaleSet, ScaleSetInstance, ScaleSets } from '../../../shared/azure/scaleSets.js';
import { plural } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import type { Allowances } from './budget.js';
import type { InstanceGate } from './instanceGate.js';
import { idsText, inOrder, isInService, planInstance, reachable, type HealthSource } from './instances.js';
import { faultOf, isOf, progressOf, stopAzuresRoll, type AzuresRoll } from './platformRoll.js';
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
import type { Timeline } from './timeline.js';
import { askUpgrade, checkCalls, isModelChange, type Call } from './upgradeCalls.js';

/** What a rollout moves, and by which rules. */
export interface RolloutTarget {
  /** As its model is now. */
  readonly scaleSet: ScaleSet;
  readonly policy: RolloutPolicy;
  readonly health: HealthSource;
  /** Must pass an instance before it counts as in service on the new model. */
  readonly gate: InstanceGate | undefined;
  /** The site must answer before more instances move and at the end. */
  readonly site: SiteCheck | undefined;
  /** What is under way at Azure already, as the change of the model; its failure is the rollout's. */
  readonly underWay: readonly Operation[];
  /** Where Azure rolls by itself. */
  readonly azuresRoll: AzuresRoll | undefined;
  /** Whether even the instances that are on the model already have moved to it by this step. */
  readonly everyInstanceMoves: boolean;
}

/** What a rollout needs of the world. */
export interface RolloutHost {
  readonly agent: Agent;
  readonly scaleSets: ScaleSets;
  readonly clock: Clock;
  readonly allowances: Allowances;
  readonly timeline: Timeline;
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

const shortestNap = 50;
const shortestLook = 1000;
const longestLook = 15_000;
const heartbeat = 60_000;

/**
 * Rolls until every reachable instance is in service on the model, or the policy gives up.
 * @throws AzureError when the instances cannot be listed; the signal's reason when the step is cancelled. What it leaves is logged.
 */
export async function rollOut(target: RolloutTarget, host: RolloutHost): Promise<RolloutResult> {
  const { agent, clock, scaleSets, allowances, timeline } = host;
  const { policy, gate } = target;
  const { name } = target.scaleSet;
  const start = clock.now();
  let ledger = openLedger(start);
  let calls: readonly Call[] = target.underWay.map(operation => ({ operation, ids: [] }));
  let instances: readonly ScaleSetInstance[] = [];
  let first: { readonly arrived: ReadonlySet<string>; readonly current: ReadonlySet<string> } | undefined;
  let toldAt = start;
  let wakeAt = Infinity;
  let busySince: number | undefined;
  let doneSince: number | undefined;
  let azures: { readonly told: string; readonly isRunning: boolean } = { told: '', isRunning: false };

  const planned = (instance: ScaleSetInstance) => {
    const plain = planInstance(instance, target.health);
    return gate === undefined || !plain.current || gate.passed(instance.id)
      ? plain
      : { ...plain, inService: false };
  };
  const explained = (failed: readonly InstanceFailure[]) =>
    failed.map(({ id, reason }) => {
      const complaint = gate?.complaint(id);
      return { id, reason: complaint === undefined ? reason : `${reason}; ${complaint}` };
    });
  const end = (failure: string | undefined, failed: readonly InstanceFailure[] = []): RolloutResult => {
    const known = explained(failed);
    timeline.failures(known);
    const moved = [...ledger.arrivedAt.keys()].filter(
      id => target.everyInstanceMoves || first?.current.has(id) !== true,
    );
    return { failure, failed: known, updated: inOrder(moved), instances };
  };

  /** How Azure's own rolling upgrade of this change stands; why it has stopped, where it has. */
  const lookAtAzuresRoll = async (): Promise<string | undefined> => {
    if (target.azuresRoll === undefined || !allowances.reads.take()) return undefined;
    const upgrade = await scaleSets.latestRollingUpgrade(name);
    if (!isOf(target.azuresRoll, upgrade)) return undefined;
    const progress = progressOf(upgrade);
    if (progress !== azures.told) agent.info(`Azure's rolling upgrade: ${upgrade.state}, ${progress}`);
    azures = { told: progress, isRunning: /^rollingforward$/i.test(upgrade.state) };
    return faultOf(name, upgrade);
  };
  const stop = async (mayRun = azures.isRunning): Promise<string> =>
    mayRun ? ` ${await stopAzuresRoll(name, { agent, scaleSets, clock })}` : '';

  const tell = (before: Ledger, seen: readonly ScaleSetInstance[], taking: readonly ScaleSetInstance[]) => {
    const now = clock.now();
    const look = { ledger, instances: taking, policy, start, now };
    const news = newsLines({ ledger: before, instances: seen }, look, first?.arrived ?? new Set());
    for (const line of news) agent.info(line);
    if (news.length > 0) toldAt = now;
    if (seen.length === 0 || before.arrivedAt.size !== ledger.arrivedAt.size) {
      const arrived = `${ledger.arrivedAt.size} of ${plural(taking.length, 'instance')} in service on the new model`;
      agent.progress((ledger.arrivedAt.size * 100) / Math.max(1, taking.length), arrived);
    }
    return look;
  };

  const upgrade = async (ids: readonly string[], count: number): Promise<void> => {
    // Without allowance the next round asks for these and for whoever is free by then, in one call.
    if (!allowances.updates.take()) return;
    const now = clock.now();
    const asked = await askUpgrade(scaleSets, name, ids, ledger, now);
    if ('busy' in asked) {
      agent.info(`Azure is busy with this scale set (${asked.busy}): they are asked for again.`);
      busySince ??= now;
      if (now - busySince > policy.instanceTimeout)
        ledger = noteRefused(noteAsked(ledger, ids, now), ids, asked.busy);
      return;
    }
    busySince = undefined;
    ledger = asked.ledger;
    if ('apart' in asked) {
      agent.info(`Azure takes no upgrade of ${idsText(ids)} together (${asked.apart}): each by itself then.`);
      return;
    }
    calls = [...calls, ...asked.calls];
    const canary = ids.every(id => ledger.canaries?.includes(id));
    const number = timeline.batch(ids, canary, now);
    agent.info(`Batch ${number}: upgrading ${ids.length} of ${plural(count, 'instance')}: ${idsText(ids)}`);
  };

  const round = async (): Promise<RolloutResult | undefined> => {
    const seen = reachable(instances).taking;
    instances = await scaleSets.instances(target.scaleSet);
    const { taking } = reachable(instances);
    gate?.look(taking.filter(one => one.latestModelApplied && isInService(one, target.health)));
    const checked = await checkCalls(calls, ledger, taking);
    calls = checked.calls;
    const now = clock.now();
    const before = ledger;
    const plan = taking.map(planned);
    const { ledger: after, step } = decide(policy, checked.ledger, plan, now);
    ledger = after;
    timeline.look(taking, ledger, target.health, now);
    wakeAt = step.do === 'wait' ? (step.until ?? Infinity) : Infinity;
    first ??= {
      arrived: new Set(after.arrivedAt.keys()),
      current: new Set(plan.filter(({ current }) => current).map(({ id }) => id)),
    };
    const look = tell(before, seen, taking);
    if (now - toldAt >= heartbeat) {
      agent.info(heartbeatLine(look, step));
      toldAt = now;
    }

    const fault = await lookAtAzuresRoll();
    if (checked.modelFailure !== undefined) return end(fault ?? checked.modelFailure, failedOf(step));
    if (fault !== undefined) return end(fault, failedOf(step));
    if (step.do === 'giveUp') return end(whyItGaveUp(step, policy) + (await stop()), step.failed);
    if (step.do === 'wait') return undefined;
    if (target.site !== undefined && (step.do === 'finish' || after.asked.size > 0)) {
      const complaint = await target.site(step.do === 'finish' ? 'end' : 'onTheWay');
      if (complaint?.final === true) return end(complaint.text + (await stop()));
      if (complaint !== undefined) return undefined;
    }
    if (step.do === 'finish') {
      if (!calls.some(isModelChange) && !azures.isRunning) return end(undefined, step.failed);
      doneSince ??= now;
      if (now - doneSince <= policy.instanceTimeout) return undefined;
      const late = `Azure has not finished the change of the model of '${name}', though nothing is left to move.`;
      return end(late + (await stop()), step.failed);
    }
    doneSince = undefined;
    await upgrade(step.ids, taking.length);
    return undefined;
  };

  try {
    for (;;) {
      agent.signal.throwIfAborted();
      // Timers may be early, and a look that nobody counts would be one too many in the end.
      while (!allowances.views.take())
        await clock.sleep(Math.max(shortestNap, allowances.views.wait()), agent.signal);
      const result = await round();
      if (result !== undefined) return result;
      const pace = Math.min(longestLook, Math.max(shortestLook, (clock.now() - ledger.movedAt) / 20));
      await clock.sleep(Math.min(pace, Math.max(shortestNap, wakeAt - clock.now())), agent.signal);
    }
  } catch (error) {
    // Also one that had not been seen yet: nobody is there any more to watch it.
    const mayRun = target.azuresRoll !== undefined;
    agent.warning(leftBehindLine(name, ledger, reachable(instances).taking) + (await stop(mayRun)));
    throw error;
  }
}

function failedOf(step: ReturnType<typeof decide>['step']): readonly InstanceFailure[] {
  return 'failed' in step ? step.failed : [];
}
