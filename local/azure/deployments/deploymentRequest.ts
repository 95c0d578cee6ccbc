/** What a request to deploy a template asks for: its mode, and the plan of what will be done. */
import { randomUUID } from 'node:crypto';
import { ArmError, resourceNotFound } from '../arm/armError.js';
import { at, isObject, object, string, type Json } from '../arm/json.js';
import { key } from '../arm/resourceId.js';
import type { Resources } from '../arm/resources.js';
import type { ResourceGroup } from '../arm/store.js';
import type { Identity } from '../signIn/identity.js';
import { planDeployment, type DeploymentPlan, type GivenParameter } from '../template/deploymentPlan.js';
import { sourceOf, unknownSource } from '../template/templateSource.js';
import { refusalOf } from './refusal.js';

export const deploymentType = 'Microsoft.Resources/deployments';

/** A request to deploy, or to tell what deploying would do. */
export interface DeploymentRequest {
  readonly id: string;
  readonly name: string;
  readonly group: ResourceGroup;
  readonly body: Json;
  /** The body as it was sent, for line numbers; undefined when no request sent it. */
  readonly text: string | undefined;
}

/** A request that was not refused. */
export interface Planned {
  readonly mode: 'Incremental' | 'Complete';
  readonly template: Json;
  readonly plan: DeploymentPlan;
}

/**
 * Plans the deployment of a request.
 * @throws ArmError as Azure refuses what is wrong with it, and for what is not there in this local Azure
 */
export function planRequest(
  { name, group, body, text }: DeploymentRequest,
  resources: Resources,
  identity: Identity,
  now: Date,
): Planned {
  const properties = object(body['properties']);
  const mode = modeOf(properties);
  refuseLinks(properties);
  const template = properties['template'];
  if (!isObject(template)) {
    throw new ArmError(
      400,
      'InvalidTemplate',
      "Deployment template validation failed: 'Required property 'template' not found.'.",
    );
  }
  const { subscriptionId, tenantId, objectId } = identity;
  const subscription = {
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId,
    displayName: 'Local Azure',
  };
  try {
    const plan = planDeployment(
      template,
      object(properties['parameters']) as Record<string, GivenParameter>,
      {
        subscription,
        resourceGroup: { ...group, tags: group.tags as Record<string, string> },
        deployment: { name, properties: { template, mode } },
        deployer: { objectId, tenantId },
        now,
      },
      text === undefined ? unknownSource : sourceOf(text),
    );
    for (const one of plan.resources) checkResource(one.type, one.id, resources);
    for (const one of plan.resources) {
      if (key(one.type) === key(deploymentType)) refuseLinks(object(one.preview()['properties']));
    }
    return { mode, template, plan };
  } catch (error) {
    throw refusalOf(error);
  }
}

function modeOf(properties: Json): Planned['mode'] {
  const mode = string(properties['mode']) ?? '';
  if (/^incremental$/i.test(mode)) return 'Incremental';
  if (/^complete$/i.test(mode)) return 'Complete';
  throw new ArmError(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: 'Required property \\'mode\\' must be Incremental or Complete, not \\'${mode}\\'.'.`,
  );
}

function checkResource(type: string, id: string, resources: Resources): void {
  if (key(type) === 'microsoft.resources/deploymentscripts') {
    throw unsupported(
      `deployment scripts ('${id}'): there are no container instances to run them in. Run the script as a step of the pipeline, or in a nested template that only the real Azure gets`,
    );
  }
  if (key(type) === key(deploymentType) && !/\/resourceGroups\//i.test(id)) {
    throw unsupported(
      `deployments at the scope of a subscription ('${id}'); deploy to a resource group, and make the group before`,
    );
  }
  resources.provider(type);
}

/** Templates come with the request: nothing is fetched from anywhere. */
function refuseLinks(properties: Json): void {
  const link = properties['templateLink'] ?? properties['parametersLink'];
  if (!isObject(link)) return;
  const spec = string(link['id']);
  if (spec !== undefined) {
    const [, , , , group = '', , , , name = ''] = spec.split('/');
    throw resourceNotFound('Microsoft.Resources/templateSpecs', name, group);
  }
  if (string(link['relativePath']) !== undefined) {
    throw new ArmError(
      400,
      'InvalidTemplate',
      `Deployment template validation failed: 'The template link relative path '${string(link['relativePath']) ?? ''}' is not valid: ` +
        "the relative path is supported only when the parent template is deployed by a template link with a URI.'.",
    );
  }
  const uri = string(at(link, 'uri')) ?? '';
  throw new ArmError(
    400,
    'InvalidContentLink',
    `Unable to download deployment content from '${uri.replace(/\?.*$/s, '?***')}'. The tracking Id is '${randomUUID()}'. ` +
      'Please see https://aka.ms/arm-deploy for usage details. ' +
      'This local Azure downloads nothing: send the template and its parameters in the request.',
  );
}

export function unsupported(what: string): ArmError {
  return new ArmError(400, 'NotSupported', `This local Azure does not support ${what}.`);
}
