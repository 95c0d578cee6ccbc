/** From a pipeline file on disk to the model; the only part of reading that touches files. */

import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { ProblemsError } from '../../../shared/core/errors.js';
import type { Value } from '../expressions/values.js';
import { type LoadTemplate, createExpander } from './expand.js';
import { withVariables } from './interpolation.js';
import type { Pipeline } from './model.js';
import { parameterNode, readParameters } from './parameters.js';
import { readPipeline } from './pipeline.js';
import {
  type Node,
  type Problem,
  type Report,
  formatProblem,
  parseSource,
  scalar,
  valueOf,
} from './source.js';

export interface LoadOptions {
  /** Absolute path of the pipeline file. */
  readonly file: string;
  /** Absolute path of the folder that `/templates` are looked up in. */
  readonly root: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Variables known before the run; they take the place of those that the file gives the same name at its top. */
  readonly variables: ReadonlyMap<string, string>;
  /** A further check over the model, its findings told together with all others. */
  readonly check?: (pipeline: Pipeline, report: Report) => void;
}

/** @throws ProblemsError with every problem of the file, each with file, line and column */
export function loadPipeline(options: LoadOptions): Pipeline {
  const problems: Problem[] = [];
  const report: Report = (at, message) => problems.push({ at, message });
  const pipeline = load(options, report);
  options.check?.(pipeline, report);
  if (problems.length > 0) {
    const lines = [...new Set(problems.sort(inFileOrder).map(formatProblem))];
    throw new ProblemsError(`The pipeline file cannot be run`, lines);
  }
  return pipeline;
}

function inFileOrder({ at: left }: Problem, { at: right }: Problem): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line || left.column - right.column;
}

function load(options: LoadOptions, report: Report): Pipeline {
  const shown = (file: string) => {
    const path = relative(process.cwd(), file);
    return path.startsWith('..') ? file : path;
  };
  // Templates are found beside the file that names them, whose shown name is in every position.
  const paths = new Map<string, string>([[shown(options.file), options.file]]);
  const read = (file: string): Node | undefined => {
    paths.set(shown(file), file);
    return parseSource(readFileSync(file, 'utf8'), shown(file), report);
  };
  const loadTemplate: LoadTemplate = (written, from) => {
    const [name = '', repository] = written.split('@');
    if (repository !== undefined && repository !== 'self') {
      report(
        from,
        `the template '${written}' is in another repository; only templates of 'self' can be read locally`,
      );
      return undefined;
    }
    const base = paths.get(from.file) ?? options.file;
    const file = name.startsWith('/') ? resolve(options.root, `.${name}`) : resolve(dirname(base), name);
    try {
      return read(file);
    } catch (error) {
      report(
        from,
        `the template '${written}' cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
      return undefined;
    }
  };
  const root = read(options.file);
  if (root?.kind !== 'map') {
    report(
      root?.at ?? { file: shown(options.file), line: 1, column: 1 },
      'a pipeline must be a map of keys and values',
    );
    return { variables: [], stages: [] };
  }
  const parameters = readParameters(
    valueOf(root, 'parameters'),
    [...options.parameters].map(([name, text]) => {
      const at = { file: `--param ${name}`, line: 1, column: 1 };
      return [name, parameterNode(text, at, yaml => parseSource(yaml, at.file, report))];
    }),
    { what: 'the pipeline', at: root.at },
    report,
  );
  const known = new Map<string, Value>([
    ['parameters', parameters],
    ['variables', new Map<string, Value>(options.variables)],
  ]);
  const { expand, expandTemplate } = createExpander(loadTemplate, report);
  const body: Node = {
    ...root,
    entries: root.entries
      .filter(({ key }) => key.text !== 'parameters')
      .map(entry =>
        entry.key.text === 'variables'
          ? { ...entry, value: overridden(entry.value, options.variables) }
          : entry,
      ),
  };
  const extended = valueOf(body, 'extends');
  if (extended === undefined) return readPipeline(expand(body, known), report);
  const expanded = expand(body, known);
  const name = valueOf(extended, 'template');
  const variables = valueOf(expanded, 'variables');
  const given = valueOf(expanded, 'extends');
  if (name?.kind !== 'scalar' || expanded.kind !== 'map') {
    report(extended.at, "'extends' needs 'template'");
    return { variables: [], stages: [] };
  }
  const template = expandTemplate(
    name.text,
    name.at,
    given && valueOf(given, 'parameters'),
    variables ? withVariables(known, variables) : known,
  );
  if (template?.kind !== 'map') return { variables: [], stages: [] };
  const own = expanded.entries.filter(({ key }) => key.text !== 'extends');
  return readPipeline({ ...template, entries: [...own, ...template.entries] }, report);
}

/** The variables of the file with those given for the run in their place. */
function overridden(node: Node, given: ReadonlyMap<string, string>): Node {
  const valueFor = (name: Node | undefined) =>
    name?.kind === 'scalar'
      ? [...given].find(([key]) => key.toLowerCase() === name.text.toLowerCase())?.[1]
      : undefined;
  if (node.kind === 'map')
    return {
      ...node,
      entries: node.entries.map(({ key, value }) => ({ key, value: replaced(value, valueFor(key)) })),
    };
  if (node.kind === 'scalar') return node;
  return {
    ...node,
    items: node.items.map(item => {
      const text = valueFor(valueOf(item, 'name'));
      if (item.kind !== 'map' || text === undefined) return item;
      return {
        ...item,
        entries: item.entries.map(({ key, value }) => ({
          key,
          value: key.text === 'value' ? replaced(value, text) : value,
        })),
      };
    }),
  };
}

function replaced(node: Node, text: string | undefined): Node {
  return text === undefined ? node : scalar(text, node.at);
}
