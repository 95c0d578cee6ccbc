/** Azure's own rolling upgrade: its rules from this task's limits, why it has stopped, and how it is stopped. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { RollingUpgrade, RollingUpgradePolicy, ScaleSets } from '../../../shared/azure/scaleSets.js';
import { amountOf } from '../../../shared/core/amount.js';
import { AzureError, describe } from '../../../shared/core/errors.js';
import { singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';
import type { RolloutSettings } from './settings.js';

/** Azure takes no smaller share. */
const leastPercent = 5;
const clockSkew = 120_000;
/** What the agent leaves between its first signal and the kill is less than ten seconds. */
const cancelPatience = 5000;
const endPatience = 15 * 60_000;

/** The limits of a rollout as Azure takes them for so many instances. Pure. */
export function platformPolicy(
  settings: Pick<RolloutSettings, 'batchSize' | 'maxUnhealthy' | 'pause' | 'maxSurge'>,
  count: number,
): RollingUpgradePolicy {
  const batchPercent = percentFor(Math.max(1, amountOf(settings.batchSize, count)), count);
  const unhealthy = Math.floor((amountOf(settings.maxUnhealthy, count) * 100) / Math.max(1, count));
  return {
    batchPercent,
    // Azure wants room for a whole batch here: its instances are out of service for a while.
    unhealthyPercent: Math.min(100, Math.max(leastPercent, batchPercent, unhealthy)),
    unhealthyUpgradedPercent: unhealthy,
    pauseSeconds: Math.round(settings.pause / 1000),
    maxSurge: settings.maxSurge,
  };
}

/** The largest percentage that Azure makes no more than `batch` instances of, or the least that it takes. */
function percentFor(batch: number, count: number): number {
  for (let percent = 100; percent > leastPercent; percent -= 1)
    if (Math.max(1, Math.floor((count * percent) / 100)) <= batch) return percent;
  return leastPercent;
}

/** How many instances Azure upgrades at a time by a policy. Pure. */
export function platformBatch(policy: RollingUpgradePolicy, count: number): number {
  return Math.max(1, Math.floor((count * policy.batchPercent) / 100));
}

/** Where Azure rolls by itself: since when, in milliseconds, and the start of the last upgrade before, where it is known. */
export interface AzuresRoll {
  readonly since: number;
  readonly earlier: Date | undefined;
}

/** Whether this is the upgrade that the change of the model has started; an earlier one says nothing about it. Pure. */
export function isOf(
  { since, earlier }: AzuresRoll,
  upgrade: RollingUpgrade | undefined,
): upgrade is RollingUpgrade {
  const begun = upgrade?.startedAt?.getTime() ?? 0;
  // The agent's clock and Azure's differ.
  return begun >= since - clockSkew && begun !== earlier?.getTime();
}

/** Why Azure's rolling upgrade has stopped; undefined while it has not. Pure. */
export function faultOf(scaleSetName: string, upgrade: RollingUpgrade): string | undefined {
  if (!/^(faulted|cancell?ed)$/i.test(upgrade.state)) return undefined;
  const state = `Azure's rolling upgrade of '${scaleSetName}' is ${upgrade.state.toLowerCase()}.`;
  if (upgrade.error === undefined) return state;
  return `${state} ${describe(new AzureError("the scale set's own rolling upgrade", upgrade.error))}`;
}

/** `4 upgraded, 1 failed, 2 in progress, 3 pending`. Pure. */
export function progressOf({ progress }: RollingUpgrade): string {
  const { successful, failed, inProgress, pending } = progress;
  return `${successful} upgraded, ${failed} failed, ${inProgress} in progress, ${pending} pending`;
}

/**
 * Has Azure begin no other batch, and says how that went. Never throws; in a cancelled step it waits a few seconds only.
 * @returns a sentence
 */
export async function stopAzuresRoll(
  scaleSetName: string,
  host: { readonly agent: Agent; readonly scaleSets: ScaleSets; readonly clock: Clock },
): Promise<string> {
  const { agent, scaleSets, clock } = host;
  const problem: Error | undefined = await Promise.race([
    scaleSets.cancelRollingUpgrade(scaleSetName).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    ),
    ...(agent.signal.aborted ? [late(cancelPatience)] : []),
  ]);
  if (problem instanceof AzureError && problem.status === 409)
    return `No rolling upgrade of '${scaleSetName}' is going on at Azure.`;
  if (problem !== undefined) {
    return `Azure's rolling upgrade of '${scaleSetName}' may go on (cancelling it failed: ${singleLine(problem.message)}). Cancel it in the portal, or wait for its end before this step runs again.`;
  }
  if (!agent.signal.aborted) await untilStopped(scaleSetName, scaleSets, agent, clock);
  return `Azure's rolling upgrade of '${scaleSetName}' was cancelled: no other batch begins, the one under way goes on.`;
}

async function untilStopped(
  name: string,
  scaleSets: ScaleSets,
  { signal }: Agent,
  clock: Clock,
): Promise<void> {
  const start = clock.now();
  while (clock.now() - start < endPatience) {
    const upgrade = await scaleSets.latestRollingUpgrade(name);
    if (upgrade === undefined || !/^rollingforward$/i.test(upgrade.state)) return;
    await clock.sleep(5000, signal);
  }
}

function late(milliseconds: number): Promise<Error> {
  return new Promise(resolve => {
    setTimeout(() => {
      resolve(new Error('Azure has not answered'));
    }, milliseconds).unref();
  });
}
