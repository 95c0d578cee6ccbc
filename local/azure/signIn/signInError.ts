/** Refusals of the sign-in endpoints in Entra's words. */
import { randomUUID } from 'node:crypto';
import type { Json } from '../arm/json.js';

export class SignInError extends Error {
  override readonly name = 'SignInError';
  /** @param number of the AADSTS code */
  constructor(
    readonly status: 400 | 401,
    readonly error: string,
    readonly number: number,
    message: string,
  ) {
    super(`AADSTS${number}: ${message}`);
  }
}

/** Of an application that cannot prove who it is. */
export function invalidClient(number: number, message: string): SignInError {
  return new SignInError(401, 'invalid_client', number, message);
}

/** The form's parameter. @throws SignInError when it is missing or empty */
export function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value !== null && value !== '') return value;
  throw new SignInError(
    400,
    'invalid_request',
    900144,
    `The request body must contain the following parameter: '${name}'.`,
  );
}

export function errorBody(error: SignInError, now: Date, authority: string): Json {
  const timestamp = now.toISOString().replace('T', ' ').replace(/\.\d+/, '');
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  return {
    error: error.error,
    error_description: `${error.message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
    error_codes: [error.number],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `${authority}/error?code=${error.number}`,
  };
}
