/** Resource groups as a clean-up needs them: their tags, what is in them, and their removal. */
import type { ArmClient } from './armClient.js';
import { all } from './armClient.js';

/** A resource group. */
export interface ResourceGroup {
  readonly name: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  /** `Succeeded`, or `Deleting` while Azure removes it. */
  readonly state: string;
}

/** A resource in a group. */
export interface GroupResource {
  readonly id: string;
  readonly name: string;
  /** Such as `Microsoft.Compute/virtualMachines`. */
  readonly type: string;
}

/** The resource groups of a subscription. */
export interface ResourceGroups {
  /** Undefined when there is none of this name. */
  find(name: string): Promise<ResourceGroup | undefined>;
  list(): Promise<ResourceGroup[]>;
  /** Sets all of a group's tags. */
  setTags(name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Asks Azure to remove a group with all that is in it; resolves when Azure has accepted that and goes on by itself. */
  remove(name: string): Promise<void>;
  /** What is in a group; empty when there is no such group. */
  resources(name: string): Promise<GroupResource[]>;
  /** Removes one resource and waits for it: what uses it must go before. */
  removeResource(resource: GroupResource): Promise<void>;
}

/** A removal by id needs an api-version of the resource's own provider. */
const apiVersions: Readonly<Record<string, string>> = {
  'microsoft.compute': '2024-07-01',
  'microsoft.network': '2023-09-01',
  'microsoft.keyvault': '2023-07-01',
  'microsoft.storage': '2023-05-01',
};
/** Disks have api-versions of their own. */
const diskApiVersion = '2023-10-02';

/** The resource groups of the connection's subscription on Azure. */
export function resourceGroupsOf(arm: ArmClient): ResourceGroups {
  const { resourceGroups, resources } = arm.resources;
  return {
    async find(name) {
      const found = await arm.find(`reading resource group '${name}'`, () => resourceGroups.get(name));
      return found === undefined ? undefined : groupOf(found);
    },
    async list() {
      const found = await arm.call('listing the resource groups', () => all(resourceGroups.list()));
      return found.map(groupOf);
    },
    async setTags(name, tags) {
      await arm.call(`tagging resource group '${name}'`, () => resourceGroups.update(name, { tags }));
    },
    async remove(name) {
      // Only the request itself: Azure goes on whether anybody watches or not.
      await arm.find(`deleting resource group '${name}'`, async () => {
        await resourceGroups.beginDelete(name, { abortSignal: arm.signal });
      });
    },
    async resources(name) {
      const found = await arm.find(`listing the resources of '${name}'`, () =>
        all(resources.listByResourceGroup(name)),
      );
      return (found ?? []).map(({ id = '', name: own = '', type = '' }) => ({ id, name: own, type }));
    },
    async removeResource({ id, type }) {
      const provider = type.split('/')[0]?.toLowerCase() ?? '';
      const apiVersion = /\/disks$/i.test(type) ? diskApiVersion : (apiVersions[provider] ?? '2021-04-01');
      await arm.find(`deleting '${id}'`, () =>
        resources.beginDeleteByIdAndWait(id.replace(/^\//, ''), apiVersion, { abortSignal: arm.signal }),
      );
    },
  };
}

function groupOf(group: {
  name?: string;
  location: string;
  tags?: Record<string, string>;
  properties?: { provisioningState?: string };
}): ResourceGroup {
  return {
    name: group.name ?? '',
    location: group.location,
    tags: group.tags ?? {},
    state: group.properties?.provisioningState ?? '',
  };
}
