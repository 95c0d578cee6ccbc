/** What a failed rollout says of its instances: each one's reason and state, and what to look at. */
import type { Azure } from '../../../shared/azure/azure.js';
import type { HealthSignal, ScaleSet } from '../../../shared/azure/scaleSets.js';
import { AzureError, UserError } from '../../../shared/core/errors.js';
import { healthAdvice, type HealthDefinition } from './healthAdvice.js';
import { describeInstance, inOrder, isInService, type HealthSource } from './instances.js';
import type { RolloutResult } from './rollout.js';

/** The lines that go with a rollout's failed instances; none where there are none. */
export async function failureReasons(
  result: RolloutResult,
  scaleSet: ScaleSet,
  source: HealthSource,
  azure: Azure,
): Promise<string[]> {
  return [...failureLines(result), ...(await whatToAsk(result, scaleSet, source, azure))];
}

const mostLines = 20;

/** Each failed instance, its reason and its last state. */
function failureLines(result: RolloutResult): string[] {
  const ids = inOrder(result.failed.map(({ id }) => id));
  const lines = ids.slice(0, mostLines).map(id => {
    const reason = result.failed.find(failure => failure.id === id)?.reason ?? '';
    const instance = result.instances.find(candidate => candidate.id === id);
    if (instance === undefined) return `  instance ${id}: ${reason}`;
    const told = instance.message !== undefined && reason.includes(instance.message);
    return `  instance ${id}: ${reason} [${describeInstance(told ? { ...instance, message: undefined } : instance)}]`;
  });
  return ids.length > mostLines ? [...lines, `  and ${ids.length - mostLines} more`] : lines;
}

/** For instances that run but are not healthy: what is asked of them, and what to look at. */
async function whatToAsk(
  result: RolloutResult,
  { healthSignal }: ScaleSet,
  source: HealthSource,
  azure: Azure,
): Promise<string[]> {
  const failed = new Set(result.failed.map(({ id }) => id));
  const sick = result.instances.some(
    instance => failed.has(instance.id) && isInService(instance, 'running') && !isInService(instance, source),
  );
  if (!sick || healthSignal === undefined) return [];
  return healthAdvice(await defined(healthSignal, azure));
}

/** A failed rollout is told and gone back from also where the load balancer cannot be read. */
async function defined(signal: HealthSignal, azure: Azure): Promise<HealthDefinition> {
  if (signal.kind === 'extension') return signal;
  const name = signal.id.split('/').at(-1) ?? '';
  try {
    return { kind: 'probe', name, endpoint: await azure.healthProbes.find(signal.id) };
  } catch (error) {
    if (!(error instanceof AzureError || error instanceof UserError)) throw error;
    return { kind: 'probe', name, endpoint: undefined };
  }
}
