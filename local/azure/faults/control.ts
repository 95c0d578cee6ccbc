/** The local Azure's own host, `control.local-azure`: faults are switched on and off there while it runs. */
import { describe } from '../../../shared/core/errors.js';
import type { Reply, Request } from '../front/http.js';
import { readFaultRules, type FaultRule } from './faultRule.js';
import type { Faults } from './faults.js';

export const controlHost = 'control.local-azure';

/** `GET`, `PUT` and `DELETE /faults`; PUT takes what a file of faults holds and replaces all rules. */
export function answerControl(
  request: Request,
  faults: Faults,
  replace: (rules: readonly FaultRule[]) => void,
): Reply {
  const { method, url } = request;
  if (url.pathname !== '/faults')
    return refused(
      404,
      `There is nothing at ${url.pathname}: GET, PUT or DELETE https://${controlHost}/faults.`,
    );
  switch (method) {
    case 'GET':
      break;
    case 'PUT':
      try {
        replace(readFaultRules(request.text, 'The body'));
      } catch (error) {
        return refused(400, describe(error));
      }
      break;
    case 'DELETE':
      replace([]);
      break;
    default:
      return refused(405, `${method} is not allowed at /faults; GET, PUT and DELETE are.`);
  }
  return { status: 200, body: { rules: faults.report() } };
}

function refused(status: number, message: string): Reply {
  return { status, body: { error: { code: status === 404 ? 'NotFound' : 'BadRequest', message } } };
}
