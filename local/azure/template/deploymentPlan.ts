/** What a deployment of a template will do: its parameters, its resources in order of declaration, its outputs. */
import { freshBudget, type Environment } from './evaluate.js';
import { findDependencies } from './dependencies.js';
import { expandResources } from './expandResources.js';
import { asJson, isObject, own, type Json, type JsonObject } from './json.js';
import { checkOutputs, evaluateOutputs, hasOutputs } from './outputs.js';
import {
  bindParameters,
  givenSecrets,
  givenValues,
  type GivenParameter,
  type TypedValue,
} from './parameters.js';
import { evaluateBody } from './resourceBody.js';
import { indexNames, type ResourceNames } from './resourceNames.js';
import type { Runtime, TemplateScope } from './scope.js';
import { bindFunctions, bindVariables, emptyEnvironment } from './templateEnvironment.js';
import { TemplateError, validationFailed } from './templateError.js';
import { unknownSource, type TemplateSource } from './templateSource.js';

export type { GivenParameter, TypedValue } from './parameters.js';
export type { Runtime, TemplateScope } from './scope.js';
export { TemplateError } from './templateError.js';

/** A resource to deploy. */
export interface PlannedResource {
  readonly id: string;
  /** `Microsoft.Network/virtualNetworks/subnets` */
  readonly type: string;
  /** `vnet/subnet` */
  readonly name: string;
  readonly apiVersion: string;
  /** ids of resources of this plan */
  readonly dependsOn: readonly string[];
  /**
   * What to put: location, tags, sku, properties, …, with `reference()` and `list*()` answered by the runtime.
   * A nested deployment (`Microsoft.Resources/deployments`) carries `properties.template` and `properties.parameters`, ready for a plan
   * of its own, and where it has them `resourceGroup` and `subscriptionId`.
   * @throws TemplateError; whatever the runtime throws
   */
  body(runtime: Runtime): Record<string, unknown>;
  /** The body to look at: what waits for the runtime, and what is a secret, is left as an expression with all else filled in. */
  preview(): Record<string, unknown>;
}

/** A template that Azure would accept, ready to run. */
export interface DeploymentPlan {
  /** types as answers spell them; the values of secure ones are absent */
  readonly parameters: Readonly<Record<string, TypedValue>>;
  readonly resources: readonly PlannedResource[];
  readonly hasOutputs: boolean;
  /** the texts of the secure parameters, which no answer may show */
  readonly secrets: readonly string[];
  /**
   * The outputs after all resources are deployed, named in camel case; the values of secure ones are absent.
   * @throws TemplateError `DeploymentOutputEvaluationFailed`; whatever the runtime throws
   */
  outputs(runtime: Runtime): Record<string, TypedValue>;
}

const schemaVersions = ['2014-04-01-preview', '2015-01-01', '2018-05-01', '2019-04-01', '2019-08-01'];
const mostParameters = 256;
const mostVariables = 512;

/**
 * Plans the deployment of a template, as far as that goes before anything runs: everything Azure's validation of a template finds,
 * this finds, in the same words.
 * @param template the template, parsed
 * @param parameters as the deployment request gives them
 * @param source where things stand in the request's text, for the line information in refusals
 * @throws TemplateError
 */
export function planDeployment(
  template: unknown,
  parameters: Readonly<Record<string, GivenParameter>>,
  scope: TemplateScope,
  source: TemplateSource = unknownSource,
): DeploymentPlan {
  const parsed = readTemplate(template, source);
  const given = givenValues(parameters, (value, name) =>
    bounded(value, problem =>
      validationFailed(`The value of the parameter '${name}' is not valid: ${problem}.`),
    ),
  );
  const empty = emptyEnvironment(withTemplate(scope, parsed));
  const base: Environment = { ...empty, userFunctions: bindFunctions(parsed, empty) };
  const bound = redactor(givenSecrets(parsed, given))(() =>
    bindParameters(parsed, given, parameter => ({ ...base, parameter, inDefaultValue: true }), source),
  );
  const redact = redactor(bound.secrets);

  return redact(() => {
    const variables = bindVariables(parsed, variable => ({ ...base, parameter: bound.value, variable }));
    variables.check();
    // Expressions may name resources only after these are expanded, and expanding them takes expressions.
    const index: { names?: ResourceNames } = {};
    const environment: Environment = {
      ...base,
      parameter: bound.value,
      variable: variables.value,
      resource: name => index.names?.one(name),
      collection: name => index.names?.loop(name),
    };
    const expanded = expandResources(parsed, environment, source);
    index.names = indexNames(expanded);
    const dependencies = findDependencies(expanded.resources, index.names);
    const shown = bindVariables(parsed, variable => ({ ...base, parameter: bound.shown, variable }));
    const resources = [...dependencies].map(([resource, needs]): PlannedResource => {
      evaluateBody(resource, 'deferred');
      const { id, type, name, apiVersion } = resource;
      const { environment: inside } = resource;
      return {
        id,
        type,
        name,
        apiVersion,
        dependsOn: needs.map(need => need.id),
        body: runtime => redact(() => ({ ...evaluateBody(resource, runtime) })),
        preview: () =>
          redact(() => ({
            ...evaluateBody(
              {
                ...resource,
                environment: {
                  ...inside,
                  parameter: bound.shown,
                  variable: shown.value,
                  budget: freshBudget(),
                },
              },
              'deferred',
            ),
          })),
      };
    });
    checkOutputs(parsed, environment, source);
    return {
      parameters: bound.typed,
      resources,
      hasOutputs: hasOutputs(parsed),
      secrets: bound.secrets,
      outputs: runtime => redact(() => evaluateOutputs(parsed, environment, runtime)),
    };
  });
}

function readTemplate(template: unknown, source: TemplateSource): JsonObject {
  const parsed = bounded(
    template,
    problem => new TemplateError('InvalidTemplate', `Deployment template parse failed: '${problem}'.`),
  );
  if (!isObject(parsed)) {
    throw new TemplateError(
      'InvalidTemplate',
      "Deployment template parse failed: 'The template must be a JSON object.'.",
    );
  }
  const { lineNumber, linePosition, path } = source([]);
  for (const key of ['$schema', 'contentVersion', 'resources']) {
    if (own(parsed, key) !== undefined) continue;
    throw new TemplateError(
      'InvalidTemplate',
      `Deployment template parse failed: 'Required property '${key}' not found in JSON. Path '${path}', line ${lineNumber}, position ${linePosition}.'.`,
      { location: { lineNumber, linePosition, path } },
    );
  }
  checkSchema(own(parsed, '$schema') ?? null, source);
  checkContentVersion(own(parsed, 'contentVersion') ?? null, source);
  checkCount(parsed, 'parameters', mostParameters);
  checkCount(parsed, 'variables', mostVariables);
  return parsed;
}

function checkSchema(schema: Json, source: TemplateSource): void {
  const text = typeof schema === 'string' ? schema : '';
  const version = /\/schemas\/([^/]{1,40})\/[a-z]{0,20}deploymentTemplate\.json#?$/i.exec(text)?.[1];
  if (version !== undefined && schemaVersions.includes(version)) return;
  throw validationFailed(
    `Template schema '${text}' is not supported. Supported versions are '${schemaVersions.join(',')}'. Please see https://aka.ms/arm-template for usage details.`,
    source(['$schema']),
  );
}

function checkContentVersion(version: Json, source: TemplateSource): void {
  if (typeof version === 'string' && /^\d{1,9}(?:\.\d{1,9}){1,3}$/.test(version)) return;
  throw validationFailed(
    `The template content version '${typeof version === 'string' ? version : ''}' is not valid. It must be of the form '1.0.0.0'. Please see https://aka.ms/arm-template for usage details.`,
    source(['contentVersion']),
  );
}

function checkCount(template: JsonObject, section: string, most: number): void {
  const entries = own(template, section);
  const count = isObject(entries) ? Object.keys(entries).length : 0;
  if (count <= most) return;
  throw validationFailed(
    `The number of template ${section} limit exceeded. Limit: '${most}' and actual: '${count}'. Please see https://aka.ms/arm-template for usage details.`,
  );
}

function bounded(value: unknown, refuse: (problem: string) => TemplateError): Json {
  try {
    return asJson(value);
  } catch (error) {
    throw error instanceof RangeError ? refuse(error.message) : error;
  }
}

/** `deployment().properties.template` is the template itself. */
function withTemplate(scope: TemplateScope, template: JsonObject): TemplateScope {
  const given = scope.deployment.properties ?? {};
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...scope,
    deployment: { ...scope.deployment, properties: { template, ...Object.fromEntries(members) } },
  };
}

/** V8's answer to recursion without end; a template's variables and functions can nest deeper than any one of them. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** Runs what may refuse, and takes the secrets out of what it says. */
function redactor(secrets: readonly string[]): <Result>(run: () => Result) => Result {
  const hidden = [...new Set(secrets)]
    .filter(secret => secret.length > 2)
    .sort((left, right) => right.length - left.length);
  const clean = (text: string): string => hidden.reduce((sum, secret) => sum.replaceAll(secret, '***'), text);
  return run => {
    try {
      return run();
    } catch (error) {
      if (isStackOverflow(error)) throw validationFailed('The template is nested too deeply to evaluate.');
      if (!(error instanceof TemplateError) || hidden.length === 0) throw error;
      const location = error.additionalInfo?.[0]?.info;
      throw new TemplateError(error.code, clean(error.message), {
        ...(error.target === undefined ? {} : { target: error.target }),
        ...(location === undefined ? {} : { location }),
        ...(error.details === undefined
          ? {}
          : { details: error.details.map(detail => ({ ...detail, message: clean(detail.message) })) }),
      });
    }
  };
}
