/** The two hashes of the language: `uniqueString` and `guid`. */
import { createHash } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const guidNamespace = Buffer.from('11fb06fb712d4ddd98c7e71bbd588830', 'hex');

/**
 * Thirteen letters and digits that depend on the arguments only. The algorithm is that of Microsoft's deployment engine:
 * a two-lane 64-bit relative of Murmur3 over the arguments joined by `-`, in base 32 from the top bits down.
 */
export function uniqueString(parts: readonly string[]): string {
  let hash = murmur64(Buffer.from(parts.join('-'), 'utf8'));
  let text = '';
  for (let index = 0; index < 13; index += 1) {
    text += alphabet.charAt(Number(hash >> 59n));
    hash = BigInt.asUintN(64, hash << 5n);
  }
  return text;
}

/** A version 5 UUID of the arguments joined by `-`, in the deployment engine's own namespace. */
export function guid(parts: readonly string[]): string {
  const digest = createHash('sha1')
    .update(guidNamespace)
    .update(parts.join('-'), 'utf8')
    .digest()
    .subarray(0, 16);
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The 64-bit hash under `uniqueString`. */
export function murmur64(data: Buffer): bigint {
  const c1 = 0x239b961b;
  const c2 = 0xab0e9789;
  let h1 = 0;
  let h2 = 0;
  const whole = data.length - (data.length % 8);
  for (let index = 0; index < whole; index += 8) {
    const k1 = Math.imul(rotate(Math.imul(data.readUInt32LE(index), c1), 15), c2);
    h1 = (Math.imul(add(rotate(h1 ^ k1, 19), h2), 5) + 0x561ccd1b) | 0;
    const k2 = Math.imul(rotate(Math.imul(data.readUInt32LE(index + 4), c2), 17), c1);
    h2 = (Math.imul(add(rotate(h2 ^ k2, 13), h1), 5) + 0x0bcaa747) | 0;
  }
  const rest = data.subarray(whole);
  if (rest.length > 4) h2 ^= Math.imul(rotate(Math.imul(lane(rest.subarray(4)), c2), 17), c1);
  if (rest.length > 0) h1 ^= Math.imul(rotate(Math.imul(lane(rest.subarray(0, 4)), c1), 15), c2);
  h1 ^= data.length;
  h2 ^= data.length;
  h1 = add(h1, h2);
  h2 = add(h2, h1);
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h1 = add(h1, h2);
  h2 = add(h2, h1);
  return (BigInt(h2 >>> 0) << 32n) | BigInt(h1 >>> 0);
}

function lane(bytes: Buffer): number {
  return bytes.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0);
}

function add(left: number, right: number): number {
  return (left + right) | 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function finalMix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
