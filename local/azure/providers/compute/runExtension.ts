/** Runs a custom script inside a machine, as Azure's agent does. */
import { gunzipSync } from 'node:zlib';
import { describe } from '../../../../shared/core/errors.js';
import { lastLines } from '../../../../shared/core/text.js';
import { ArmError } from '../../arm/armError.js';
import type { Machine } from '../../machines/machineHost.js';
import { filesOf, scriptOf, withoutQuery, type Extension } from './extension.js';

const directory = '/var/lib/waagent/custom-script/download/0';
/** The longest value that the kernel takes in an environment, in bytes of base64; less than its 128 KiB. */
const longestFile = 120_000;
const shownLines = 20;

/**
 * Runs the extension to its end. Commands travel by environment: an argument list is everyone's to read.
 * @throws ArmError VMExtensionProvisioningError with the last lines it printed
 */
export async function runExtension(extension: Extension, machine: Machine): Promise<void> {
  if (extension.kind !== 'customScript') return;
  for (const uri of filesOf(extension)) await bring(uri, extension, machine);
  const script = scriptOf(extension);
  const text = 'command' in script ? script.command : decoded(script.script);
  const { exitCode, output } = await machine.run(
    [
      '/bin/sh',
      '-c',
      `mkdir -p ${directory} && cd ${directory} && script=$AZURE_SCRIPT && unset AZURE_SCRIPT && eval "$script"`,
    ],
    { AZURE_SCRIPT: text },
  );
  if (exitCode !== 0) {
    throw failed(
      extension,
      `Enable failed: failed to execute command: command terminated with exit status=${exitCode}\n[stdout]\n${lastLines(output.split('\n'), shownLines).join('\n')}\n[stderr]\n`,
    );
  }
}

async function bring(uri: string, extension: Extension, machine: Machine): Promise<void> {
  let content: Buffer;
  try {
    const response = await fetch(uri);
    if (!response.ok) throw new Error(`unexpected status code: got=${response.status} expected=200`);
    content = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    throw failed(
      extension,
      `Enable failed: failed to download file ${withoutQuery(uri)}: ${describe(error)}`,
    );
  }
  const encoded = content.toString('base64');
  if (encoded.length > longestFile) {
    throw failed(
      extension,
      `Enable failed: ${withoutQuery(uri)} has ${content.length} bytes; this local Azure brings files of up to 90000 bytes.`,
    );
  }
  const name = decodeURIComponent(new URL(uri).pathname.split('/').at(-1) ?? '') || 'file';
  const { exitCode, output } = await machine.run(
    [
      '/bin/sh',
      '-c',
      `mkdir -p ${directory} && cd ${directory} && printf %s "$FILE_CONTENT" | base64 -d >"./$FILE_NAME" && chmod 500 "./$FILE_NAME"`,
    ],
    { FILE_NAME: name.replaceAll('/', '_'), FILE_CONTENT: encoded },
  );
  if (exitCode !== 0)
    throw failed(
      extension,
      `Enable failed: cannot write ${name}: ${lastLines(output.split('\n'), 3).join('\n')}`,
    );
}

/** Base64, of gzip or of the script itself. */
function decoded(script: string): string {
  const bytes = Buffer.from(script, 'base64');
  return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
}

function failed({ name, publisher, type }: Extension, message: string): ArmError {
  return new ArmError(
    409,
    'VMExtensionProvisioningError',
    `VM has reported a failure when processing extension '${name}' (publisher '${publisher}' and type '${type}'). Error message: ` +
      `'${message}'. More information on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot.`,
  );
}
