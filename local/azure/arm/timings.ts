/** How long Azure takes for what, and how long it asks clients to wait meanwhile. Pure; figures from recorded exchanges. */
import { key } from './resourceId.js';

export interface Timing {
  /** What the operation takes at least, in Azure's seconds; providers whose work lasts longer of itself take that long. */
  readonly seconds: number;
  /** Retry-After of the answer that starts the operation; undefined where Azure sends none. */
  readonly retryAfter?: number;
  /** Whether polls say how much longer it will take, as those of machines and scale sets do. */
  readonly estimates?: boolean;
}

/** A request that starts an operation. */
export interface StartingCall {
  readonly method: 'PUT' | 'PATCH' | 'DELETE' | 'POST';
  readonly type: string;
  /** Of a POST. */
  readonly action?: string;
  /** Whether the resource was there before. */
  readonly existed: boolean;
}

const none: Timing = { seconds: 0 };
const machines = 'microsoft.compute/virtualmachines';
const scaleSets = 'microsoft.compute/virtualmachinescalesets';
const versions = 'microsoft.compute/galleries/images/versions';

/** By `METHOD type` in lower case; `create` and `update` for PUT, and `update` for PATCH. */
const table: Readonly<Record<string, Timing>> = {
  [`create ${machines}`]: { seconds: 31, retryAfter: 10, estimates: true },
  [`update ${machines}`]: { seconds: 5, retryAfter: 10 },
  [`delete ${machines}`]: { seconds: 30, retryAfter: 10, estimates: true },
  [`${machines}/deallocate`]: { seconds: 36, retryAfter: 10 },
  [`${machines}/poweroff`]: { seconds: 24, retryAfter: 10 },
  [`${machines}/start`]: { seconds: 15, retryAfter: 10 },
  [`${machines}/restart`]: { seconds: 15, retryAfter: 10 },
  [`create ${scaleSets}`]: { seconds: 97, retryAfter: 10, estimates: true },
  [`update ${scaleSets}`]: { seconds: 0.2, retryAfter: 10 },
  [`delete ${scaleSets}`]: { seconds: 30, retryAfter: 10 },
  [`${scaleSets}/manualupgrade`]: { seconds: 54 },
  [`${scaleSets}/reimage`]: { seconds: 54 },
  [`${scaleSets}/reimageall`]: { seconds: 54 },
  [`${scaleSets}/restart`]: { seconds: 15 },
  [`${scaleSets}/redeploy`]: { seconds: 54 },
  [`${scaleSets}/start`]: { seconds: 0.3 },
  [`${scaleSets}/poweroff`]: { seconds: 24 },
  [`${scaleSets}/deallocate`]: { seconds: 41 },
  [`${scaleSets}/delete`]: { seconds: 72 },
  'create microsoft.compute/images': { seconds: 5 },
  'update microsoft.compute/images': { seconds: 5 },
  'delete microsoft.compute/images': { seconds: 5 },
  'create microsoft.compute/galleries': { seconds: 0.2 },
  'create microsoft.compute/galleries/images': { seconds: 0.2 },
  [`create ${versions}`]: { seconds: 1005 },
  [`update ${versions}`]: { seconds: 90 },
  [`delete ${versions}`]: { seconds: 90 },
  'create microsoft.compute/disks': { seconds: 2, retryAfter: 2 },
  'update microsoft.compute/disks': { seconds: 2, retryAfter: 2 },
  'create microsoft.compute/snapshots': { seconds: 2, retryAfter: 2 },
  'update microsoft.compute/snapshots': { seconds: 2, retryAfter: 2 },
  'create microsoft.storage/storageaccounts': { seconds: 17, retryAfter: 17 },
  'create microsoft.network/publicipaddresses': { seconds: 1, retryAfter: 1 },
  'update microsoft.network/publicipaddresses': { seconds: 1, retryAfter: 1 },
  'create microsoft.network/virtualnetworks': { seconds: 3, retryAfter: 3 },
  'update microsoft.network/virtualnetworks': { seconds: 3, retryAfter: 3 },
  'delete microsoft.network/virtualnetworks': { seconds: 10, retryAfter: 10 },
  'delete microsoft.network/publicipaddresses': { seconds: 10, retryAfter: 10 },
  'delete microsoft.network/networkinterfaces': { seconds: 10, retryAfter: 10 },
  'delete microsoft.network/loadbalancers': { seconds: 10, retryAfter: 10 },
  'create microsoft.resources/deployments': { seconds: 3 },
  'delete microsoft.resources/deployments': { seconds: 15, retryAfter: 15 },
  [`update ${scaleSets}/virtualmachines`]: { seconds: 5, retryAfter: 10 },
  [`delete ${scaleSets}/virtualmachines`]: { seconds: 72, retryAfter: 10 },
};

export function timingOf({ method, type, action, existed }: StartingCall): Timing {
  const verb =
    method === 'DELETE'
      ? 'delete '
      : method === 'PATCH' || (method === 'PUT' && existed)
        ? 'update '
        : 'create ';
  return table[method === 'POST' ? `${key(type)}/${key(action ?? '')}` : `${verb}${key(type)}`] ?? none;
}

/** Of the deletion of a resource group, and of a what-if. */
export const jobTiming: Timing = { seconds: 15, retryAfter: 15 };

/** Retry-After of polls that say nothing more precise, and of GETs of a resource, in Azure's seconds. */
export const pollInterval = 10;
