/** Resource ids, types and names: how the three fit together. */

/** True for text that is a resource id and not a name. */
export function isResourceId(text: string): boolean {
  return text.startsWith('/');
}

/** The parts between slashes. */
export function segmentsOf(text: string): string[] {
  return text.split('/');
}

/**
 * The id of a resource below a scope.
 * @param base the scope's id without a slash at its end; '' for the tenant
 * @param type `Namespace/type[/child…]`
 * @param names one for each part of the type behind the namespace
 */
export function resourceIdIn(base: string, type: string, names: readonly string[]): string {
  const [namespace = '', ...types] = segmentsOf(type);
  return `${base}/providers/${[namespace, ...types.flatMap((part, index) => [part, names[index] ?? ''])].join('/')}`;
}
