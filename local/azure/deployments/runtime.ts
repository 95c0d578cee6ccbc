/** The resources that are there, as the expressions of a template read them. */
import { ArmError } from '../arm/armError.js';
import { compact, object } from '../arm/json.js';
import type { Resources } from '../arm/resources.js';
import type { Authorization } from '../authorization/authorization.js';
import type { Runtime } from '../template/scope.js';

/** What a running deployment, or a what-if, reads of the resources that are there. */
export function runtimeOf(resources: Resources, authorization: Authorization): Runtime {
  return {
    reference: (id, apiVersion, full) => {
      authorization.check('GET', id, {});
      const query = apiVersion === undefined ? {} : { 'api-version': apiVersion };
      const resource = resources.get(id, new URLSearchParams(query));
      if (full !== true) return resource.properties;
      const { id: _id, name: _name, type: _type, ...rest } = resource;
      return compact({ ...rest, apiVersion });
    },
    list: (operation, id, _apiVersion, body) => {
      authorization.check('POST', `${id}/${operation}`, {});
      const acted = resources.act(id, operation, object(body));
      if ('result' in acted) return acted.result;
      throw new ArmError(400, 'BadRequest', `'${operation}' of ${id} lists nothing.`);
    },
  };
}
