/** Extensions of machines and scale sets: what is known of them here, and how they are shown. Pure. */
import { ArmError, invalidParameter } from '../../arm/armError.js';
import { compact, object, objects, string, type Json } from '../../arm/json.js';

/** An extension as a machine gets it. */
export interface Extension {
  readonly name: string;
  readonly kind: 'customScript' | 'applicationHealth';
  readonly publisher: string;
  readonly type: string;
  readonly version: string;
  readonly settings: Json;
  /** Never shown. */
  readonly protectedSettings: Json;
  /** Names of those that come before it. */
  readonly after: readonly string[];
  /** A new value has it run again with the same settings. */
  readonly forceUpdateTag?: string;
}

const known: Readonly<Record<string, Extension['kind']>> = {
  'microsoft.azure.extensions/customscript': 'customScript',
  'microsoft.ostcextensions/customscriptforlinux': 'customScript',
  'microsoft.managedservices/applicationhealthlinux': 'applicationHealth',
};

/**
 * Reads one extension.
 * @param before the extension of the same name that it replaces; it lends its protected settings when none are given
 * @throws ArmError when it cannot run here
 */
export function extensionOf(name: string, given: Json, before?: Extension): Extension {
  const [publisher, type, version] = ['publisher', 'type', 'typeHandlerVersion'].map(member =>
    string(given[member]),
  );
  if (publisher === undefined || type === undefined || version === undefined) {
    throw invalidParameter(
      `extensions.${name}`,
      `Extension '${name}' must have a publisher, a type and a typeHandlerVersion.`,
    );
  }
  const kind = known[`${publisher}/${type}`.toLowerCase()];
  if (kind === undefined) {
    throw new ArmError(
      404,
      'ArtifactNotFound',
      `The VM extension with publisher '${publisher}' and type '${type}' could not be found. (This local Azure has ` +
        'Microsoft.Azure.Extensions/CustomScript and Microsoft.ManagedServices/ApplicationHealthLinux.)',
    );
  }
  const forceUpdateTag = string(given['forceUpdateTag']);
  const extension: Extension = {
    name,
    kind,
    publisher,
    type,
    version,
    settings: object(given['settings']),
    protectedSettings:
      given['protectedSettings'] === undefined
        ? (before?.protectedSettings ?? {})
        : object(given['protectedSettings']),
    after: Array.isArray(given['provisionAfterExtensions'])
      ? given['provisionAfterExtensions'].map(String)
      : [],
    ...(forceUpdateTag === undefined ? {} : { forceUpdateTag }),
  };
  if (kind === 'customScript') checkScript(extension);
  return extension;
}

/** The extensions of an extension profile in the order in which they run. @throws ArmError when there is none such */
export function extensionsOf(profile: unknown, before: readonly Extension[] = []): readonly Extension[] {
  const extensions = objects(object(profile)['extensions']).map(one => {
    const name = string(one['name']) ?? '';
    return extensionOf(
      name,
      object(one['properties']),
      before.find(old => old.name === name),
    );
  });
  return inOrder(extensions);
}

/** As it is shown: without protected settings. */
export function shownExtension(given: Json): Json {
  const { protectedSettings: _secret, ...shown } = given;
  return compact({ autoUpgradeMinorVersion: true, ...shown });
}

/** What a custom script runs: a shell command, or a script by itself. */
export function scriptOf({
  settings,
  protectedSettings,
}: Extension): { command: string } | { script: string } {
  const all = { ...settings, ...protectedSettings };
  const script = string(all['script']);
  return script === undefined ? { command: string(all['commandToExecute']) ?? '' } : { script };
}

/** The files that a custom script fetches first. */
export function filesOf({ settings, protectedSettings }: Extension): readonly string[] {
  const { fileUris } = { ...settings, ...protectedSettings };
  return Array.isArray(fileUris) ? fileUris.map(String) : [];
}

function checkScript(extension: Extension): void {
  const { name, settings, protectedSettings } = extension;
  const [commands, scripts] = ['commandToExecute', 'script'].map(
    member => [settings, protectedSettings].filter(one => string(one[member]) !== undefined).length,
  );
  if ((commands ?? 0) + (scripts ?? 0) !== 1) {
    throw invalidParameter(
      `extensions.${name}`,
      `Extension '${name}' must have exactly one of commandToExecute and script, in settings or in protectedSettings.`,
    );
  }
  const foreign = filesOf(extension).filter(
    uri => !/^https?:\/\/(127(\.\d{1,3}){3}|localhost)[:/]/i.test(uri),
  );
  if (foreign.length > 0) {
    throw invalidParameter(
      `extensions.${name}.fileUris`,
      `Extension '${name}' fetches ${foreign.map(withoutQuery).join(', ')}: this local Azure fetches fileUris from this machine ` +
        'only (http://127.0.0.1…). Put the script into commandToExecute or script, or serve its files here.',
    );
  }
}

/** A query may be the signature that opens the file. */
export function withoutQuery(uri: string): string {
  return uri.replace(/\?.*$/s, '');
}

function inOrder(extensions: readonly Extension[]): readonly Extension[] {
  const done: Extension[] = [];
  let left = extensions;
  while (left.length > 0) {
    const ready = left.filter(one => one.after.every(name => done.some(earlier => earlier.name === name)));
    if (ready.length === 0) {
      throw invalidParameter(
        'provisionAfterExtensions',
        `The extensions ${left.map(one => one.name).join(', ')} wait for each other, or for one that is not there.`,
      );
    }
    done.push(...ready);
    left = left.filter(one => !ready.includes(one));
  }
  return done;
}
