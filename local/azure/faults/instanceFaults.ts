/** The port through which scale sets ask what shall go wrong with an instance that is being made. */

/** What goes wrong. Seconds are Azure's own: multiply by the time scale. */
export type InstanceEffect =
  /** It comes up and runs, but every health probe and health extension finds it unhealthy, until it is made anew. */
  | { readonly kind: 'unhealthy' }
  /** It ends by itself this long after it has come up. */
  | { readonly kind: 'dies'; readonly afterSeconds: number }
  /** It stays in `Creating` or `Updating`, and with it the operation; deleting it still works. */
  | { readonly kind: 'hangs' }
  /** It gets into `Failed` with this error, and with it the operation. */
  | { readonly kind: 'fails'; readonly status: number; readonly code: string; readonly message: string };

export interface InstanceFaults {
  /**
   * Asked once each time an instance is made, upgraded or reimaged, before it boots; a call counts as one use of the
   * matching rule.
   * @param scaleSet the scale set's resource id or its name
   * @param instanceId `0`, or the name of a Flexible instance
   * @returns undefined when all goes well
   */
  instance(scaleSet: string, instanceId: string): InstanceEffect | undefined;
}

/** For a cloud in which nothing goes wrong. */
export const noInstanceFaults: InstanceFaults = { instance: () => undefined };
