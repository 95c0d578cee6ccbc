/** A Packer template, as far as the task must know it: its format, its variables, and what it asks of Packer. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../../../../shared/core/errors.js';

/** A template file or folder. */
export interface PackerTemplate {
  readonly path: string;
  /** `json` is the format from before HCL2, whose variables are texts given in a file. */
  readonly format: 'json' | 'hcl2';
  /** The names of its variables; undefined where they cannot be told without Packer. */
  readonly variables: readonly string[] | undefined;
  /** Whether `packer init` has plugins to install. */
  readonly requiresPlugins: boolean;
  /** Whether it has a builder that would ask for another sign-in because no option for credentials is mentioned. */
  readonly ignoresCredentials: boolean;
  /** Whether it can ask for a fresh federated token while it builds. */
  readonly asksForTokens: boolean;
  /** Whether it takes a password for the certificate's file, which is PKCS#12 then. */
  readonly hasCertificatePassword: boolean;
  /** Where its `manifest` post-processors write, relative to the working directory, as far as they say so in plain text. */
  readonly manifests: readonly string[];
}

/**
 * Reads a template file, or a folder of `.pkr.hcl` and `.pkr.json` files.
 * @throws UserError when there is none
 */
export function readPackerTemplate(path: string): PackerTemplate {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) {
    throw new UserError(
      `Input 'templatePath': ${path} does not exist. Check the path, and that the step which checks out or downloads the template ran before.`,
    );
  }
  if (!entry.isDirectory())
    return parsePackerTemplate(path, [{ name: basename(path), text: readFileSync(path, 'utf8') }]);
  const names = readdirSync(path).filter(isHcl2);
  if (names.length === 0) {
    throw new UserError(
      `Input 'templatePath': the folder ${path} holds no .pkr.hcl or .pkr.json file. Name the template file itself if it is of another kind.`,
    );
  }
  return parsePackerTemplate(
    path,
    names.map(name => ({ name, text: readFileSync(join(path, name), 'utf8') })),
  );
}

/** Reads a template from the texts of its files. */
export function parsePackerTemplate(
  path: string,
  files: readonly { readonly name: string; readonly text: string }[],
): PackerTemplate {
  const format = files.every(file => isHcl2(file.name)) ? 'hcl2' : 'json';
  const text = files.map(file => file.text).join('\n');
  const azure = /"azure-(arm|dtl)"/.test(text);
  return {
    path,
    format,
    variables: format === 'json' ? jsonVariables(text) : hclVariables(files),
    requiresPlugins: format === 'hcl2' && /\brequired_plugins\b/.test(text),
    ignoresCredentials: azure && !/\b(client_id|use_azure_cli_auth|use_interactive_auth)\b/.test(text),
    asksForTokens: /\boidc_request_url\b/.test(text),
    hasCertificatePassword: /\bclient_cert_password\b/.test(text),
    manifests: [
      ...text.matchAll(/post-processor\s+"manifest"\s*\{[^}]*?\boutput\s*=\s*"([^"$]+)"/g),
      ...text.matchAll(/\{[^{}]*"type"\s*:\s*"manifest"[^{}]*"output"\s*:\s*"([^"{]+)"/g),
      ...text.matchAll(/\{[^{}]*"output"\s*:\s*"([^"{]+)"[^{}]*"type"\s*:\s*"manifest"/g),
    ].map(match => match[1] ?? ''),
  };
}

function isHcl2(name: string): boolean {
  return /\.pkr\.(hcl|json)$/i.test(name);
}

function jsonVariables(text: string): readonly string[] | undefined {
  try {
    const template: unknown = JSON.parse(text);
    if (typeof template !== 'object' || template === null) return undefined;
    const variables: unknown = 'variables' in template ? template.variables : {};
    return typeof variables === 'object' && variables !== null ? Object.keys(variables) : undefined;
  } catch {
    // What is wrong with it, "packer validate" says best.
    return undefined;
  }
}

/** Single `variable` blocks tell their names; the old `variables` block and the JSON syntax do not without a parser. */
function hclVariables(
  files: readonly { readonly name: string; readonly text: string }[],
): readonly string[] | undefined {
  const isPlain = files.every(({ name, text }) => /\.hcl$/i.test(name) && !/^\s*variables\s*\{/m.test(text));
  if (!isPlain) return undefined;
  return files.flatMap(({ text }) =>
    [...text.matchAll(/^\s*variable\s+"?([\w-]+)"?\s*\{/gm)].map(match => match[1] ?? ''),
  );
}

/** @throws UserError when the template's Azure builder would not use the service connection */
export function checkSignIn(template: PackerTemplate): void {
  if (!template.ignoresCredentials) return;
  const how =
    template.format === 'json'
      ? '"client_id": "{{user `client_id`}}" (and client_secret, tenant_id, subscription_id) with "variables": {"client_id": "{{env `ARM_CLIENT_ID`}}"}'
      : 'client_id = var.client_id (and client_secret, tenant_id, subscription_id) with a variable block for each';
  throw new UserError(
    `The template never mentions client_id, so its Azure builder would not use the service connection. Write into the builder ${how}.`,
  );
}
