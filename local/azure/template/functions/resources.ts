/** The functions on resources: their ids, their state, their actions. */
import type { Environment, NamedResource } from '../evaluate.js';
import { plainJson, type Json } from '../json.js';
import { commonResourceTypes, zonalTypes } from '../resourceTypes.js';
import { isResourceId, resourceIdIn, segmentsOf } from '../resourceId.js';
import type { ResourceTypeScope, Runtime } from '../scope.js';
import { Deferred, ExpressionError } from '../templateError.js';
import { eager, usage, type Arguments, type Entry } from './arguments.js';
import { unexpectedHere } from './strings.js';

const guidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const resourceFunctions: readonly Entry[] = [
  eager('resourceId', 2, Infinity, (given, { scope }) => {
    const [prefix, type, names] = typeAndNames(given, 'resourceId', 2);
    const [first, second] = prefix;
    const subscription = second === undefined ? undefined : first;
    const group = second ?? first ?? scope.resourceGroup.name;
    if (subscription !== undefined && !guidPattern.test(subscription)) {
      throw new ExpressionError(
        `The provided value '${subscription}' is not valid subscription identifier. ${usage('resourceid')}`,
      );
    }
    const base = `/subscriptions/${subscription ?? scope.subscription.subscriptionId}/resourceGroups/${group}`;
    return resourceIdIn(base, type, names);
  }),
  eager('subscriptionResourceId', 2, Infinity, (given, { scope }) => {
    const [[subscription], type, names] = typeAndNames(given, 'subscriptionResourceId', 1);
    return resourceIdIn(`/subscriptions/${subscription ?? scope.subscription.subscriptionId}`, type, names);
  }),
  eager('tenantResourceId', 2, Infinity, given => {
    const [, type, names] = typeAndNames(given, 'tenantResourceId', 0);
    return resourceIdIn('', type, names);
  }),
  eager('managementGroupResourceId', 2, Infinity, given => {
    const [[group], type, names] = typeAndNames(given, 'managementGroupResourceId', 1);
    if (group === undefined) throw unexpectedHere('managementGroupResourceId');
    return resourceIdIn(`/providers/Microsoft.Management/managementGroups/${group}`, type, names);
  }),
  eager('extensionResourceId', 3, Infinity, given => {
    const names = given.all.slice(2).map((_name, index) => given.text(index + 2));
    checkNames('extensionResourceId', given.text(1), names);
    return resourceIdIn(given.text(0).replace(/\/$/, ''), given.text(1), names);
  }),
  eager('reference', 1, 3, (given, environment) => {
    checkPlace('reference', environment);
    const { id, named } = target(given, 0, environment);
    const version = given.count > 1 && given.any(1) !== null ? given.text(1) : undefined;
    if (named === undefined && version === undefined) throw notInTemplate(given.text(0));
    const full = given.count > 2 && given.text(2).toLowerCase() === 'full';
    return fromOutside(running('reference', environment).reference(id, version ?? named?.apiVersion, full));
  }),
  eager('references', 1, 2, (given, environment) => {
    checkPlace('references', environment);
    const all = environment.collection(given.text(0));
    if (all === undefined) throw notInTemplate(given.text(0));
    const full = given.count > 1 && given.text(1).toLowerCase() === 'full';
    const runtime = running('references', environment);
    return all.map(({ id, apiVersion }) => fromOutside(runtime.reference(id, apiVersion, full)));
  }),
  eager('resourceInfo', 1, 1, (given, environment) => {
    const found = environment.resource(given.text(0));
    if (found === undefined) throw notInTemplate(given.text(0));
    const { id, name, type, apiVersion } = found;
    return { id, name, type, apiVersion };
  }),
  eager('list*', 2, 4, (given, environment) => {
    checkPlace(given.text(0), environment);
    const { id, named } = target(given, 1, environment);
    const version = given.count > 2 ? given.text(2) : named?.apiVersion;
    if (version === undefined)
      throw given.refuse('the API version is required for a resource outside the template.');
    const body = given.count > 3 ? given.any(3) : undefined;
    return fromOutside(running(given.text(0), environment).list(given.text(0), id, version, body));
  }),
  eager('providers', 1, 2, (given, { scope }) => {
    const namespace = given.text(0).toLowerCase();
    const known = (scope.resourceTypes ?? commonResourceTypes).filter(
      ({ type }) => type.split('/')[0]?.toLowerCase() === namespace,
    );
    if (known.length === 0) throw given.refuse(`the resource provider '${given.text(0)}' is not registered.`);
    if (given.count === 1) return { namespace: given.text(0), resourceTypes: known.map(describeType) };
    const wanted = `${namespace}/${given.text(1).toLowerCase()}`;
    const found = known.find(({ type }) => type.toLowerCase() === wanted);
    if (found === undefined) {
      throw given.refuse(`the resource type '${given.text(1)}' of '${given.text(0)}' is not known.`);
    }
    return describeType(found);
  }),
  eager('pickZones', 3, 5, given => {
    const count = given.count > 3 ? given.int(3) : 1;
    const offset = given.count > 4 ? given.int(4) : 0;
    const zones = zonalTypes.has(`${given.text(0)}/${given.text(1)}`.toLowerCase()) ? ['1', '2', '3'] : [];
    if (count < 1 || offset < 0 || (zones.length > 0 && offset + count > zones.length)) {
      throw given.refuse(`'${count}' zone(s) from offset '${offset}' are more than the location has.`);
    }
    return zones.slice(offset, offset + count);
  }),
  eager('toLogicalZone', 3, 3, given => logical(given, given.text(2))),
  eager('toLogicalZones', 3, 3, given =>
    given.array(2).map(zone => logical(given, typeof zone === 'string' ? zone : '')),
  ),
  eager('toPhysicalZone', 3, 3, given => physical(given, given.text(2))),
  eager('toPhysicalZones', 3, 3, given =>
    given.array(2).map(zone => physical(given, typeof zone === 'string' ? zone : '')),
  ),
];

function typeAndNames(
  given: Arguments,
  name: string,
  mostBefore: number,
): readonly [prefix: readonly string[], type: string, names: readonly string[]] {
  const texts = given.all.map((_value, index) => given.text(index));
  const at = texts.findIndex(text => text.includes('/'));
  if (at < 0 || at > mostBefore) {
    throw given.refuse(
      'the resource type must be given as a fully qualified name, such as "Microsoft.Network/virtualNetworks".',
    );
  }
  const type = texts[at] ?? '';
  const names = texts.slice(at + 1);
  checkNames(name, type, names);
  return [texts.slice(0, at), type, names];
}

function checkNames(name: string, type: string, names: readonly string[]): void {
  const needed = type.split('/').length - 1;
  if (needed === names.length && needed > 0) return;
  throw new ExpressionError(
    `Unable to evaluate template language function '${name}': the type '${type}' requires '${needed}' resource name argument(s). ${usage(name.toLowerCase())}`,
  );
}

/** What `reference()` and `list*()` are asked about: an id, `Type/name`, a name or a symbolic name. */
function target(
  given: Arguments,
  index: number,
  environment: Environment,
): { readonly id: string; readonly named: NamedResource | undefined } {
  const text = given.text(index);
  const named = environment.resource(text);
  if (named !== undefined) return { id: named.id, named };
  if (isResourceId(text)) return { id: text, named };
  if (text.includes('/') && !/^[^/]+\.[^/]+\//.test(text)) {
    throw new ExpressionError(`The resource identificator '${text}' is malformed. ${usage('reference')}`);
  }
  throw notInTemplate(text);
}

function notInTemplate(name: string): ExpressionError {
  return new ExpressionError(
    `The template reference '${name}' is not valid: could not find template resource or resource copy with this name. ${usage('reference')}`,
  );
}

/** Before its arguments are looked at: a function that asks the running deployment has its places. */
function checkPlace(name: string, environment: Environment): void {
  if (environment.runtime === 'forbidden') throw unexpectedHere(name);
}

function running(name: string, { runtime }: Environment): Runtime {
  if (typeof runtime === 'string') throw new Deferred(name);
  return runtime;
}

function fromOutside(value: unknown): Json {
  try {
    return plainJson(value);
  } catch (error) {
    if (error instanceof RangeError)
      throw new ExpressionError(`The state of the resource cannot be used: ${error.message}.`);
    throw error;
  }
}

function describeType({ type, locations, apiVersions }: ResourceTypeScope): Json {
  return { resourceType: segmentsOf(type).slice(1).join('/'), locations, apiVersions };
}

function logical(given: Arguments, zone: string): string {
  const location = given.text(1).toLowerCase();
  const found = /^(.+)-az([1-3])$/.exec(zone.toLowerCase());
  if (zone === '') return '';
  if (found === null || found[1] !== location)
    throw given.refuse(`'${zone}' is no physical zone of '${location}'.`);
  return found[2] ?? '';
}

function physical(given: Arguments, zone: string): string {
  if (zone === '') return '';
  if (!/^[1-3]$/.test(zone)) throw given.refuse(`'${zone}' is no logical zone.`);
  return `${given.text(1).toLowerCase()}-az${zone}`;
}
