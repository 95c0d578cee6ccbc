/** Secrets of a deployment taken out of what is told of it. Pure. */
import { isObject } from '../arm/json.js';

/** What stands in the place of a secret in a what-if. */
const mask = '*******';

/** The value with every occurrence of a secret masked, in names of members too. */
export function concealed(value: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return value;
  if (typeof value === 'string') {
    // A secret of one or two characters is only known as one where it stands alone.
    if (secrets.includes(value)) return mask;
    return secrets
      .filter(secret => secret.length > 2)
      .reduce((text, secret) => text.replaceAll(secret, mask), value);
  }
  if (Array.isArray(value)) return value.map(item => concealed(item, secrets));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      String(concealed(name, secrets)),
      concealed(member, secrets),
    ]),
  );
}
