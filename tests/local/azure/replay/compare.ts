/** What differs between a recorded answer and one of the local Azure: status, polling headers, and the shape of the body. */
import { at, isObject, string } from '../../../../local/azure/arm/json.js';
import type { Exchange } from './recording.js';

export type Reply = Pick<Exchange, 'status' | 'responseHeaders' | 'responseBody'>;

/** Headers that clients steer by; of the others only Azure knows the use. */
const steering = ['azure-asyncoperation', 'location', 'retry-after'];

/** One line for each difference; empty when a client could not tell the answers apart. */
export function differences(recorded: Reply, local: Reply): readonly string[] {
  if (recorded.status !== local.status) {
    const [was, is] = [recorded, local].map(one =>
      `${one.status} ${errorCode(one.responseBody) ?? ''} ${string(at(one.responseBody, 'error', 'message'))?.slice(0, 200) ?? ''}`.trim(),
    );
    return [`status ${was ?? ''} is ${is ?? ''}`];
  }
  const headers = steering.flatMap(name => {
    const [was, is] = [recorded, local].map(one => has(one, name));
    // A time scale below 1 leaves out waits of less than a second.
    if (was === is || (name === 'retry-after' && was === true)) return [];
    return [`header ${name} is ${is === true ? 'extra' : 'missing'}`];
  });
  const [code, localCode] = [recorded, local].map(one => errorCode(one.responseBody));
  return [
    ...headers,
    ...(code === localCode ? [] : [`error code ${code ?? 'none'} is ${localCode ?? 'none'}`]),
    ...shapeDifferences(shapeOf(recorded.responseBody), shapeOf(local.responseBody), 'body'),
  ];
}

/** Test recorders write a Retry-After of 0 where there was another or none. */
function has({ responseHeaders }: Reply, name: string): boolean {
  const value = responseHeaders[name];
  return value !== undefined && !(name === 'retry-after' && value === '0');
}

function errorCode(body: unknown): string | undefined {
  return string(at(body, 'error', 'code'));
}

/** All types that occur at a place, and what is below it; of a list its elements taken together. */
interface Shape {
  readonly types: ReadonlySet<string>;
  readonly members: ReadonlyMap<string, Shape>;
  readonly element: Shape | undefined;
}

function shapeOf(value: unknown): Shape {
  // null is what a member is that might as well be absent.
  if (value === null || value === undefined)
    return { types: new Set(), members: new Map(), element: undefined };
  if (Array.isArray(value)) {
    const element = value.map(shapeOf).reduce<Shape | undefined>(together, undefined);
    return { types: new Set(['list']), members: new Map(), element };
  }
  if (!isObject(value)) return { types: new Set([typeof value]), members: new Map(), element: undefined };
  const members = Object.entries(value).map(([name, member]) => [name, shapeOf(member)] as const);
  return { types: new Set(['object']), members: new Map(members), element: undefined };
}

function together(one: Shape | undefined, other: Shape): Shape {
  if (one === undefined) return other;
  const members = new Map(one.members);
  for (const [name, shape] of other.members) members.set(name, together(members.get(name), shape));
  return {
    types: new Set([...one.types, ...other.types]),
    members,
    element: other.element === undefined ? one.element : together(one.element, other.element),
  };
}

function shapeDifferences(recorded: Shape | undefined, local: Shape | undefined, path: string): string[] {
  const present = (shape: Shape | undefined) => shape !== undefined && shape.types.size > 0;
  if (!present(recorded) && !present(local)) return [];
  if (recorded === undefined || !present(recorded)) return [`${path} is extra`];
  if (local === undefined || !present(local)) return [`${path} is missing`];
  const [was, is] = [recorded, local].map(one => [...one.types].sort().join('|'));
  if (was !== is) return [`${path} was ${was ?? ''}, is ${is ?? ''}`];
  // An empty list tells nothing of its elements.
  const elements =
    recorded.element === undefined || local.element === undefined
      ? []
      : shapeDifferences(recorded.element, local.element, `${path}[]`);
  const names = new Set([...recorded.members.keys(), ...local.members.keys()]);
  return [
    ...elements,
    ...[...names].flatMap(name =>
      shapeDifferences(recorded.members.get(name), local.members.get(name), `${path}.${name}`),
    ),
  ];
}
