/** What each resource waits for: `dependsOn`, `reference()` and serial loops; and that nothing waits for itself. */
import type { Environment } from './evaluate.js';
import type { ExpandedResource } from './expandResources.js';
import { isExpression, parseExpression, type Expression } from './expression.js';
import { evaluator } from './functions/table.js';
import { isArray, isObject, kindOf, own, type Json } from './json.js';
import type { ResourceNames } from './resourceNames.js';
import { Deferred, ExpressionError, inPlace, type TemplateError, validationFailed } from './templateError.js';
import { evaluateTree } from './tree.js';

/**
 * The resources that each deployed resource depends on, in the order they were found.
 * @throws TemplateError for a dependency outside the template and for a cycle
 */
export function findDependencies(
  resources: readonly ExpandedResource[],
  names: ResourceNames,
): ReadonlyMap<ExpandedResource, readonly ExpandedResource[]> {
  const dependencies = new Map<ExpandedResource, readonly ExpandedResource[]>();
  for (const resource of resources) {
    if (!resource.deployed) continue;
    const found = new Set([
      ...explicit(resource, names),
      ...earlierBatch(resource, names),
      ...referenced(resource, names),
    ]);
    dependencies.set(
      resource,
      [...found].filter(dependency => dependency.deployed),
    );
  }
  refuseCycles(dependencies);
  return dependencies;
}

function explicit(resource: ExpandedResource, names: ResourceNames): ExpandedResource[] {
  let entries: Json;
  try {
    entries = evaluateTree(own(resource.declaration, 'dependsOn') ?? [], resource.environment);
  } catch (error) {
    throw inPlace(error, message => invalid(resource, message));
  }
  if (!isArray(entries)) {
    throw invalid(resource, `its 'dependsOn' must be of type 'Array', it is of type '${kindOf(entries)}'`);
  }
  return entries.flatMap(entry => {
    if (typeof entry !== 'string') {
      throw invalid(resource, `its 'dependsOn' must hold strings only, one is of type '${kindOf(entry)}'`);
    }
    const one = names.one(entry);
    if (one !== undefined) return [one];
    const loop = names.loop(entry);
    if (loop !== undefined) return [...loop];
    throw validationFailed(
      `The resource '${shortName(entry)}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.`,
    );
  });
}

/** `Microsoft.X/type/name` of an id, as Azure shows it. */
function shortName(entry: string): string {
  const at = entry.toLowerCase().lastIndexOf('/providers/');
  return at < 0 ? entry : entry.slice(at + '/providers/'.length);
}

/** In a serial loop each batch waits for the one before. */
function earlierBatch(resource: ExpandedResource, names: ResourceNames): readonly ExpandedResource[] {
  const { loop } = resource;
  if (loop?.batchSize === undefined) return [];
  const size = loop.batchSize;
  const batch = Math.floor(loop.index / size);
  return (names.loop(loop.name) ?? []).filter(
    other => other.loop !== undefined && Math.floor(other.loop.index / size) === batch - 1,
  );
}

/** The resources of the template whose state the body reads. */
function referenced(resource: ExpandedResource, names: ResourceNames): Set<ExpandedResource> {
  const found = new Set<ExpandedResource>();
  const { resources: _children, dependsOn: _explicit, ...body } = resource.declaration;
  walkTree(body, expression => {
    collect(expression, resource.environment, names, found);
  });
  return found;
}

/** Calls `visit` for every expression in a tree; what an inner template holds is its own business. */
function walkTree(value: Json, visit: (expression: Expression) => void): void {
  if (typeof value === 'string') {
    if (isExpression(value)) visit(parseExpression(value));
  } else if (isArray(value)) {
    for (const item of value) walkTree(item, visit);
  } else if (isObject(value)) {
    const inner = own(own(value, 'expressionEvaluationOptions'), 'scope');
    const skipped = typeof inner === 'string' && inner.toLowerCase() === 'inner' ? 'template' : undefined;
    for (const [key, item] of Object.entries(value)) if (key !== skipped) walkTree(item, visit);
  }
}

function collect(
  node: Expression,
  environment: Environment,
  names: ResourceNames,
  found: Set<ExpandedResource>,
): void {
  if (node.kind === 'literal') return;
  if (node.kind === 'access') {
    collect(node.target, environment, names, found);
    collect(node.key, environment, names, found);
    return;
  }
  const name = node.name.toLowerCase();
  if (name === 'if') {
    const taken = branch(node.args, environment);
    for (const arg of taken) collect(arg, environment, names, found);
    return;
  }
  const [first] = node.args;
  if (
    first !== undefined &&
    (name === 'reference' || name === 'references' || /^list[a-z0-9]*$/.test(name))
  ) {
    const target = known(first, environment);
    if (typeof target === 'string') {
      const one = name === 'references' ? undefined : names.one(target);
      if (one !== undefined) found.add(one);
      if (name === 'references') for (const each of names.loop(target) ?? []) found.add(each);
    }
  }
  for (const arg of node.args) collect(arg, environment, names, found);
}

/** What of an `if` will be evaluated: its condition and the branch it chooses, both branches while it is not known. */
function branch(args: readonly Expression[], environment: Environment): readonly Expression[] {
  const [condition, yes, no] = args;
  const value = condition === undefined ? undefined : known(condition, environment);
  const chosen = value === true ? [condition, yes] : value === false ? [condition, no] : [condition, yes, no];
  return chosen.filter(node => node !== undefined);
}

function known(node: Expression, environment: Environment): Json | undefined {
  try {
    return evaluator.evaluate(node, { ...environment, runtime: 'deferred' });
  } catch (error) {
    if (error instanceof Deferred || error instanceof ExpressionError) return undefined;
    throw error;
  }
}

function refuseCycles(dependencies: ReadonlyMap<ExpandedResource, readonly ExpandedResource[]>): void {
  const waiting = new Map([...dependencies].map(([resource, needs]) => [resource, needs.length]));
  const dependents = new Map<ExpandedResource, ExpandedResource[]>();
  for (const [resource, needs] of dependencies) {
    for (const need of needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [resource]);
      else list.push(resource);
    }
  }
  const ready = [...waiting].filter(([, count]) => count === 0).map(([resource]) => resource);
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    waiting.delete(next);
    for (const dependent of dependents.get(next) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  const stuck = firstInCycle(dependencies, new Set(waiting.keys()));
  if (stuck === undefined) return;
  throw validationFailed(
    `Circular dependency detected on resource: '${stuck.id}'. Please see https://aka.ms/arm-syntax-resources for usage details.`,
  );
}

/** Of the resources that never become ready, one that waits for itself and not only for such a one. */
function firstInCycle(
  dependencies: ReadonlyMap<ExpandedResource, readonly ExpandedResource[]>,
  stuck: ReadonlySet<ExpandedResource>,
): ExpandedResource | undefined {
  const path = new Set<ExpandedResource>();
  let [current] = stuck;
  while (current !== undefined && !path.has(current)) {
    path.add(current);
    current = dependencies.get(current)?.find(need => stuck.has(need));
  }
  return current;
}

function invalid(resource: ExpandedResource, message: string): TemplateError {
  const { name, location } = resource;
  return validationFailed(
    `The template resource '${name}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid: ${message}. Please see https://aka.ms/arm-functions for usage details.`,
    location,
  );
}
