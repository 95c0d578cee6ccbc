/** What a deployment answers to an error of the template language. */
import { ArmError, asArmError } from '../arm/armError.js';
import { isObject, object, objects, string } from '../arm/json.js';
import { TemplateError } from '../template/templateError.js';

/** The error of an answer: a template's is a 400 with its details, any other is what it is. */
export function refusalOf(error: unknown): ArmError {
  if (!(error instanceof TemplateError)) return asArmError(error);
  const { target, details, additionalInfo } = object(error.body());
  return new ArmError(400, error.code, error.message, {
    ...(string(target) === undefined ? {} : { target: string(target) ?? '' }),
    ...(Array.isArray(details) ? { details: objects(details) } : {}),
    ...(Array.isArray(additionalInfo) ? { additionalInfo: additionalInfo.filter(isObject) } : {}),
  });
}
