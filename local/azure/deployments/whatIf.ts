/** What a deployment would change, without doing it. */
import { compact, isObject, object, string, type Json } from '../arm/json.js';
import { key } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { Resource, ResourceGroup } from '../arm/store.js';
import type { PlannedResource } from '../template/deploymentPlan.js';
import { isDeployment } from '../template/resourceBody.js';
import type { Runtime } from '../template/scope.js';
import { surplusOf } from './completeMode.js';
import { concealed } from './concealed.js';
import type { DeploymentRequest, Planned } from './deploymentRequest.js';
import { hasEffect, propertyChanges, settable } from './propertyChanges.js';

/** What a what-if reads. */
export interface WhatIfPorts {
  readonly resources: Resources;
  readonly runtime: Runtime;
  /** The body that a resource was last asked for with; undefined where nobody knows. */
  requested(id: string): Json | undefined;
  /** Plans a nested deployment. @throws ArmError */
  plan(request: DeploymentRequest): Planned;
}

/** Azure expands as many nested templates. */
const mostNested = 500;

/** The value of `properties.changes` in the answer, resources of the template first. */
export function whatIfChanges(
  ports: WhatIfPorts,
  group: ResourceGroup,
  { plan, mode }: Planned,
  resultFormat: 'FullResourcePayloads' | 'ResourceIdOnly',
): readonly Json[] {
  const full = resultFormat === 'FullResourcePayloads';
  const { store } = ports.resources;
  const found: Json[] = [];
  const declared = new Set<string>();
  let nested = 0;

  const each = (resources: readonly PlannedResource[], secrets: readonly string[]): void => {
    for (const planned of resources) {
      declared.add(key(planned.id));
      if (isDeployment(planned.type)) expand(planned, secrets);
      else found.push(changeOf(ports, planned, secrets, full));
    }
  };

  const expand = (planned: PlannedResource, secrets: readonly string[]): void => {
    nested += 1;
    const [, , , , groupName = ''] = planned.id.split('/');
    const into = store.group(groupName);
    try {
      if (nested > mostNested || into === undefined)
        throw new Error('The nested deployment is not expanded.');
      const inner = ports.plan({
        id: planned.id,
        name: planned.name,
        group: into,
        body: planned.body(ports.runtime),
        text: undefined,
      });
      each(inner.plan.resources, [...secrets, ...inner.plan.secrets]);
    } catch {
      found.push({
        resourceId: planned.id,
        changeType: 'Unsupported',
        unsupportedReason:
          `Changes to the resource declared at '${planned.id}' cannot be analyzed, because ` +
          (into === undefined
            ? `its resource group '${groupName}' is not there yet.`
            : 'what it deploys cannot be calculated until the deployment is under way.'),
      });
    }
  };

  each(plan.resources, plan.secrets);
  const surplus = new Set(surplusOf(plan, store.list(group.id)).map(one => key(one.id)));
  const others = store
    .list(group.id)
    .filter(one => !isDeployment(one.type) && !declared.has(key(one.id)) && isTopLevel(one));
  for (const other of others) {
    const changeType = mode === 'Complete' && surplus.has(key(other.id)) ? 'Delete' : 'Ignore';
    const before = concealed(payload(other, '2024-07-01'), plan.secrets);
    const both = changeType === 'Ignore' ? { before, after: before } : { before };
    found.push({ resourceId: other.id, changeType, ...(full ? both : {}) });
  }
  return found;
}

function changeOf(
  ports: WhatIfPorts,
  planned: PlannedResource,
  secrets: readonly string[],
  full: boolean,
): Json {
  const { id, apiVersion, type, name } = planned;
  const existing = ports.resources.find(id);
  if (existing === undefined && !full) return { resourceId: id, changeType: 'Create' };
  if (!full) return { resourceId: existing?.id ?? id, changeType: 'Deploy' };
  const shown = object(concealed(planned.preview(), secrets));
  const lastPart = name.slice(name.lastIndexOf('/') + 1);
  const after = { apiVersion, id, type, name: lastPart, ...shown };
  if (existing === undefined) return { resourceId: id, changeType: 'Create', after };
  const current = ports.resources.get(id);
  const delta = propertyChanges({
    before: body(current),
    requested: ports.requested(id),
    after: desired(ports.runtime, planned, body(current)),
    shown,
  });
  const before = concealed(payload(current, apiVersion), secrets);
  const resourceId = existing.id;
  if (!delta.some(hasEffect)) {
    const ignored = delta.length === 0 ? {} : { delta };
    return compact({ resourceId, changeType: 'NoChange', before, after, ...ignored });
  }
  return { resourceId, changeType: 'Modify', before, after, delta: concealed(delta, secrets) };
}

/** The body that would be put; what only the running deployment can tell is taken to be as it is. */
function desired(runtime: Runtime, planned: PlannedResource, current: Json): Json {
  try {
    return planned.body(runtime);
  } catch {
    return object(known(planned.preview(), current));
  }
}

function known(preview: unknown, current: unknown): unknown {
  if (typeof preview === 'string' && /^\[(?!\[).*\]$/s.test(preview)) return current;
  if (Array.isArray(preview)) {
    const items: readonly unknown[] = Array.isArray(current) ? current : [];
    return preview.map((item, index) => known(item, items[index]));
  }
  if (!isObject(preview)) return preview;
  const there = object(current);
  return Object.fromEntries(Object.entries(preview).map(([name, item]) => [name, known(item, there[name])]));
}

function body(resource: Resource): Json {
  const { id: _id, name: _name, type: _type, etag: _etag, managedBy: _managedBy, ...rest } = resource;
  return rest;
}

function payload(resource: Resource, apiVersion: string): Json {
  const { id, type, name } = resource;
  return { apiVersion, id, type, name, ...object(settable(body(resource))) };
}

function isTopLevel({ id }: Resource): boolean {
  return id.split('/').length === 9;
}

/** Of the request: `whatIfSettings.resultFormat`. */
export function resultFormatOf(properties: Json): 'FullResourcePayloads' | 'ResourceIdOnly' {
  const format = string(object(properties['whatIfSettings'])['resultFormat']);
  return format?.toLowerCase() === 'resourceidonly' ? 'ResourceIdOnly' : 'FullResourcePayloads';
}
