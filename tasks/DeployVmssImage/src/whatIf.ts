/** What a deployment would change, read from Azure's what-if: what is real, what is noise, and what would take a site down. Pure. */
import type { PropertyChange, ResourceChange } from '../../../shared/azure/deployments.js';
import { isNoise } from './whatIfNoise.js';
import { dangersOf } from './whatIfDangers.js';

/** One resource that a deployment would touch, or would not. */
export interface ResourceView {
  readonly id: string;
  /** As `Microsoft.Network/loadBalancers`. */
  readonly type: string;
  readonly name: string;
  readonly action: 'create' | 'modify' | 'delete' | 'deploy' | 'unknown' | 'unchanged' | 'ignored';
  /** Differences that a deployment makes, as a flat list. */
  readonly properties: readonly PropertyView[];
  /** Paths of differences that Azure reports but no deployment makes. */
  readonly noise: readonly string[];
  /** Why it would take a site down, a sentence each. */
  readonly dangers: readonly string[];
  /** The resource as it would be, secrets hidden. */
  readonly after: unknown;
  /** Why nothing can be told of it. */
  readonly reason: string | undefined;
}

/** One property's difference. */
export interface PropertyView {
  /** As `properties.subnets[web].addressPrefix`. */
  readonly path: string;
  readonly change: 'create' | 'delete' | 'modify';
  /** Undefined where there is none, and in place of what may not be shown {@link hidden}. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Stands for values that are nobody's business. */
export const hidden = '***';

const secretName =
  /(password|passphrase|secret|token|customData|userData|protectedSettings|connectionString|sharedKey|accessKey|storageAccountKey|privateKey|sasUri|credential)s?$/i;

/** Reads a what-if. */
export function readWhatIf(changes: readonly ResourceChange[]): ResourceView[] {
  return changes.map(change => {
    const { type, name } = nameOf(change.id);
    const differences = flat(change.delta, '', change.before, change.after);
    const noise = differences.filter(difference => isNoise(type, difference));
    const real = differences.filter(difference => !noise.includes(difference));
    const action = actionOf(change.kind, real.length);
    return {
      id: change.id,
      type,
      name,
      action,
      properties: action === 'modify' ? real.map(concealed) : [],
      noise: noise.map(({ path }) => path),
      dangers: dangersOf(type, action, real),
      after: concealedValue(change.after, false),
      reason: change.unsupportedReason,
    };
  });
}

function actionOf(kind: string, differences: number): ResourceView['action'] {
  switch (kind.toLowerCase()) {
    case 'create':
      return 'create';
    case 'delete':
      return 'delete';
    case 'modify':
      return differences === 0 ? 'unchanged' : 'modify';
    case 'nochange':
      return 'unchanged';
    case 'deploy':
      return 'deploy';
    case 'ignore':
      return 'ignored';
    default:
      return 'unknown';
  }
}

/** `…/virtualNetworks/net/subnets/web` is `Microsoft.Network/virtualNetworks/subnets` `net/web`. */
export function nameOf(id: string): { readonly type: string; readonly name: string } {
  const parts = (/^.*\/providers\/(.+)$/i.exec(id)?.[1] ?? id).split('/');
  const [namespace = '', ...rest] = parts;
  const types = rest.filter((_, index) => index % 2 === 0);
  const names = rest.filter((_, index) => index % 2 === 1);
  return { type: [namespace, ...types].join('/'), name: names.join('/') };
}

/** Array items by their name where they have one: an index says nothing to a reader. */
function flat(
  changes: readonly PropertyChange[],
  prefix: string,
  before: unknown,
  after: unknown,
): PropertyView[] {
  return changes.flatMap(change => {
    const isItem = /^\d+$/.test(change.path);
    const itemName = isItem ? nameOfItem(change, before, after) : undefined;
    const path = isItem
      ? `${prefix}[${itemName ?? change.path}]`
      : prefix === ''
        ? change.path
        : `${prefix}.${change.path}`;
    if (change.children.length > 0) {
      const [inBefore, inAfter] = [valueAt(before, change.path), valueAt(after, change.path)];
      return flat(change.children, path, inBefore ?? change.before, inAfter ?? change.after);
    }
    const kind = change.kind.toLowerCase();
    const view = { path, before: change.before, after: change.after };
    if (kind === 'noeffect') return [{ ...view, change: 'modify' as const, before: change.after }];
    if (kind === 'create' || kind === 'delete' || kind === 'modify' || kind === 'array')
      return [{ ...view, change: kind === 'array' ? ('modify' as const) : kind }];
    return [];
  });
}

/** By the same index: in `after` for what is there then, in `before` for what goes. */
function nameOfItem(change: PropertyChange, before: unknown, after: unknown): string | undefined {
  const items = change.kind.toLowerCase() === 'delete' ? before : (after ?? before);
  const item: unknown =
    change.before ??
    change.after ??
    (Array.isArray(items) ? (items as unknown[])[Number(change.path)] : undefined);
  const name =
    typeof item === 'object' && item !== null && 'name' in item
      ? (item as { name?: unknown }).name
      : undefined;
  return typeof name === 'string' ? name : undefined;
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, part) => {
    if (typeof inner !== 'object' || inner === null) return undefined;
    return (inner as Readonly<Record<string, unknown>>)[part];
  }, value);
}

function concealed(view: PropertyView): PropertyView {
  const own = secretName.test(view.path.replace(/\[[^\]]*\]$/, ''));
  return { ...view, before: concealedValue(view.before, own), after: concealedValue(view.after, own) };
}

function concealedValue(value: unknown, isSecret: boolean): unknown {
  if (value === undefined) return undefined;
  if (isSecret) return hidden;
  if (Array.isArray(value)) return value.map(item => concealedValue(item, false));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, concealedValue(item, secretName.test(name))]),
  );
}
