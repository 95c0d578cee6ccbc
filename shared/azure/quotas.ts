/** What a subscription may still make in a region. */
import type { ArmClient } from './armClient.js';
import { regionKey } from './images.js';

/** One of the subscription's limits in a region. */
export interface Quota {
  /** As Azure's lists name it: `cores`, `virtualMachines`, `standardBSFamily`. */
  readonly name: string;
  readonly used: number;
  readonly limit: number;
}

/** What one machine of a size takes of the limits. */
export interface SizeFacts {
  /** The name of the limit for its family. */
  readonly family: string;
  readonly cores: number;
}

/** Limits of the connection's subscription. */
export interface Quotas {
  /** All limits of Microsoft.Compute in a region. */
  list(location: string): Promise<Quota[]>;
  /** Undefined where Azure does not offer the size there. */
  size(location: string, vmSize: string): Promise<SizeFacts | undefined>;
}

interface UsagesDocument {
  readonly value?: readonly {
    readonly name?: { readonly value?: string };
    readonly currentValue?: number;
    readonly limit?: number;
  }[];
}

interface SkusDocument {
  readonly value?: readonly {
    readonly resourceType?: string;
    readonly name?: string;
    readonly family?: string;
    readonly capabilities?: readonly { readonly name?: string; readonly value?: string }[];
  }[];
}

/** The limits on Azure. */
export function quotasOf(arm: ArmClient): Quotas {
  const compute = `/subscriptions/${arm.subscriptionId}/providers/Microsoft.Compute`;
  return {
    async list(location) {
      const found = (await arm.read(
        `listing the limits in ${location}`,
        `${compute}/locations/${regionKey(location)}/usages`,
        { 'api-version': '2024-07-01' },
      )) as UsagesDocument | undefined;
      return (found?.value ?? []).map(({ name, currentValue = 0, limit = Infinity }) => ({
        name: name?.value ?? '',
        used: currentValue,
        limit,
      }));
    },
    async size(location, vmSize) {
      const found = (await arm.read(`listing the sizes in ${location}`, `${compute}/skus`, {
        'api-version': '2021-07-01',
        $filter: `location eq '${regionKey(location)}'`,
      })) as SkusDocument | undefined;
      const sku = found?.value?.find(
        ({ name, resourceType }) =>
          resourceType === 'virtualMachines' && name?.toLowerCase() === vmSize.toLowerCase(),
      );
      const cores = sku?.capabilities?.find(({ name }) => name === 'vCPUs')?.value;
      return sku?.family === undefined || cores === undefined
        ? undefined
        : { family: sku.family, cores: Number(cores) };
    },
  };
}
