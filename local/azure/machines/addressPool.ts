/** Loopback addresses for machines and public IPs, unique also between two local Azures on one machine. */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { claim, claimVoid } from '../lockFile.js';

export interface AddressPool {
  /** An address of the form 127.x.y.z that nobody else on this machine was given. @throws UserError when all are given away */
  allocate(): string;
  /** Gives an address back; it is handed out again only after all fresh ones. */
  release(address: string): void;
  /** Gives the whole block back; also done when the process ends. */
  close(): void;
}

const firstBlock = 16;
const lastBlock = 254;
const perThird = 250;

/**
 * Claims a free block 127.x.0.0/16 with a lock file. The lock of a process that has ended is void.
 * @param inUse addresses of one block that an earlier process gave away: the block is claimed again, and they stay given away
 * @throws UserError when every block is taken, or that one
 */
export function createAddressPool(
  lockDirectory = join(tmpdir(), 'bake-and-roll-addresses'),
  inUse: readonly string[] = [],
): AddressPool {
  const block = claimBlock(lockDirectory, inUse[0]);
  const freed: string[] = [];
  const used = new Set(inUse);
  let next = Math.max(0, ...inUse.map(address => indexOf(address) + 1));
  if (held.size === 0) process.once('exit', releaseAll);
  held.add(block.lock);
  return {
    allocate() {
      // Not the ends of a third: 0 and 255 look like a network and its broadcast address.
      const fresh =
        next < 255 * perThird
          ? `127.${block.number}.${Math.floor(next / perThird)}.${(next % perThird) + 4}`
          : undefined;
      const address = fresh ?? freed.shift();
      if (address === undefined)
        throw new UserError('All loopback addresses of this local Azure are in use: delete some machines.');
      if (fresh !== undefined) next += 1;
      used.add(address);
      return address;
    },
    release(address) {
      if (used.delete(address)) freed.push(address);
    },
    close() {
      if (held.delete(block.lock)) rmSync(block.lock, { force: true });
      if (held.size === 0) process.removeListener('exit', releaseAll);
    },
  };
}

/** Lock files of this process. */
const held = new Set<string>();

function releaseAll(): void {
  for (const lock of held) rmSync(lock, { force: true });
}

/** The inverse of `allocate`. */
function indexOf(address: string): number {
  const [, , third = 0, fourth = 4] = address.split('.').map(Number);
  return third * perThird + fourth - 4;
}

function claimBlock(lockDirectory: string, of: string | undefined): { number: number; lock: string } {
  mkdirSync(lockDirectory, { recursive: true, mode: 0o777 });
  if (of !== undefined) {
    const number = Number(of.split('.')[1]);
    const lock = join(lockDirectory, `127.${number}.lock`);
    if (claim(lock) || claimVoid(lock)) return { number, lock };
    throw new UserError(
      `The loopback addresses 127.${number}.0.0/16 of this state are in use by another local Azure: end that one first.`,
    );
  }
  const count = lastBlock - firstBlock + 1;
  // From a random one on: two that start at once seldom want the same.
  const start = Math.floor(Math.random() * count);
  for (let i = 0; i < count; i += 1) {
    const number = firstBlock + ((start + i) % count);
    const lock = join(lockDirectory, `127.${number}.lock`);
    if (claim(lock) || claimVoid(lock)) return { number, lock };
  }
  throw new UserError(
    `No block of loopback addresses is free: end other local Azures, or delete the files in '${lockDirectory}' when there are none.`,
  );
}
