/** The older of the two ways in which a failed deployment nests the errors of its resources: as JSON text within the message. Pure. */
import { isObject, object, objects, string, type Json } from '../arm/json.js';

/** From this api-version on, the errors of resources are nested as they are. */
const firstPlain = '2020-06-01';

/** The error as an api-version tells it; see recorded answers of 2016 and of 2023. */
export function errorFor(apiVersion: string | null, error: Json): Json {
  return apiVersion === null || apiVersion >= firstPlain ? error : escaped(error);
}

/** The status message of an operation as an api-version tells it. */
export function statusMessageFor(apiVersion: string | null, message: unknown): unknown {
  if (!isObject(message) || apiVersion === null || apiVersion >= firstPlain) return message;
  const error = object(message['error']);
  if (error['code'] === outputsSkipped) return string(error['message']);
  return { ...message, error: escaped(error) };
}

/** The code under which the evaluation of outputs tells that it did not take place. */
export const outputsSkipped = 'DeploymentOutputEvaluationSkipped';

function escaped(error: Json): Json {
  const { target: _target, ...rest } = error;
  const details = objects(error['details']);
  if (details.length === 0) return rest;
  const inner = details.map(detail =>
    error['code'] === 'DeploymentFailed' ? asText(detail) : escaped(detail),
  );
  return { ...rest, details: inner };
}

function asText(detail: Json): Json {
  const code = string(detail['code']) ?? '';
  const terminal = code === 'ResourceDeploymentFailure';
  const body = { ...(terminal ? { status: 'Failed' } : {}), error: escaped(detail) };
  return { code: statusOf(code), message: JSON.stringify(body, null, 2).replaceAll('\n', '\r\n') };
}

/** The name of the HTTP status that a provider's error came with; the error itself does not keep it. */
function statusOf(code: string): string {
  if (/NotFound$/.test(code)) return 'NotFound';
  return /Conflict|NotAllowed|InUse|Exists|^ResourceDeploymentFailure$/.test(code)
    ? 'Conflict'
    : 'BadRequest';
}
