/** The body of a resource as it is put to its provider, with everything of the language evaluated. */
import { freshBudget, spend, type Environment } from './evaluate.js';
import type { ExpandedResource } from './expandResources.js';
import { isArray, isObject, objectOf, own, weigh, type Json, type JsonObject } from './json.js';
import type { Runtime } from './scope.js';
import { inPlace, TemplateError } from './templateError.js';
import { evaluateEntries, evaluateTree, textIn, type TreeMode } from './tree.js';

/** What belongs to the template language and not to the resource. */
const languageKeys: ReadonlySet<string> = new Set([
  'type',
  'name',
  'apiversion',
  'dependson',
  'condition',
  'copy',
  'comments',
  'metadata',
  'resources',
  'existing',
  'scope',
  'import',
  'extension',
]);

/** What must be known before anything is deployed, so that `reference()` has no place there. */
const earlyKeys: ReadonlySet<string> = new Set([
  'location',
  'sku',
  'kind',
  'plan',
  'zones',
  'resourcegroup',
  'subscriptionid',
]);

/**
 * Evaluates the body of a resource.
 * @param runtime the running deployment; 'deferred' gives the body with the expressions that wait for it left in
 * @throws TemplateError as Azure words it; whatever the runtime throws
 */
export function evaluateBody(resource: ExpandedResource, runtime: Runtime | 'deferred'): JsonObject {
  const mode: TreeMode = runtime === 'deferred' ? 'preview' : 'now';
  const deployment = isDeployment(resource.type);
  const budget = runtime === 'deferred' ? resource.environment.budget : freshBudget();
  try {
    spend({ budget }, weigh(resource.declaration));
    return objectOf(
      Object.entries(resource.declaration).flatMap(([key, value]): (readonly [string, Json])[] => {
        const lower = key.toLowerCase();
        if (languageKeys.has(lower)) return [];
        const environment: Environment = {
          ...resource.environment,
          budget,
          runtime: earlyKeys.has(lower) ? 'forbidden' : runtime,
        };
        if (deployment && lower === 'properties') return [[key, nestedProperties(value, environment, mode)]];
        return [[key, evaluateTree(value, environment, mode)]];
      }),
    );
  } catch (error) {
    const { lineNumber, linePosition } = resource.location;
    throw inPlace(
      error,
      message =>
        new TemplateError(
          'InvalidTemplate',
          `Unable to process template language expressions for resource '${resource.id}' at line '${lineNumber}' and column '${linePosition}'. '${message}'`,
          { location: { lineNumber, linePosition, path: '' } },
        ),
    );
  }
}

/** True for the type of a nested deployment. */
export function isDeployment(type: string): boolean {
  return type.toLowerCase() === 'microsoft.resources/deployments';
}

/** The properties of a nested deployment: an inner template stays as it is, an outer one is evaluated here and now. */
function nestedProperties(properties: Json, environment: Environment, mode: TreeMode): Json {
  if (!isObject(properties)) return evaluateTree(properties, environment, mode);
  const { template, ...others } = properties;
  const evaluated = evaluateEntries(others, environment, mode);
  if (template === undefined) return objectOf(evaluated);
  const nested = isInner(properties) || !isObject(template) ? template : outerTemplate(template, environment);
  return objectOf([...evaluated, ['template', nested]]);
}

function isInner(properties: Json): boolean {
  const scope = own(own(properties, 'expressionEvaluationOptions'), 'scope');
  return typeof scope === 'string' && scope.toLowerCase() === 'inner';
}

/** A nested template in which the outer one's parameters and variables have been filled in; its own have no meaning there. */
function outerTemplate(template: JsonObject, environment: Environment): JsonObject {
  const {
    variables: _variables,
    functions: _functions,
    parameters,
    resources,
    outputs,
    ...others
  } = template;
  return {
    ...others,
    ...(parameters === undefined ? {} : { parameters }),
    resources: outerResources(resources ?? [], environment),
    ...(isObject(outputs) ? { outputs: outerLoops(outputs, environment) } : {}),
  };
}

function outerResources(resources: Json, environment: Environment): Json {
  if (isArray(resources)) return resources.map(resource => outerResource(resource, environment));
  if (!isObject(resources)) return resources;
  return objectOf(
    Object.entries(resources).map(([key, resource]) => [key, outerResource(resource, environment)]),
  );
}

function outerResource(resource: Json, environment: Environment): Json {
  if (!isObject(resource)) return resource;
  const inside = withLaterLoop(resource, environment);
  const { properties, resources, ...others } = resource;
  const type = own(resource, 'type');
  return objectOf([
    ...evaluateEntries(others, inside, 'template'),
    ...(properties === undefined
      ? []
      : [
          [
            'properties',
            typeof type === 'string' && isDeployment(type)
              ? nestedProperties(properties, inside, 'template')
              : evaluateTree(properties, inside, 'template'),
          ] as const,
        ]),
    ...(resources === undefined ? [] : [['resources', outerResources(resources, inside)] as const]),
  ]);
}

/** Outputs may loop too, each by itself. */
function outerLoops(outputs: JsonObject, environment: Environment): JsonObject {
  return objectOf(
    Object.entries(outputs).map(([key, output]) => [
      key,
      evaluateTree(output, isObject(output) ? withLaterLoop(output, environment) : environment, 'template'),
    ]),
  );
}

/** Within something that the nested deployment will unroll, `copyIndex()` waits for that. */
function withLaterLoop(value: JsonObject, environment: Environment): Environment {
  const copy = own(value, 'copy');
  if (!isObject(copy)) return environment;
  const names = Object.hasOwn(copy, 'name') ? [textIn(copy, 'name', environment).toLowerCase()] : [];
  return { ...environment, laterLoops: new Set([...environment.laterLoops, '', ...names]) };
}
