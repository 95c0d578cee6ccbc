/** Which instances a request to a scale set is about. */
import { invalidParameter, notAllowed } from '../../arm/armError.js';
import type { Json } from '../../arm/json.js';
import type { Fleet } from './fleet.js';
import { isUnprotected, unknownInstance } from './instance.js';

/**
 * The instances that `{ instanceIds }` names; `*` and no list at all are all that are not protected from it.
 * @throws ArmError when one is unknown or protected, or when the list is required and missing
 */
export function chosenInstances(fleet: Fleet, body: Json, required: boolean): readonly string[] {
  const given = body['instanceIds'];
  if (required && (!Array.isArray(given) || given.length === 0)) {
    throw invalidParameter('instanceIds', "Required parameter 'instanceIds' is missing (null).");
  }
  const instanceIds = Array.isArray(given) ? [...new Set(given.map(String))] : ['*'];
  if (instanceIds.includes('*')) return fleet.instances.filter(isUnprotected).map(one => one.instanceId);
  return instanceIds.map(instanceId => {
    const instance = fleet.find(instanceId);
    if (instance === undefined) throw unknownInstance(instanceId);
    if (!isUnprotected(instance)) {
      throw notAllowed(
        `The instance '${instanceId}' is protected from scale set actions (protectFromScaleSetActions); take its protection away first.`,
        'instanceIds',
      );
    }
    return instance.instanceId;
  });
}
