/** Turns the resources of a template into the resources to deploy: loops unrolled, children lifted, ids made, conditions decided. */
import type { Environment, NamedResource } from './evaluate.js';
import { isArray, isObject, kindOf, own, type Json, type JsonObject } from './json.js';
import { isResourceId, resourceIdIn, segmentsOf } from './resourceId.js';
import type { TemplateSource } from './templateSource.js';
import {
  ExpressionError,
  inPlace,
  validationFailed,
  type TemplateError,
  type TemplateLocation,
} from './templateError.js';
import { copyCount, evaluateTree, inLoop, textIn } from './tree.js';

/** One resource of the template after unrolling, its body still to be evaluated. */
export interface ExpandedResource extends NamedResource {
  /** as the template has it */
  readonly declaration: JsonObject;
  /** with the loop it stands in */
  readonly environment: Environment;
  readonly location: TemplateLocation;
  /** false for a condition that does not hold and for `existing` resources */
  readonly deployed: boolean;
  /** by which it may be called besides its id and name, as written: symbolic names */
  readonly symbols: readonly string[];
  /** the loop it comes from */
  readonly loop:
    { readonly name: string; readonly index: number; readonly batchSize: number | undefined } | undefined;
}

/** All resources of a template, and the names of its loops: one may run zero times and still be named. */
export interface ExpandedTemplate {
  readonly resources: readonly ExpandedResource[];
  readonly loopNames: ReadonlySet<string>;
}

/** Resource Manager's limit for one template. */
export const mostResources = 800;

interface Parent {
  readonly type: string;
  readonly name: string;
}

const usage = 'Please see https://aka.ms/arm-syntax-resources for usage details.';

/**
 * Expands all resources in the template's order.
 * @throws TemplateError
 */
export function expandResources(
  template: JsonObject,
  environment: Environment,
  source: TemplateSource,
): ExpandedTemplate {
  const loopNames = new Set<string>();
  const expanded: ExpandedResource[] = [];

  const each = (
    resources: Json | undefined,
    path: readonly (string | number)[],
    at: Environment,
    parent?: Parent,
  ): void => {
    const entries: readonly (readonly [string | number, Json])[] = isArray(resources)
      ? [...resources.entries()]
      : isObject(resources)
        ? Object.entries(resources)
        : [];
    for (const [key, declaration] of entries) {
      const place = [...path, key];
      if (!isObject(declaration)) {
        throw validationFailed(
          `The template resource at '${place.join('.')}' is not valid: it must be an object. ${usage}`,
          source(place),
        );
      }
      unrollResource(declaration, place, at, typeof key === 'string' ? key : undefined, parent);
    }
  };

  const unrollResource = (
    declaration: JsonObject,
    path: readonly (string | number)[],
    at: Environment,
    symbol: string | undefined,
    parent: Parent | undefined,
  ): void => {
    const location = source(path);
    const wrong = (message: string): Error => invalidResource(textualName(declaration), location, message);
    const copy = own(declaration, 'copy');
    if (copy === undefined || copy === null) {
      add(declaration, path, at, location, symbol === undefined ? [] : [symbol], undefined, parent);
      return;
    }
    if (!isObject(copy)) throw wrong("its 'copy' must be an object with 'name' and 'count'.");
    let name: string;
    let count: number;
    let batchSize: number | undefined;
    try {
      name = textIn(copy, 'name', at);
      count = copyCount(copy, at, source([...path, 'copy']));
      batchSize = batchSizeOf(copy, at);
    } catch (error) {
      throw inPlace(error, message => invalidResource(textualName(declaration), location, message));
    }
    loopNames.add(symbol ?? name);
    for (let index = 0; index < count; index += 1) {
      const symbols = symbol === undefined ? [] : [`${symbol}[${index}]`];
      add(
        declaration,
        path,
        inLoop(at, { name, index, unnamed: true }),
        location,
        symbols,
        { name: symbol ?? name, index, batchSize },
        parent,
      );
    }
  };

  const add = (
    declaration: JsonObject,
    path: readonly (string | number)[],
    at: Environment,
    location: TemplateLocation,
    symbols: readonly string[],
    loop: ExpandedResource['loop'],
    parent: Parent | undefined,
  ): void => {
    let resource: ExpandedResource;
    try {
      resource = {
        ...identify(declaration, at, location, source([...path, 'type']), parent),
        declaration,
        environment: at,
        location,
        symbols,
        loop,
      };
    } catch (error) {
      throw inPlace(error, message => invalidResource(textualName(declaration), location, message));
    }
    expanded.push(resource);
    if (expanded.length > mostResources) {
      throw validationFailed(
        `The number of template resources limit exceeded. Limit: '${mostResources}' and actual: more than '${mostResources}'. ${usage}`,
      );
    }
    each(own(declaration, 'resources'), [...path, 'resources'], at, {
      type: resource.type,
      name: resource.name,
    });
  };

  each(own(template, 'resources'), ['resources'], environment);
  refuseDuplicates(expanded);
  return { resources: expanded, loopNames };
}

function identify(
  declaration: JsonObject,
  environment: Environment,
  location: TemplateLocation,
  typeLocation: TemplateLocation,
  parent: Parent | undefined,
): NamedResource & { readonly deployed: boolean } {
  const required = (key: string, label = key): string => {
    const value = evaluateTree(own(declaration, key) ?? null, environment);
    if (typeof value === 'string' && value !== '') return value;
    if (value === null || value === '') {
      const name = key === 'name' ? '' : textualName(declaration);
      throw validationFailed(
        `The template resource '${name}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid. ` +
          `The ${label} property cannot be null or empty. ${usage}`,
        location,
      );
    }
    throw new ExpressionError(
      `The ${label} property must be of type 'String', it is of type '${kindOf(value)}'`,
    );
  };
  const ownType = required('type');
  const ownName = required('name');
  const nested = parent !== undefined && !/^[^/]+\.[^/]+\//.test(ownType);
  const type = nested ? `${parent.type}/${ownType}` : ownType;
  const name = nested ? `${parent.name}/${ownName}` : ownName;
  const apiVersion = required('apiVersion', 'api-version');
  const names = segmentsOf(name);
  if (segmentsOf(type).length - 1 !== names.length || names.includes('') || segmentsOf(type).includes('')) {
    throw validationFailed(
      `The template resource '${name}' for type '${type}' at line '${typeLocation.lineNumber}' and column '${typeLocation.linePosition}' has incorrect segment lengths. ` +
        'A nested resource type must have identical number of segments as its resource name. ' +
        `A root resource type must have segment length one greater than its resource name. ${usage}`,
      typeLocation,
    );
  }
  const id = resourceIdIn(baseOf(declaration, environment), type, names);
  const deployed = own(declaration, 'existing') !== true && holds(declaration, environment);
  return { id, type, name, apiVersion, deployed };
}

function holds(declaration: JsonObject, environment: Environment): boolean {
  const condition = evaluateTree(own(declaration, 'condition') ?? true, environment);
  if (typeof condition === 'boolean') return condition;
  throw new ExpressionError(
    `The 'condition' property must be of type 'Boolean', it is of type '${kindOf(condition)}'`,
  );
}

/** The id of the scope a resource lies in: its own `scope`, another resource group for a deployment, else the group. */
function baseOf(declaration: JsonObject, environment: Environment): string {
  const optional = (key: string): string | undefined => {
    const value = evaluateTree(own(declaration, key) ?? null, environment);
    if (value === null || typeof value === 'string') return value ?? undefined;
    throw new ExpressionError(
      `The '${key}' property must be of type 'String', it is of type '${kindOf(value)}'`,
    );
  };
  const { resourceGroup, subscription } = environment.scope;
  const scope = optional('scope');
  if (scope === '/') return '';
  if (scope !== undefined && isResourceId(scope)) return scope.replace(/\/+$/, '');
  if (scope !== undefined && scope !== '') {
    const [namespace = '', typePart = '', ...rest] = segmentsOf(scope);
    return resourceIdIn(resourceGroup.id, `${namespace}/${typePart}`, rest);
  }
  const subscriptionId = optional('subscriptionId');
  const group = optional('resourceGroup');
  if (subscriptionId === undefined && group === undefined) return resourceGroup.id;
  const base = `/subscriptions/${subscriptionId ?? subscription.subscriptionId}`;
  return group === undefined ? base : `${base}/resourceGroups/${group}`;
}

function batchSizeOf(copy: JsonObject, environment: Environment): number | undefined {
  const mode = evaluateTree(own(copy, 'mode') ?? 'Parallel', environment);
  const size = evaluateTree(own(copy, 'batchSize') ?? null, environment);
  const serial = typeof mode === 'string' && mode.toLowerCase() === 'serial';
  if (!serial && (typeof mode !== 'string' || mode.toLowerCase() !== 'parallel')) {
    throw new ExpressionError("The 'mode' of a copy must be 'Parallel' or 'Serial'");
  }
  if (size === null) return serial ? 1 : undefined;
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1) {
    throw new ExpressionError("The 'batchSize' of a copy must be a positive integer value");
  }
  return serial ? size : undefined;
}

/** Azure counts a resource whose condition does not hold too: only one may be declared. */
function refuseDuplicates(resources: readonly ExpandedResource[]): void {
  const seen = new Set<string>();
  for (const { id, type, name, declaration, location } of resources) {
    if (own(declaration, 'existing') === true) continue;
    if (seen.has(id.toLowerCase())) {
      throw validationFailed(
        `The resource '${resourceIdIn('', type, segmentsOf(name)).slice('/providers/'.length)}' at line '${location.lineNumber}' and column '${location.linePosition}' is defined multiple times in a template. ${usage}`,
        location,
      );
    }
    seen.add(id.toLowerCase());
  }
}

/** The name as the template has it, for messages about resources whose name is not known yet. */
function textualName(declaration: JsonObject): string {
  const name = own(declaration, 'name');
  return typeof name === 'string' ? name : '';
}

function invalidResource(name: string, location: TemplateLocation, message: string): TemplateError {
  return validationFailed(
    `The template resource '${name}' at line '${location.lineNumber}' and column '${location.linePosition}' is not valid: ${message}. Please see https://aka.ms/arm-functions for usage details.`,
    location,
  );
}
