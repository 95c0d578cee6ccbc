/** One row of the table of paths, and what its answer may see. */
import type { Reply, Request } from '../front/http.js';
import type { ArmParts } from './arm.js';
import { ArmError } from './armError.js';
import type { Json } from './json.js';
import type { Operation } from './operations.js';

/** A request that was let in, with what its path says. */
export interface Visit extends ArmParts {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly values: Readonly<Record<string, string | undefined>>;
}

export interface Route {
  readonly methods: readonly string[];
  readonly path: RegExp;
  readonly groupMayBeAbsent: boolean;
  answer(visit: Visit): Reply;
}

export const subscription = '/subscriptions/{subscription}';
export const group = `${subscription}/resourcegroups/{group}`;

/** `{name}` is one segment, `{name*}` the rest of the path. */
export function route(
  methods: string,
  path: string,
  answer: (visit: Visit) => Reply,
  groupMayBeAbsent = false,
): Route {
  const pattern = path
    .replace(/[.]/g, '\\.')
    .replace(
      /\{(\w+)(\*?)\}/g,
      (_all, name: string, rest: string) => `(?<${name}>${rest === '*' ? '.+' : '[^/]+'})`,
    );
  return { methods: methods.split(' '), path: new RegExp(`^${pattern}$`, 'i'), groupMayBeAbsent, answer };
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const noContent: Reply = { status: 204 };

/** What stands in the path for `{name}`. */
export function named({ values }: Visit, name: string): string {
  return values[name] ?? '';
}

/** The operation whose id the path ends in. */
export function operationOf({ resources, values }: Visit): Operation {
  const id = values['operation'] ?? '';
  const operation = resources.operations.find(id);
  if (operation === undefined) throw new ArmError(404, 'NotFound', `The operation '${id}' was not found.`);
  return operation;
}
