/** The footer of a VHD as Azure checks it before it makes an image of a blob. Pure. */
import { ArmError } from '../arm/armError.js';

/** Bytes. */
export const footerSize = 512;

const megabyte = 1024 ** 2;
const fixedDisk = 2;

/**
 * @param footer the blob's last 512 bytes
 * @param size of the blob in bytes
 * @throws ArmError when Azure would not take it
 * @see Microsoft's Virtual Hard Disk Image Format Specification: big-endian; cookie at 0, current size at 48, disk type at 60, checksum at 64
 */
export function checkFooter(footer: Buffer, size: number, uri: string): void {
  const cookie = footer.toString('latin1', 0, 8);
  if (cookie !== 'conectix') {
    throw notVhd(
      `The specified cookie value in VHD footer indicates that disk with blob ${uri} is not a supported VHD. Disk is expected to ` +
        "have cookie value 'conectix'. Make a fixed VHD, for example by 'qemu-img convert -O vpc -o subformat=fixed,force_size'.",
    );
  }
  const type = footer.readUInt32BE(60);
  if (type !== fixedDisk) {
    throw notVhd(
      `The VHD ${uri} is of disk type ${type} (${type === 3 ? 'dynamic' : type === 4 ? 'differencing' : 'unknown'}); Azure takes ` +
        'fixed VHDs (disk type 2) only.',
    );
  }
  const virtual = Number(footer.readBigUInt64BE(48));
  if (virtual % megabyte !== 0) {
    throw notVhd(
      `The VHD ${uri} has an unsupported virtual size of ${virtual} bytes. The size must be a whole number (in MBs).`,
    );
  }
  if (virtual + footerSize !== size) {
    throw notVhd(
      `The VHD ${uri} says ${virtual} bytes in its footer, but the blob has ${size - footerSize} before it: the upload is not whole.`,
    );
  }
  if (checksum(footer) !== footer.readUInt32BE(64)) {
    throw notVhd(`The footer of the VHD ${uri} is damaged: its checksum is wrong.`);
  }
}

export function notVhd(message: string): ArmError {
  return new ArmError(400, 'InvalidParameter', message, { target: 'disks' });
}

/** The one's complement of the sum of all bytes but the checksum's own. */
export function checksum(footer: Buffer): number {
  let sum = 0;
  for (const [index, byte] of footer.entries()) if (index < 64 || index >= 68) sum += byte;
  return ~sum >>> 0;
}
