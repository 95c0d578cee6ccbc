/** Expands `${{ }}`, conditional and repeated parts and templates: a tree of the file in, the tree that the run is made of out. */

import { type Value, isArray, isObject, kindOf, toBoolean } from '../expressions/values.js';
import { type Directive, readDirective } from './directives.js';
import { type Names, createInterpolation, withVariables } from './interpolation.js';
import { readParameters } from './parameters.js';
import { asMap } from './reader.js';
import { type Entry, type Node, type Position, type Report, scalar, valueOf } from './source.js';

/** What the expander asks of the outside: the tree of a template named in a file. */
export type LoadTemplate = (name: string, from: Position) => Node | undefined;

const templateLists = ['steps', 'jobs', 'stages', 'variables'] as const;
type TemplateList = (typeof templateLists)[number];
const mostTemplates = 100;
/** Beside these, `variables:` are seen by all that stands in the same map. */
const scopes = ['stages', 'jobs', 'steps', 'strategy', 'extends'];

/** Expands trees; positions stay those of the files that the pieces come from. */
export function createExpander(load: LoadTemplate, report: Report) {
  const { evaluateAt, expandScalar } = createInterpolation(report);
  let templates = 0;

  /** A map's worth of expansion; `variables:` of the root, a stage or a job come first and can be used in the rest. */
  function expandMap(node: Node & { kind: 'map' }, names: Names): Node {
    const scope = node.entries.some(({ key }) => scopes.includes(key.text))
      ? node.entries.find(({ key }) => key.text === 'variables')
      : undefined;
    const variables = scope && expandValue(scope, names);
    const inner = variables === undefined ? names : withVariables(names, variables);
    return {
      ...node,
      entries: expandEntries(node.entries, inner, entry =>
        entry === scope && variables !== undefined ? variables : undefined,
      ),
    };
  }

  function expandValue({ key, value }: Entry, names: Names): Node {
    const list = templateLists.find(name => name === key.text);
    if (value.kind === 'sequence') return { ...value, items: expandItems(value.items, names, list) };
    if (list === 'variables' && value.kind === 'map')
      return { ...value, entries: expandEntries(value.entries, names, undefined, true) };
    const expanded = expand(value, names);
    if (list === undefined || expanded.kind !== 'sequence') return expanded;
    return { ...expanded, items: expanded.items.flatMap(item => splice(item, names, list)) };
  }

  /** @param areVariables each of the entries is then known to those that follow it */
  function expandEntries(
    entries: readonly Entry[],
    outer: Names,
    done: (entry: Entry) => Node | undefined = () => undefined,
    areVariables = false,
  ): Entry[] {
    let names = outer;
    const branch = createBranch();
    const expandOne = (entry: Entry): readonly Entry[] => {
      const directive = readDirective(entry);
      if (directive === undefined) {
        branch.reset();
        const key = expand(entry.key, names);
        if (key.kind !== 'scalar') {
          report(entry.key.at, 'a key must be plain text');
          return [];
        }
        return [{ key, value: done(entry) ?? expandValue({ key, value: entry.value }, names) }];
      }
      if (directive.kind === 'each')
        return repeat(directive, entry, names, inner => mapEntries(expand(entry.value, inner)));
      if (directive.kind !== 'insert' && !branch.take(directive, entry, names)) return [];
      return mapEntries(
        entry.value.kind === 'map'
          ? { ...entry.value, entries: expandEntries(entry.value.entries, names, undefined, areVariables) }
          : expand(entry.value, names),
      );
    };
    return entries.flatMap(entry => {
      const made = expandOne(entry);
      if (areVariables) names = withVariables(names, { kind: 'map', entries: made, at: entry.key.at });
      return made;
    });
  }

  function mapEntries(node: Node): readonly Entry[] {
    if (node.kind === 'scalar' && node.text === '') return [];
    return asMap(node, 'what is inserted here', report)?.entries ?? [];
  }

  /** The items of a list: themselves, or what a directive, a list-valued expression or a template puts in their place. */
  function expandItems(items: readonly Node[], outer: Names, list: TemplateList | undefined): Node[] {
    let names = outer;
    const branch = createBranch();
    const expandOne = (item: Node): readonly Node[] => {
      const only = item.kind === 'map' && item.entries.length === 1 ? item.entries[0] : undefined;
      const directive = only && readDirective(only);
      if (only === undefined || directive === undefined || directive.kind === 'insert') {
        branch.reset();
        const expanded = expand(item, names);
        if (item.kind === 'scalar' && expanded.kind === 'sequence')
          return expanded.items.flatMap(inner => splice(inner, names, list));
        return splice(expanded, names, list);
      }
      if (directive.kind === 'each') {
        branch.reset();
        // With a map below it, it fills one item; with a list, it makes items.
        if (only.value.kind === 'map') return splice(expand(item, names), names, list);
        return repeat(directive, only, names, inner => listItems(only.value, inner, list));
      }
      return branch.take(directive, only, names) ? listItems(only.value, names, list) : [];
    };
    return items.flatMap(item => {
      const made = expandOne(item);
      // A variable can be spoken of by those that follow it, and by the names of templates among them.
      if (list === 'variables') names = withVariables(names, { kind: 'sequence', items: made, at: item.at });
      return made;
    });
  }

  /** The body of a directive inside a list: a list, or one map that stands for an item. */
  function listItems(body: Node, names: Names, list: TemplateList | undefined): readonly Node[] {
    if (body.kind === 'sequence') return expandItems(body.items, names, list);
    const expanded = expand(body, names);
    if (expanded.kind === 'sequence') return expanded.items.flatMap(inner => splice(inner, names, list));
    return expanded.kind === 'scalar' && expanded.text === '' ? [] : splice(expanded, names, list);
  }

  /** Puts a template's content in the place of an item that names one. */
  function splice(item: Node, names: Names, list: TemplateList | undefined): readonly Node[] {
    const name = list === undefined ? undefined : valueOf(item, 'template');
    if (list === undefined || name?.kind !== 'scalar' || item.kind !== 'map') return [item];
    for (const { key } of item.entries)
      if (key.text !== 'template' && key.text !== 'parameters')
        report(key.at, `'${key.text}' cannot stand beside 'template'; only 'parameters' can`);
    const content = expandTemplate(name.text, name.at, valueOf(item, 'parameters'), names);
    const body = content && valueOf(content, list);
    if (content !== undefined && body === undefined)
      report(
        name.at,
        `the template '${name.text}' has no '${list}', so it cannot stand in a list of ${list}`,
      );
    if (content?.kind === 'map')
      for (const { key } of content.entries)
        if (key.text !== list)
          report(
            key.at,
            `'${key.text}' is not a key of a template for ${list}; its keys are parameters and ${list}`,
          );
    if (body === undefined) return [];
    if (list === 'variables' && body.kind === 'map')
      return body.entries.map(({ key, value }) => ({
        kind: 'map',
        at: key.at,
        entries: [
          { key: scalar('name', key.at), value: key },
          { key: scalar('value', key.at), value },
        ],
      }));
    if (body.kind !== 'sequence') report(body.at, `'${list}' of a template must be a list`);
    return body.kind === 'sequence' ? body.items : [];
  }

  /** The expanded content of a template, without its `parameters`. */
  function expandTemplate(
    name: string,
    at: Position,
    given: Node | undefined,
    names: Names,
  ): Node | undefined {
    // A template that includes itself would never end.
    if (++templates > mostTemplates) {
      if (templates === mostTemplates + 1)
        report(at, `more than ${mostTemplates} templates are used; does '${name}' include itself?`);
      return undefined;
    }
    const tree = load(name, at);
    if (tree === undefined) return undefined;
    const content = asMap(tree, `the template '${name}'`, report);
    if (content === undefined) return undefined;
    if (given !== undefined && given.kind !== 'map' && !(given.kind === 'scalar' && given.text === ''))
      report(given.at, `the parameters for the template '${name}' must be a map of names and values`);
    const parameters = readParameters(
      valueOf(content, 'parameters'),
      given?.kind === 'map' ? given.entries.map(entry => [entry.key.text, entry.value]) : [],
      { what: `the template '${name}'`, at },
      report,
    );
    const inner = new Map<string, Value>([
      ['parameters', parameters],
      ['variables', names.get('variables') ?? new Map()],
    ]);
    return expand(
      { ...content, entries: content.entries.filter(({ key }) => key.text !== 'parameters') },
      inner,
    );
  }

  /** Chooses among `if`, `elseif` and `else` that follow each other. */
  function createBranch() {
    let state: 'none' | 'open' | 'taken' = 'none';
    return {
      reset: () => {
        state = 'none';
      },
      take: (directive: Directive, { key }: Entry, names: Names): boolean => {
        if (directive.kind !== 'if' && state === 'none') {
          report(key.at, `'${directive.kind}' must follow an 'if' directly`);
          return false;
        }
        if (directive.kind === 'if') state = 'open';
        if (state === 'taken') return false;
        const holds =
          directive.kind === 'else' || toBoolean(evaluateAt(directive.expression, key.at, names) ?? null);
        if (holds) state = 'taken';
        return holds;
      },
    };
  }

  function repeat<T>(
    { variable, expression }: Directive,
    { key }: Entry,
    names: Names,
    body: (names: Names) => readonly T[],
  ): T[] {
    const collection = evaluateAt(expression, key.at, names) ?? null;
    const items: readonly Value[] | undefined = isArray(collection)
      ? collection
      : isObject(collection)
        ? [...collection].map(
            ([name, value]) =>
              new Map<string, Value>([
                ['key', name],
                ['value', value],
              ]),
          )
        : collection === null || collection === ''
          ? []
          : undefined;
    if (items === undefined)
      report(key.at, `'each' goes over a list or a map, not over a ${kindOf(collection)}`);
    return (items ?? []).flatMap(item => body(new Map([...names, [variable, item]])));
  }

  function expand(node: Node, names: Names): Node {
    if (node.kind === 'map') return expandMap(node, names);
    if (node.kind === 'scalar') return expandScalar(node, names);
    return { ...node, items: expandItems(node.items, names, undefined) };
  }

  return { expand, expandTemplate };
}
