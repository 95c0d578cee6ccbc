/** The functions on address ranges. */
import { eager, type Arguments, type Entry } from './arguments.js';

interface Range {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly prefix: number;
}

export const cidrFunctions: readonly Entry[] = [
  eager('parseCidr', 1, 1, given => {
    const range = parseRange(given, 0);
    const { first, last } = { first: range.first, last: lastOf(range) };
    const narrow = range.bits === 128 || range.bits - range.prefix < 2;
    const base = {
      network: addressText(range.bits, first),
      netmask: addressText(range.bits, maskOf(range)),
    };
    return {
      ...base,
      ...(range.bits === 32 ? { broadcast: addressText(32, last) } : {}),
      firstUsable: addressText(range.bits, narrow ? first : first + 1n),
      lastUsable: addressText(range.bits, narrow ? last : last - 1n),
      cidr: range.prefix,
    };
  }),
  eager('cidrSubnet', 3, 3, given => {
    const range = parseRange(given, 0);
    const prefix = given.int(1);
    const index = given.int(2);
    if (prefix < range.prefix || prefix > range.bits) {
      throw given.refuse(
        `the new prefix length '${prefix}' must be between '${range.prefix}' and '${range.bits}'.`,
      );
    }
    if (index < 0 || BigInt(index) >= 1n << BigInt(prefix - range.prefix)) {
      throw given.refuse(`the subnet index '${index}' is out of the range '${given.text(0)}'.`);
    }
    const first = range.first + (BigInt(index) << BigInt(range.bits - prefix));
    return `${addressText(range.bits, first)}/${prefix}`;
  }),
  eager('cidrHost', 2, 2, given => {
    const range = parseRange(given, 0);
    const index = given.int(1);
    const narrow = range.bits - range.prefix < 2;
    const host = range.first + BigInt(index) + (narrow ? 0n : 1n);
    const last = range.bits === 128 || narrow ? lastOf(range) : lastOf(range) - 1n;
    if (index < 0 || host > last)
      throw given.refuse(`the host index '${index}' is out of the range '${given.text(0)}'.`);
    return addressText(range.bits, host);
  }),
];

function parseRange(given: Arguments, index: number): Range {
  const [address = '', prefixText = '', ...rest] = given.text(index).split('/');
  const parsed = /^\d{1,3}$/.test(prefixText) && rest.length === 0 ? parseAddress(address) : undefined;
  if (parsed === undefined || Number(prefixText) > parsed.bits) {
    throw given.refuse(`the value '${given.text(index)}' is not a valid address range in CIDR notation.`);
  }
  const range = { bits: parsed.bits, first: 0n, prefix: Number(prefixText) };
  return { ...range, first: parsed.value & maskOf(range) };
}

function maskOf({ bits, prefix }: Range): bigint {
  return ((1n << BigInt(prefix)) - 1n) << BigInt(bits - prefix);
}

function lastOf(range: Range): bigint {
  return range.first + (1n << BigInt(range.bits - range.prefix)) - 1n;
}

function parseAddress(text: string): { readonly bits: 32 | 128; readonly value: bigint } | undefined {
  if (text.includes(':')) return parseVersion6(text);
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return { bits: 32, value: parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) };
}

function parseVersion6(text: string): { readonly bits: 128; readonly value: bigint } | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map(half => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...tail];
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return { bits: 128, value: groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n) };
}

function addressText(bits: 32 | 128, value: bigint): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_group, index) =>
    ((value >> BigInt(16 * (7 - index))) & 0xffffn).toString(16),
  );
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (groups[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
