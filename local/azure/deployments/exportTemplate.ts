/** Templates made of what is there: of a deployment as it was sent, of a group as its resources are now. Pure. */
import { isObject, object, string, type Json } from '../arm/json.js';
import { key, parseResourceId } from '../arm/resourceId.js';
import type { Resource } from '../arm/store.js';
import { isSecure, typeSpelling } from '../template/parameterTypes.js';
import { concealed } from './concealed.js';
import { deploymentType } from './deploymentRequest.js';
import { settable } from './propertyChanges.js';

const schema = 'https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#';

/** The order in which Azure writes the members of a resource; others come before the properties. */
const leading = ['type', 'apiVersion', 'name', 'location', 'tags', 'sku', 'kind', 'zones', 'dependsOn'];

/** A deployment's template as `exportTemplate` answers it: types spelt out, sections filled in, presets of secrets left out. */
export function exportedTemplate(template: Json, secrets: readonly string[]): Json {
  const { $schema, contentVersion, parameters, variables, resources, outputs, ...others } = template;
  return object(
    concealed(
      {
        $schema,
        contentVersion,
        ...others,
        parameters: typed(parameters),
        variables: variables ?? {},
        resources: Array.isArray(resources) ? resources.map(ordered) : resources,
        ...(outputs === undefined ? {} : { outputs: typed(outputs) }),
      },
      secrets,
    ),
  );
}

function typed(section: unknown): Json {
  return Object.fromEntries(
    Object.entries(object(section)).map(([name, declared]) => {
      const { type, defaultValue, ...rest } = object(declared);
      const spelling = typeof type === 'string' ? typeSpelling(type) : undefined;
      const preset =
        defaultValue === undefined || (spelling !== undefined && isSecure(spelling)) ? {} : { defaultValue };
      return [name, { ...preset, ...(type === undefined ? {} : { type: spelling ?? type }), ...rest }];
    }),
  );
}

function ordered(resource: unknown): unknown {
  if (!isObject(resource)) return resource;
  const { properties, ...others } = resource;
  const first = leading.filter(name => name in others).map(name => [name, others[name]] as const);
  const rest = Object.entries(others).filter(([name]) => !leading.includes(name));
  return Object.fromEntries([
    ...first,
    ...rest,
    ...(properties === undefined ? [] : [['properties', properties] as const]),
  ]);
}

/** What a request to export a group says. */
export interface ExportRequest {
  /** Ids, or `*`. */
  readonly resources: readonly string[];
  /** As `IncludeParameterDefaultValue`. */
  readonly options: readonly string[];
}

export function exportRequestOf(body: Json): ExportRequest {
  const resources: unknown = body['resources'];
  const given = Array.isArray(resources) ? resources.filter(one => typeof one === 'string') : [];
  return {
    resources: given.length === 0 ? ['*'] : given,
    options: (string(body['options']) ?? '').split(',').map(option => option.trim().toLowerCase()),
  };
}

/** A template that describes the resources of a group, names as parameters, ids of one another as expressions. */
export function templateOfGroup(all: readonly Resource[], { resources, options }: ExportRequest): Json {
  const wanted = new Set(resources.map(key));
  const chosen = all.filter(
    one =>
      key(one.type) !== key(deploymentType) &&
      one.managedBy === undefined &&
      one.id.split('/').length === 9 &&
      (wanted.has('*') || wanted.has(key(one.id))),
  );
  const literal = options.some(option => /^skip(all|resourcename)parameterization$/.test(option));
  const parameters = new Map(chosen.map(one => [key(one.id), literal ? undefined : parameterName(one)]));
  const nameIn = (one: Resource) => {
    const parameter = parameters.get(key(one.id));
    return parameter === undefined ? `'${one.name.replaceAll("'", "''")}'` : `parameters('${parameter}')`;
  };
  const referable = new Map(chosen.map(one => [key(one.id), `resourceId('${one.type}', ${nameIn(one)})`]));
  return {
    $schema: schema,
    contentVersion: '1.0.0.0',
    parameters: Object.fromEntries(
      chosen.flatMap(one => {
        const parameter = parameters.get(key(one.id));
        if (parameter === undefined) return [];
        const preset = options.includes('includeparameterdefaultvalue') ? { defaultValue: one.name } : {};
        return [[parameter, { ...preset, type: 'String' }]];
      }),
    ),
    variables: {},
    resources: chosen.map(one => {
      const used = new Set<string>();
      const properties = referring(settable(one.properties), key(one.id), referable, used);
      const { id: _id, properties: _properties, etag: _etag, managedBy: _managedBy, ...envelope } = one;
      return ordered({
        ...envelope,
        apiVersion: '2024-07-01',
        name: literal ? one.name : `[${nameIn(one)}]`,
        ...(used.size === 0 ? {} : { dependsOn: [...used] }),
        properties,
      });
    }),
  };
}

function parameterName({ type, name }: Resource): string {
  const kind = type.slice(type.lastIndexOf('/') + 1);
  return `${kind}_${name}_name`.replace(/\W/g, '_');
}

/** The value with ids of the template's resources, and of what lies within them, as expressions; tells which were used. */
function referring(
  value: unknown,
  self: string,
  referable: ReadonlyMap<string, string>,
  used: Set<string>,
): unknown {
  if (Array.isArray(value)) return value.map(item => referring(item, self, referable, used));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, referring(item, self, referable, used)]),
    );
  }
  if (typeof value !== 'string') return value;
  if (parseResourceId(value) === undefined) return value.startsWith('[') ? `[${value}` : value;
  const segments = value.split('/');
  const top = key(segments.slice(0, 9).join('/'));
  const expression = referable.get(top);
  if (expression === undefined) return value;
  if (top !== self) used.add(`[${expression}]`);
  const rest = segments.slice(9).join('/').replaceAll("'", "''");
  return rest === '' ? `[${expression}]` : `[concat(${expression}, '/${rest}')]`;
}
