/** A Bicep template, read as a {@link Template} as far as its own text and that of its modules tell. */
import type { BicepToken, TextProblem } from './bicepText.js';
import { readStatements, type BicepStatement, type BicepValue } from './bicepStatements.js';
import type { JSONPath } from './jsonText.js';
import {
  slotAt,
  slotsBelow,
  uniqueSources,
  type ImageSlot,
  type SlotKind,
  type Template,
  type TemplateParameter,
  type ValueSource,
} from './template.js';

/** Reads a module of a template by the path that the template names it by; undefined when it cannot be had. */
export type ModuleReader = (path: string) => Template | undefined;

/** Reads a template, or tells what is wrong with its text. */
export function readBicepTemplate(text: string, readModule: ModuleReader): Template | TextProblem {
  const file = readStatements(text);
  if ('problem' in file) return file;
  const symbols = new Map(file.statements.map(statement => [statement.name, statement]));
  const parameters = file.statements.filter(({ keyword }) => keyword === 'param').map(readParameter);
  const slots = file.statements.flatMap(statement => {
    const { keyword, name, value } = statement;
    if (value === undefined || (keyword !== 'resource' && keyword !== 'module')) return [];
    const own = slotsIn(value, [name], symbols);
    return keyword === 'module' ? [...own, ...slotsOfModule(statement, symbols, readModule)] : own;
  });
  return { parameters, slots };
}

/** Nobody writes longer expressions, and a hostile text must not exhaust the stack. */
const longest = 1000;

type Symbols = ReadonlyMap<string, BicepStatement>;

function readParameter({ name, type, decorators }: BicepStatement): TemplateParameter {
  const text = type.map(token => token.text).join('');
  const nullable = text.endsWith('?');
  const plain = text.replace(/^\||\?$/g, '');
  const argument = (decorator: string) => decorators.find(each => each.name === decorator)?.argument;
  const limit = (decorator: string) => {
    const value = argument(decorator);
    return value?.kind === 'literal' && typeof value.value === 'number' ? value.value : undefined;
  };
  const choices = choicesOf(type, plain);
  const allowed = argument('allowed');
  const known = typeOf(plain, choices);
  return {
    name,
    type: decorators.some(each => each.name === 'secure') ? `secure${known}` : known,
    nullable,
    allowedValues: choices ?? (allowed?.kind === 'array' ? literals(allowed.items) : undefined),
    minLength: limit('minLength'),
    maxLength: limit('maxLength'),
    minValue: limit('minValue'),
    maxValue: limit('maxValue'),
  };
}

/** The values of a type such as `'small' | 'large'`; undefined for another type. */
function choicesOf(type: readonly BicepToken[], text: string): unknown[] | undefined {
  if (!/^('[^']*'|\d+)(\|('[^']*'|\d+))*$/.test(text)) return undefined;
  return type
    .filter(({ kind }) => kind === 'string' || kind === 'number')
    .map(token => (token.kind === 'string' ? token.value : Number(token.text)));
}

function typeOf(text: string, choices: readonly unknown[] | undefined): string {
  if (choices !== undefined) return typeof choices[0] === 'number' ? 'int' : 'string';
  if (/^(string|int|bool|object|array)$/.test(text)) return text;
  if (text.endsWith('[]') || text.startsWith('[')) return 'array';
  return text.startsWith('{') ? 'object' : '';
}

/** The values of a list; undefined when one of them is computed. */
function literals(items: readonly BicepValue[]): unknown[] | undefined {
  const values = items.map(item => (item.kind === 'literal' ? item.value : undefined));
  return values.includes(undefined) ? undefined : values;
}

function slotsIn(value: BicepValue, path: JSONPath, symbols: Symbols): ImageSlot[] {
  if (value.kind === 'array')
    return value.items.flatMap((item, index) => slotsIn(item, [...path, index], symbols));
  if (value.kind !== 'object') return [];
  return value.members.flatMap(member => {
    const memberPath = [...path, member.name];
    const { kind } = member.value;
    if (kind === 'object' || kind === 'array') return slotsIn(member.value, memberPath, symbols);
    const traced = (slot: SlotKind) => ({
      ...slot,
      path: memberPath,
      sources: uniqueSources(sourcesOf(member.value, slot.members, symbols, new Set())),
    });
    const slot = slotAt(memberPath, kind === 'expression');
    if (slot !== undefined) return [traced(slot)];
    const below = kind === 'expression' ? slotsBelow(memberPath) : [];
    return below.map(traced).filter(({ sources }) => sources.length > 0);
  });
}

/** The slots of a module take what the template hands to the module's parameters. */
function slotsOfModule(
  { name, type, value }: BicepStatement,
  symbols: Symbols,
  readModule: ModuleReader,
): ImageSlot[] {
  const path = type[0]?.value;
  const template = path === undefined ? undefined : readModule(path);
  const given = memberOf(value, 'params');
  return (template?.slots ?? []).map(slot => ({
    ...slot,
    path: [name, ...slot.path],
    sources: uniqueSources(
      slot.sources.flatMap(source => {
        const argument = source.type === 'parameter' ? memberOf(given, source.name) : undefined;
        return source.type === 'literal' || argument === undefined
          ? []
          : sourcesOf(argument, source.members, symbols, new Set());
      }),
    ),
  }));
}

function memberOf(value: BicepValue | undefined, name: string): BicepValue | undefined {
  return value?.kind === 'object' ? value.members.find(member => member.name === name)?.value : undefined;
}

/**
 * @param rest the members of the value that lead to the image
 * @param seen the variables that were looked at on the way
 */
function sourcesOf(
  value: BicepValue | undefined,
  rest: readonly string[],
  symbols: Symbols,
  seen: Set<string>,
): ValueSource[] {
  if (value?.kind === 'expression') return sourcesOfTokens(value.tokens, rest, symbols, seen);
  const [first, ...others] = rest;
  return first === undefined ? [] : sourcesOf(memberOf(value, first), others, symbols, seen);
}

function sourcesOfTokens(
  tokens: readonly BicepToken[],
  rest: readonly string[],
  symbols: Symbols,
  seen: Set<string>,
): ValueSource[] {
  const words = tokens.length > longest ? [] : tokens.filter(token => token.kind !== 'newline');
  const of = (part: readonly BicepToken[]) => sourcesOfTokens(part, rest, symbols, seen);
  const condition = topLevel(words, '?');
  if (condition >= 0) {
    const branches = words.slice(condition + 1);
    const between = topLevel(branches, ':');
    return between < 0 ? [] : [...of(branches.slice(0, between)), ...of(branches.slice(between + 1))];
  }
  const alternative = topLevel(words, '??');
  if (alternative >= 0) return [...of(words.slice(0, alternative)), ...of(words.slice(alternative + 1))];
  const [first, second] = words;
  if (first?.text === '(' && words.at(-1)?.text === ')') return of(words.slice(1, -1));
  if (first?.kind !== 'word') return [];
  if (second?.text === '(' && words.at(-1)?.text === ')' && /^(trim|toLower|string)$/.test(first.text))
    return of(words.slice(2, -1));
  const members = membersOf(words.slice(1));
  const statement = symbols.get(first.text);
  if (members === undefined || statement === undefined) return [];
  const path = [...members, ...rest];
  if (statement.keyword === 'param') return [{ type: 'parameter', name: statement.name, members: path }];
  const key = JSON.stringify([statement.name, path]);
  if (statement.keyword !== 'var' || seen.has(key) || seen.size > 1000) return [];
  seen.add(key);
  return sourcesOf(statement.value, path, symbols, seen);
}

/** `.name`, `.?name`, `['name']` and `!` after a symbol; undefined when there is anything else. */
function membersOf(words: readonly BicepToken[]): string[] | undefined {
  const members: string[] = [];
  for (let at = 0; at < words.length;) {
    const [one, two, three] = words.slice(at, at + 3);
    if (one?.text === '!') at += 1;
    else if ((one?.text === '.' || one?.text === '.?') && two?.kind === 'word') {
      members.push(two.text);
      at += 2;
    } else if (one?.text === '[' && two?.value !== undefined && three?.text === ']') {
      members.push(two.value);
      at += 3;
    } else return undefined;
  }
  return members;
}

/** Where a symbol stands outside of any brackets; of `?` the first, whose `:` the later ones must not take. */
function topLevel(words: readonly BicepToken[], symbol: string): number {
  let depth = 0;
  let conditions = 0;
  for (const [index, { text, kind }] of words.entries()) {
    if (kind !== 'symbol') continue;
    if (/^[[({]$/.test(text)) depth += 1;
    else if (/^[\])}]$/.test(text)) depth -= 1;
    else if (depth === 0 && text === symbol && conditions === 0) return index;
    else if (depth === 0 && text === '?') conditions += 1;
    else if (depth === 0 && text === ':') conditions -= 1;
  }
  return -1;
}
