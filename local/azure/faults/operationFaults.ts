/** The port through which Resource Manager asks what shall become of an operation that is being started. */
import type { ArmError } from '../arm/armError.js';

export type OperationEffect =
  /** The request that would start it is answered with this error. */
  | { readonly kind: 'refused'; readonly error: ArmError }
  /** It takes its time and fails with this error; its work is not done. */
  | { readonly kind: 'fails'; readonly error: ArmError }
  /** It stays in progress for ever; its work is not done. */
  | { readonly kind: 'never-ends' };

export interface OperationFaults {
  /**
   * Asked once for each PUT, PATCH, DELETE and POST of a resource, sent by a client or by a deployment.
   * @param path the resource's id, with the action behind it for a POST
   */
  operation(method: string, path: string): OperationEffect | undefined;
}

export const noOperationFaults: OperationFaults = { operation: () => undefined };
