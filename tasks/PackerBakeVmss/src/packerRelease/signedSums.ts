/** A release's file of SHA-256 sums: that its signature is true, and what it says. */
import { UserError } from '../../../../shared/core/errors.js';

/**
 * Checks a detached signature.
 * @param signature binary, as published beside the sums
 * @param armoredKeys the keys of which one must have made it
 * @returns the id of the key that made it
 * @throws UserError when none of them did
 */
export async function verifySignature(
  sums: Uint8Array,
  signature: Uint8Array,
  armoredKeys: readonly string[],
): Promise<string> {
  // Loaded when it is needed: it is large, and most bakes install nothing.
  const { createMessage, readKey, readSignature, verify } = await import('openpgp');
  try {
    const verificationKeys = await Promise.all(
      armoredKeys.map(async armoredKey => (await readKey({ armoredKey })).toPublic()),
    );
    const { signatures } = await verify({
      message: await createMessage({ binary: Uint8Array.from(sums) }),
      signature: await readSignature({ binarySignature: Uint8Array.from(signature) }),
      verificationKeys,
      // Without it a signature by a stranger's key would be no error here.
      expectSigned: true,
      // HashiCorp prolonged its key in 2026; what it signed before must hold as long as the prolonged key does.
      config: { allowInsecureVerificationWithReformattedKeys: true },
    });
    const [first] = signatures;
    if (first === undefined) throw new Error('there is no signature in the file');
    await first.verified;
    return first.keyID.toHex().toUpperCase();
  } catch (error) {
    throw new UserError(
      `The signature of the release's SHA256SUMS does not hold: ${(error as Error).message}. ` +
        'The files were changed on their way, or the mirror serves others than HashiCorp published. Nothing was installed.',
      { cause: error },
    );
  }
}

/**
 * Reads lines of `<64 hexadecimal digits>  <file name>`; a `*` before the name says binary.
 * @returns the sums in lower case by exact file name
 */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)$/i.exec(line) ?? [];
    if (sum !== undefined && name !== undefined) sums.set(name, sum.toLowerCase());
  }
  return sums;
}
