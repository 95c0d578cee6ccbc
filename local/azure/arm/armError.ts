/** Errors as Azure Resource Manager words them. */
import { compact, type Json } from './json.js';
import type { ResourceId } from './resourceId.js';

interface Extra {
  readonly target?: string;
  readonly details?: readonly Json[];
  readonly additionalInfo?: readonly Json[];
}

/** A refusal or a failed operation: HTTP status, code and message, and what the wire carries beside them. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly extra: Extra = {},
  ) {
    super(message);
  }

  /** The `error` member of an answer. */
  get body(): Json {
    return compact({ code: this.code, message: this.message, ...this.extra });
  }
}

/** An error as it is written into the saved state. */
export type SavedError = Pick<ArmError, 'status' | 'code' | 'message' | 'extra'>;

export function savedError({ status, code, message, extra }: ArmError): SavedError {
  return { status, code, message, extra };
}

export function restoredError({ status, code, message, extra }: SavedError): ArmError {
  return new ArmError(status, code, message, extra);
}

/** What became of work that was under way when the process ended: nobody goes on with it. */
export function interrupted(): ArmError {
  return new ArmError(
    500,
    'InternalExecutionError',
    'An internal execution error occurred: the local Azure was ended while this was in progress. Please retry.',
  );
}

/** What any thrown value says on the wire; a fault in this program is an InternalServerError. */
export function asArmError(error: unknown): ArmError {
  if (error instanceof ArmError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ArmError(500, 'InternalServerError', `Encountered internal server error: ${message}`);
}

export function resourceNotFound(type: string, name: string, group: string): ArmError {
  return new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${type}/${name}' under resource group '${group}' was not found. ` +
      'For more details please go to https://aka.ms/ARMResourceNotFoundFix',
  );
}

export function groupNotFound(name: string): ArmError {
  return new ArmError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
}

export function invalidParameter(target: string, message: string): ArmError {
  return new ArmError(400, 'InvalidParameter', message, { target });
}

export function notAllowed(message: string, target?: string): ArmError {
  return new ArmError(409, 'OperationNotAllowed', message, target === undefined ? {} : { target });
}

/** What is no entry of Resource Manager's own, as an instance of a scale set, and is not there. */
export function entityNotFound(): ArmError {
  return new ArmError(404, 'NotFound', 'The entity was not found in this Azure location.');
}

/** A resource that refers to one which is not there. */
export function invalidReference(referred: string, by: string): ArmError {
  return new ArmError(
    400,
    'InvalidResourceReference',
    `Resource ${referred} referenced by resource ${by} was not found. Please make sure that the referenced ` +
      'resource exists, and that both resources are in the same region.',
  );
}

export function methodNotAllowed(method: string, type: string): ArmError {
  return new ArmError(405, 'MethodNotAllowed', `The resource type '${type}' does not support ${method}.`);
}

/** @param known what there is instead */
export function unknownBelow(
  what: string,
  { type, name }: Pick<ResourceId, 'type' | 'name'>,
  known: readonly string[],
): ArmError {
  return new ArmError(
    404,
    'InvalidResourceType',
    `There is no '${what}' at '${type}/${name}'. This local Azure has here: ${known.join(', ') || 'nothing'}.`,
  );
}
