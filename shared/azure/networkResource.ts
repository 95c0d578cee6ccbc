/** Network resources, read without an SDK of their own: the tasks need a few fields of a few of them. */
import type { ArmClient } from './armClient.js';

const apiVersion = '2023-09-01';

/**
 * A network resource by its ARM id, as its JSON came; undefined when there is none.
 * @throws AzureError when this connection may not read it
 */
export async function readNetworkResource(arm: ArmClient, id: string): Promise<unknown> {
  const doing = `reading '${id}'`;
  const documents = await arm.find(doing, () =>
    arm.documents(doing, () => arm.resources.resources.getById(id.replace(/^\//, ''), apiVersion)),
  );
  return documents?.[0];
}
