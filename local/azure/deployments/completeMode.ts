/** What a deployment of mode Complete deletes: all in the group that its template does not hold. Pure. */
import { key } from '../arm/resourceId.js';
import type { Resource } from '../arm/store.js';
import type { DeploymentPlan } from '../template/deploymentPlan.js';
import { deploymentType } from './deploymentRequest.js';

/**
 * The resources to delete. Deployments stay, and so does what another resource manages, as the disk of a machine; what lies within
 * another resource goes or stays with that.
 */
export function surplusOf(plan: DeploymentPlan, all: readonly Resource[]): readonly Resource[] {
  const declared = new Set(plan.resources.map(one => key(one.id)));
  return all.filter(resource => {
    const top = key(resource.id).split('/').slice(0, 9).join('/');
    const isTop = top === key(resource.id);
    return (
      isTop &&
      !declared.has(top) &&
      key(resource.type) !== key(deploymentType) &&
      resource.managedBy === undefined
    );
  });
}
