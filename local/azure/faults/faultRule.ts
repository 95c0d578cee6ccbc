/** What a file of faults may say, and the reader that tells all its problems at once. Pure. */
import { ProblemsError, UserError } from '../../../shared/core/errors.js';
import { isObject, type Json } from '../arm/json.js';
import { parseBody } from '../front/body.js';

/** The effects and what each may say beside its `kind`; `?` marks what may be left out. Seconds are Azure's own. */
const effects = {
  // On a request, before it is looked at:
  throttle: { retryAfterSeconds: 'number', code: 'throttleCode?' },
  error: { status: 'status', code: 'string?', message: 'string?' },
  reset: {},
  slow: { seconds: 'number' },
  html: { status: 'status?' },
  'expire-token': {},
  lag: { seconds: 'number' },
  // On an operation that the request, or a deployment, starts:
  'never-ends': {},
  fails: { code: 'string', message: 'string', status: 'status?', details: 'errors?', encoding: 'encoding?' },
  capacity: { code: 'capacityCode' },
  // On an instance of a scale set that is being made:
  unhealthy: {},
  dies: { afterSeconds: 'number' },
  hangs: {},
  'instance-fails': { code: 'string', message: 'string', status: 'status?' },
} as const;

export type EffectKind = keyof typeof effects;

/** What happens; its members as the table of effects allows them, checked. */
export type FaultEffect = { readonly kind: EffectKind } & Json;

export interface FaultRule {
  readonly name?: string;
  /** One of these methods; any when absent. */
  readonly methods?: readonly string[];
  /** Found in the URL, or in the id of the resource or instance; any when absent. */
  readonly url?: RegExp;
  /** Found in the User-Agent; any when absent. */
  readonly caller?: RegExp;
  /** Only polls of operations, or only what is none; both when absent. */
  readonly polls?: boolean;
  /** So many matches pass by unharmed first. */
  readonly after: number;
  /** So many matches are hit then; all when infinite. */
  readonly times: number;
  readonly effect: FaultEffect;
  /** As it was given. */
  readonly given: Json;
}

export type Level = 'request' | 'operation' | 'instance';

/** What an effect hits. */
export function levelOf(kind: EffectKind): Level {
  switch (kind) {
    case 'never-ends':
    case 'fails':
    case 'capacity':
      return 'operation';
    case 'unhealthy':
    case 'dies':
    case 'hangs':
    case 'instance-fails':
      return 'instance';
    default:
      return 'request';
  }
}

const checks: Readonly<Record<string, readonly [test: (value: unknown) => boolean, wanted: string]>> = {
  number: [value => typeof value === 'number' && value >= 0, 'a number of seconds, 0 or more'],
  status: [
    value => typeof value === 'number' && Number.isInteger(value) && value >= 400 && value < 600,
    'an HTTP status from 400 to 599',
  ],
  string: [value => typeof value === 'string' && value !== '', 'a text'],
  errors: [
    value => Array.isArray(value) && value.every(one => isObject(one) && typeof one['code'] === 'string'),
    'an array of objects with code, message and, where wanted, details of their own',
  ],
  encoding: [value => value === 'object' || value === 'string', "'object' or 'string'"],
  throttleCode: [
    value => value === 'OperationNotAllowed' || value === 'SubscriptionRequestsThrottled',
    "'OperationNotAllowed' or 'SubscriptionRequestsThrottled'",
  ],
  capacityCode: [
    value =>
      value === 'AllocationFailed' ||
      value === 'SkuNotAvailable' ||
      value === 'OverconstrainedAllocationRequest',
    "'AllocationFailed', 'SkuNotAvailable' or 'OverconstrainedAllocationRequest'",
  ],
};

/**
 * Reads `{ "rules": [ … ] }`.
 * @param source what the text is called in problems
 * @throws UserError with all problems
 */
export function readFaultRules(text: string, source: string): readonly FaultRule[] {
  const given = parseBody(text);
  const problems: string[] = [];
  const rules = isObject(given) ? given['rules'] : undefined;
  if (!isObject(given) || !Array.isArray(rules)) {
    throw new UserError(`${source} is no JSON object with an array 'rules'.`);
  }
  for (const name of Object.keys(given))
    if (name !== 'rules') problems.push(`there is no '${name}' beside 'rules'.`);
  const read = rules.map((rule: unknown, index) =>
    readRule(rule, problem => problems.push(`rules[${index}]${problem}`)),
  );
  if (problems.length > 0) throw new ProblemsError(`${source} cannot be used`, problems);
  return read.flatMap(one => (one === undefined ? [] : [one]));
}

function readRule(given: unknown, problem: (text: string) => void): FaultRule | undefined {
  if (!isObject(given)) {
    problem(' is no object.');
    return undefined;
  }
  unknownNames(given, ['name', 'match', 'after', 'times', 'effect'], '', problem);
  const { name, match = {}, after = 0, times } = given;
  if (name !== undefined && typeof name !== 'string') problem('.name is no text.');
  if (!isObject(match)) problem('.match is no object.');
  const matching = isObject(match) ? match : {};
  unknownNames(matching, ['method', 'url', 'caller', 'polls'], '.match', problem);
  const effect = readEffect(given['effect'], problem);
  const level = effect === undefined ? 'request' : levelOf(effect.kind);
  for (const [member, only] of [
    ['caller', level !== 'request'],
    ['polls', level !== 'request'],
    ['method', level === 'instance'],
  ] as const) {
    if (only && matching[member] !== undefined)
      problem(
        `.match.${member} cannot be told for the effect '${String(effect?.kind)}', which hits no request but ${level === 'operation' ? 'an operation' : 'an instance'}.`,
      );
  }
  if (matching['polls'] !== undefined && typeof matching['polls'] !== 'boolean')
    problem('.match.polls is neither true nor false.');
  const url = pattern(matching['url'], '.match.url', problem);
  const caller = pattern(matching['caller'], '.match.caller', problem);
  const methods = methodsOf(matching['method'], problem);
  for (const [member, value, least] of [
    ['after', after, 0],
    ['times', times ?? 1, 1],
  ] as const)
    if (!Number.isInteger(value) || Number(value) < least)
      problem(`.${member} is no whole number of ${least} or more.`);
  if (effect === undefined) return undefined;
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(methods === undefined ? {} : { methods }),
    ...(url === undefined ? {} : { url }),
    ...(caller === undefined ? {} : { caller }),
    ...(typeof matching['polls'] === 'boolean' ? { polls: matching['polls'] } : {}),
    after: Number(after),
    times: times === undefined ? Infinity : Number(times),
    effect,
    given,
  };
}

function readEffect(given: unknown, problem: (text: string) => void): FaultEffect | undefined {
  const kind = isObject(given) ? given['kind'] : undefined;
  if (!isObject(given) || typeof kind !== 'string' || !isKind(kind)) {
    problem(`.effect.kind is none of ${Object.keys(effects).join(', ')}.`);
    return undefined;
  }
  const fields: Readonly<Record<string, string>> = effects[kind];
  unknownNames(given, ['kind', ...Object.keys(fields)], '.effect', problem);
  for (const [name, type] of Object.entries(fields)) {
    const value = given[name];
    if (value === undefined && type.endsWith('?')) continue;
    const [test, wanted] = checks[type.replace('?', '')] ?? [() => true, ''];
    if (!test(value)) problem(`.effect.${name} is not ${wanted}.`);
  }
  return { ...given, kind };
}

function isKind(kind: string): kind is EffectKind {
  return Object.hasOwn(effects, kind);
}

function unknownNames(
  given: Json,
  known: readonly string[],
  at: string,
  problem: (text: string) => void,
): void {
  for (const name of Object.keys(given))
    if (!known.includes(name)) problem(`${at} has no '${name}', but ${known.join(', ')}.`);
}

function pattern(value: unknown, at: string, problem: (text: string) => void): RegExp | undefined {
  if (value === undefined) return undefined;
  try {
    if (typeof value === 'string') return new RegExp(value, 'i');
  } catch {
    // Told below, as what is no text at all.
  }
  problem(`${at} is no regular expression.`);
  return undefined;
}

function methodsOf(value: unknown, problem: (text: string) => void): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const methods: unknown[] = Array.isArray(value) ? value : [value];
  if (methods.length > 0 && methods.every(one => typeof one === 'string' && /^[A-Z]+$/.test(one)))
    return methods.map(String);
  problem('.match.method is no HTTP method in capitals, nor an array of them.');
  return undefined;
}
