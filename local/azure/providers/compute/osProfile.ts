/** The guest's name and administrator, as given and as shown. */
import { invalidParameter } from '../../arm/armError.js';
import { compact, object, objects, string, type Json } from '../../arm/json.js';
import type { Login } from '../../machines/machineHost.js';

/**
 * The administrator that provisioning makes.
 * @throws ArmError when there is none, or one that could not log in
 */
export function loginOf(osProfile: Json): Login {
  const userName = string(osProfile['adminUsername']);
  if (userName === undefined) {
    throw invalidParameter(
      'osProfile.adminUsername',
      "Required parameter 'osProfile.adminUsername' is missing (null).",
    );
  }
  if (!/^[a-z_][-a-z0-9_]{0,31}$/i.test(userName) || userName === 'root') {
    throw invalidParameter('adminUsername', `The Admin Username specified is not allowed: '${userName}'.`);
  }
  const linux = object(osProfile['linuxConfiguration']);
  const publicKeys = objects(object(linux['ssh'])['publicKeys']).flatMap(one => string(one['keyData']) ?? []);
  const password = string(osProfile['adminPassword']);
  const keysOnly = linux['disablePasswordAuthentication'] === true;
  if (keysOnly && publicKeys.length === 0) {
    throw invalidParameter(
      'linuxConfiguration.ssh.publicKeys',
      'Authentication using SSH keys needs at least one public key when password authentication is disabled.',
    );
  }
  if (!keysOnly && password === undefined) {
    throw invalidParameter(
      'adminPassword',
      'Authentication using either SSH or by user name and password must be enabled in Linux profile.',
    );
  }
  return { userName, publicKeys, ...(password === undefined || keysOnly ? {} : { password }) };
}

/** The profile as GET shows it: without secrets, with what Azure fills in. */
export function shownOsProfile(osProfile: Json): Json {
  const { adminPassword: _password, customData: _data, ...shown } = osProfile;
  return compact({
    ...shown,
    linuxConfiguration: {
      disablePasswordAuthentication: false,
      provisionVMAgent: true,
      ...object(osProfile['linuxConfiguration']),
    },
    secrets: [],
    allowExtensionOperations: true,
    requireGuestProvisionSignal: true,
  });
}
