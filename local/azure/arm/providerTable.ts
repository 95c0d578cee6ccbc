/** The resource types of one local Azure, found without regard to case. */
import { ArmError } from './armError.js';
import type { Provider } from './provider.js';
import { key } from './resourceId.js';

export interface ProviderTable {
  readonly all: readonly Provider[];
  find(type: string): Provider | undefined;
  /** @throws ArmError InvalidResourceType naming what there is */
  get(type: string): Provider;
}

export function createProviderTable(all: readonly Provider[]): ProviderTable {
  const byType = new Map(all.map(provider => [key(provider.type), provider]));
  const find = (type: string) => byType.get(key(type));
  return {
    all,
    find,
    get: type => {
      const provider = find(type);
      if (provider !== undefined) return provider;
      const [namespace = '', ...rest] = type.split('/');
      const known = all.map(one => one.type).filter(one => key(one).startsWith(`${key(namespace)}/`));
      if (known.length === 0) {
        throw new ArmError(
          404,
          'InvalidResourceNamespace',
          `The resource namespace '${namespace}' is invalid.`,
        );
      }
      throw new ArmError(
        404,
        'InvalidResourceType',
        `The resource type '${rest.join('/')}' could not be found in the namespace '${namespace}'. ` +
          `This local Azure has: ${known.join(', ')}.`,
      );
    },
  };
}
