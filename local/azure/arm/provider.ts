/** The one shape of every resource type: what it makes of a request, as plain descriptions of work. */
import type { Json } from './json.js';
import type { Company } from './serial.js';
import type { Resource, ResourceGroup } from './store.js';

/** How a provider tells of its long-running operations; see protocol.ts. */
export type Protocol = 'compute' | 'galleries' | 'network' | 'disks' | 'storage' | 'deployments';

/** A PUT, or a PATCH whose body is already merged with the resource. */
export interface PutRequest {
  /** As the request spells it, with the group's own spelling. */
  readonly id: string;
  readonly name: string;
  readonly group: ResourceGroup;
  readonly body: Json;
  readonly existing: Resource | undefined;
  /** The body as it was sent; absent when no request sent it. */
  readonly text: string | undefined;
  /** Of the request; absent when none sent it. */
  readonly query?: URLSearchParams;
}

/** Work that goes on after the answer; its result is the operation's output. */
export type Work = () => Promise<unknown>;

/** What becomes of a PUT: the resource as it is shown at once, and the work that makes it true. */
export interface Put {
  readonly resource: Resource;
  readonly work?: Work;
  /** Without work: answered with an operation all the same, which has succeeded by the first poll. */
  readonly followed?: true;
}

/** What becomes of a POST: a body at once, or work, which waits for other work on the resource unless that is `beside` it too. */
export type Action = { readonly result: unknown } | { readonly work: Work; readonly company?: Company };

/** A POST to a resource, or a GET of something below it. */
export interface ActionRequest {
  readonly resource: Resource;
  readonly body: Json;
  readonly query: URLSearchParams;
}

/** What a provider keeps beside the store, carried over to the next process. */
export interface Kept {
  /** All of it as JSON data, which may have secrets in it. */
  save(): unknown;
  /**
   * Takes up what was saved; the store is as it was, but for what was under way: that is Failed.
   * @param report told of each resource that did not come up again, which is Failed then
   */
  resume(saved: unknown, report: (id: string, cause: unknown) => void): Promise<void>;
}

/** One resource type. */
export interface Provider {
  /** As Azure spells it. */
  readonly type: string;
  readonly protocol: Protocol;
  /** @throws ArmError when the request is refused */
  put?(request: PutRequest): Put;
  /** The status of a PUT that made the resource at once; 201 when absent. */
  readonly createdStatus?: 200;
  /** The members of a PATCH body that are merged into the resource; `tags` where a type takes no more. */
  readonly patchable?: readonly string[];
  /** The work of a deletion; the resource is gone when it has ended. */
  remove?(resource: Resource): Work;
  /** @throws ArmError when the resource may not be deleted now. Not asked when its whole group goes. */
  refuseRemoval?(resource: Resource): void;
  /** The resource as GET shows it; itself when absent. */
  show?(resource: Resource, query: URLSearchParams): Resource;
  /** Finds a resource that is no entry of the store, as an instance of a scale set. */
  find?(id: string): Resource | undefined;
  /** Lists such resources below a parent's id. */
  list?(parent: string, query: URLSearchParams): readonly Resource[];
  /** `GET …/NAME/<key>`, keys in lower case. */
  readonly reads?: Readonly<Record<string, (request: ActionRequest) => unknown>>;
  /** `POST …/NAME/<key>`, keys in lower case. */
  readonly actions?: Readonly<Record<string, (request: ActionRequest) => Action>>;
  readonly kept?: Kept;
}
