/** Errors that faults make, as Azure words and nests them. Pure. */
import { ArmError } from '../arm/armError.js';
import { isObject, type Json } from '../arm/json.js';

interface OperationError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details: readonly Json[];
  /** Whether details are objects, or texts that hold the JSON of a whole answer, as older providers send them. */
  readonly encoding: 'object' | 'string';
}

export function operationError({ status, code, message, details, encoding }: OperationError): ArmError {
  if (details.length === 0) return new ArmError(status, code, message);
  return new ArmError(status, code, message, {
    details: encoding === 'object' ? details : details.map(asText),
  });
}

/** The detail inside a text, escaped once more for each level. */
function asText(detail: Json): Json {
  const inner = Array.isArray(detail['details'])
    ? { ...detail, details: detail['details'].filter(isObject).map(asText) }
    : detail;
  const text = JSON.stringify({ error: inner }, undefined, 2).replaceAll('\n', '\r\n');
  return { code: 'BadRequest', message: text };
}

const capacityMessages: Readonly<Record<string, string>> = {
  AllocationFailed:
    'Allocation failed. We do not have sufficient capacity for the requested VM size in this region. ' +
    'Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance',
  OverconstrainedAllocationRequest:
    'Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too restrictive. ' +
    'Please remove some constraints and try again. Constraints applied are:\n  - Networking Constraints (such as Accelerated ' +
    'Networking or IPv6)\n  - VM Size',
  SkuNotAvailable:
    "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions' is currently not available in " +
    'this location. Please try another size or deploy to a different location or different zone. ' +
    'See https://aka.ms/azureskunotavailable for details.',
};

/** @param code AllocationFailed, SkuNotAvailable or OverconstrainedAllocationRequest */
export function capacityError(code: string): ArmError {
  return new ArmError(409, code, capacityMessages[code] ?? code);
}
