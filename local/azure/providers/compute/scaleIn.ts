/** Which instances go when a scale set becomes smaller. Pure. */
import { invalidParameter } from '../../arm/armError.js';
import { at, type Json } from '../../arm/json.js';

const rules = ['Default', 'OldestVM', 'NewestVM'] as const;
export type ScaleInRule = (typeof rules)[number];

/** @throws ArmError when the policy has another rule, or several */
export function scaleInRule(properties: Json): ScaleInRule {
  const given = at(properties, 'scaleInPolicy', 'rules');
  const names = Array.isArray(given) ? given.map(String) : [];
  const rule = rules.find(one => one.toLowerCase() === (names[0] ?? 'Default').toLowerCase());
  if (rule !== undefined && names.length <= 1) return rule;
  throw invalidParameter(
    'scaleInPolicy.rules',
    `The scale-in policy must have one rule of ${rules.join(', ')}, not ${names.join(', ')}.`,
  );
}

export interface Candidate {
  readonly instanceId: string;
  readonly timeCreated: Date;
  readonly protection: Json;
}

/**
 * The instances to delete, at most `count`: those that are not protected, by the rule. `Default` balances over zones and fault
 * domains, of which there is one here, and so takes the highest ids.
 */
export function chooseForScaleIn<T extends Candidate>(
  instances: readonly T[],
  count: number,
  rule: ScaleInRule,
): readonly T[] {
  const newestFirst = (a: T, b: T) =>
    rule === 'Default' ? 0 : b.timeCreated.getTime() - a.timeCreated.getTime();
  const sorted = instances
    .filter(
      one =>
        one.protection['protectFromScaleIn'] !== true &&
        one.protection['protectFromScaleSetActions'] !== true,
    )
    .sort((a, b) => newestFirst(a, b) || highestFirst(a.instanceId, b.instanceId));
  return (rule === 'OldestVM' ? sorted.reverse() : sorted).slice(0, Math.max(0, count));
}

function highestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}

/** How many more instances are made than asked for, so that slow and failing ones need not be waited for. */
export function surplus(missing: number, overprovision: boolean): number {
  return overprovision ? Math.floor(missing / 5) : 0;
}
