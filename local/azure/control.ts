/** The local Azure's own host, `control.local-azure`: what goes wrong and who may do what is changed there while it runs. */
import { describe } from '../../shared/core/errors.js';
import type { Authorization } from './authorization/authorization.js';
import { readRoleDefinitions } from './authorization/roleDefinition.js';
import { readFaultRules, type FaultRule } from './faults/faultRule.js';
import type { Faults } from './faults/faults.js';
import type { Reply, Request } from './front/http.js';

export const controlHost = 'control.local-azure';

export interface ControlParts {
  readonly faults: Faults;
  readonly authorization: Authorization;
  replaceFaults(rules: readonly FaultRule[]): void;
}

/** What can be shown, replaced as a whole by what a file of it holds, and taken away. */
interface Control {
  show(): unknown;
  /** @throws UserError */
  replace(text: string): void;
  clear(): void;
}

/** `GET`, `PUT` and `DELETE` of `/faults` and `/roles`. */
export function answerControl({ method, url, text }: Request, parts: ControlParts): Reply {
  const controls: Readonly<Record<string, Control>> = {
    '/faults': {
      show: () => ({ rules: parts.faults.report() }),
      replace: given => {
        parts.replaceFaults(readFaultRules(given, 'The body'));
      },
      clear: () => {
        parts.replaceFaults([]);
      },
    },
    '/roles': {
      show: () => ({ roles: parts.authorization.roles }),
      replace: given => {
        parts.authorization.assign(readRoleDefinitions(given, 'The body'));
      },
      clear: () => {
        parts.authorization.assign([]);
      },
    },
  };
  const control = controls[url.pathname];
  if (control === undefined) {
    const known = Object.keys(controls).map(path => `https://${controlHost}${path}`);
    return refused(404, `There is nothing at ${url.pathname}: GET, PUT or DELETE ${known.join(' or ')}.`);
  }
  switch (method) {
    case 'GET':
      break;
    case 'PUT':
      try {
        control.replace(text);
      } catch (error) {
        return refused(400, describe(error));
      }
      break;
    case 'DELETE':
      control.clear();
      break;
    default:
      return refused(405, `${method} is not allowed at ${url.pathname}; GET, PUT and DELETE are.`);
  }
  return { status: 200, body: control.show() };
}

function refused(status: number, message: string): Reply {
  return { status, body: { error: { code: status === 404 ? 'NotFound' : 'BadRequest', message } } };
}
