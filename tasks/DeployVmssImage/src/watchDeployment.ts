/** Follows a deployment operation by operation until it has ended. */
import type { Agent } from '../../../shared/agent/agent.js';
import type { DeploymentOperation, DeploymentState, Deployments } from '../../../shared/azure/deployments.js';
import { essence } from '../../../shared/azure/failure.js';
import { formatDuration } from '../../../shared/core/duration.js';
import { AzureError, type AzureErrorDetail } from '../../../shared/core/errors.js';
import { listOf, singleLine } from '../../../shared/core/text.js';
import type { Clock } from '../../../shared/core/wait.js';

const shortestLook = 1000;
const longestLook = 10_000;
const heartbeat = 60_000;
/** What the agent leaves between its first signal and the kill is less than ten seconds. */
const cancelPatience = 5000;

/**
 * Waits for the end of a deployment, with a line for every operation that changes its state.
 * A cancelled step cancels the deployment too: else the next run would be refused while it goes on.
 * @returns the deployment's last state, which is `Succeeded`
 * @throws AzureError with the failed operations beneath when it ends otherwise
 */
export async function watchDeployment(
  name: string,
  deployments: Deployments,
  host: { readonly agent: Agent; readonly clock: Clock },
): Promise<DeploymentState> {
  const { agent, clock } = host;
  const start = clock.now();
  let known: ReadonlyMap<string, string> = new Map();
  let changedAt = start;
  let toldAt = start;
  try {
    for (;;) {
      const state = await deployments.state(name);
      const operations = await deployments.operations(name);
      const now = clock.now();
      const changes = changesIn(known, operations);
      for (const line of changes.lines) agent.info(line);
      known = changes.known;
      if (changes.lines.length > 0) [changedAt, toldAt] = [now, now];
      if (now - toldAt >= heartbeat) {
        agent.info(heartbeatLine(name, operations, now - start));
        toldAt = now;
      }
      if (/^succeeded$/i.test(state.state)) return state;
      if (/^(failed|canceled)$/i.test(state.state)) throw failureOf(name, state, operations);
      const pace = Math.min(longestLook, Math.max(shortestLook, (now - changedAt) / 20));
      await clock.sleep(pace, agent.signal);
    }
  } catch (error) {
    if (agent.signal.aborted) await cancel(name, deployments, agent);
    throw error;
  }
}

async function cancel(name: string, deployments: Deployments, agent: Agent): Promise<void> {
  const late = new Promise<string>(resolve => {
    setTimeout(() => {
      resolve('Azure has not answered');
    }, cancelPatience).unref();
  });
  const cancelled = deployments.cancel(name).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const problem = await Promise.race([cancelled, late]);
  agent.warning(
    problem === undefined
      ? `Deployment '${name}' was cancelled at Azure. What it had made by then stays; instances were not moved.`
      : `Deployment '${name}' may still be running at Azure (cancelling it failed: ${singleLine(problem)}). Cancel it there, or wait for its end before this step runs again.`,
  );
}

/** A line for every operation whose state is another than before. Pure. */
export function changesIn(
  known: ReadonlyMap<string, string>,
  operations: readonly DeploymentOperation[],
): { readonly lines: string[]; readonly known: ReadonlyMap<string, string> } {
  const after = new Map(known);
  const lines: string[] = [];
  for (const operation of operations) {
    if (operation.resourceType === '' || known.get(operation.id) === operation.state) continue;
    after.set(operation.id, operation.state);
    const took = /^succeeded$/i.test(operation.state) ? durationOf(operation.duration) : '';
    const [reason] = operation.error === undefined ? [] : essence(operation.error);
    const why = reason === undefined ? '' : `: ${reason.code}: ${reason.message}`;
    const verb = /^create$/i.test(operation.kind) ? '' : ` (${operation.kind})`;
    lines.push(
      singleLine(
        `${operation.state.padEnd(10)} ${operation.resourceType} ${operation.resourceName}${verb}${took}${why}`,
        600,
      ),
    );
  }
  return { lines, known: after };
}

/**
 * Azure's answer to a deployment that did not succeed: the one reason with the resource it is about, or how many there are and
 * each of them beneath. A nested deployment's operation only repeats what is inside it. Pure.
 */
export function failureOf(
  name: string,
  state: DeploymentState,
  operations: readonly DeploymentOperation[],
): AzureError {
  const failed = operations.flatMap(({ error, resourceType, resourceName }): AzureErrorDetail[] => {
    // Outputs that were not evaluated because of another failure are none of their own.
    if (error === undefined || (resourceType === '' && operations.some(isFailedResource))) return [];
    const place = `${resourceType} ${resourceName}`.trim();
    return essence(error).map(reason => ({ ...reason, target: inPlace(place, reason.target) }));
  });
  const reasons = failed.length > 0 ? failed : state.error === undefined ? [] : essence(state.error);
  const [only, ...others] = reasons;
  const detail: AzureErrorDetail =
    only === undefined
      ? { code: `Deployment${state.state}`, message: 'Azure gave no reason', details: [] }
      : others.length === 0
        ? only
        : {
            code: `Deployment${state.state}`,
            message: `${reasons.length} operations failed`,
            details: reasons,
          };
  return new AzureError(`deployment '${name}'`, detail, undefined, state.correlationId);
}

function isFailedResource({ error, resourceType }: DeploymentOperation): boolean {
  return error !== undefined && resourceType !== '';
}

/** The resource in few words; where the reason is about another one, as in a nested deployment, that one too. */
function inPlace(place: string, target: string | undefined): string {
  const inner = /\/providers\/([^/]+\/[^/]+)\/([^/]+)$/i.exec(target ?? '');
  const [, type = '', name = ''] = inner ?? [];
  const words = inner === null ? (target ?? '') : `${type} ${name}`;
  if (words === '' || words.toLowerCase() === place.toLowerCase()) return place;
  return place === '' ? words : `${words}, in ${place}`;
}

function heartbeatLine(name: string, operations: readonly DeploymentOperation[], elapsed: number): string {
  const running = operations
    .filter(({ state, resourceType }) => resourceType !== '' && !/^(succeeded|failed|canceled)$/i.test(state))
    .map(({ resourceType, resourceName }) => `${resourceType} ${resourceName}`);
  const what = running.length === 0 ? 'Azure' : listOf(running);
  return `${formatDuration(elapsed)}: deployment '${name}' is waiting for ${what}`;
}

function durationOf(iso: string | undefined): string {
  const match = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(iso ?? '');
  if (match === null) return '';
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return ` (${formatDuration((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000)})`;
}
