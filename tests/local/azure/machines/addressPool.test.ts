/** Addresses are unique within a pool, between pools and between processes; a dead owner's block is free again. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAddressPool } from '../../../../local/azure/machines/addressPool.js';
import { UserError } from '../../../../shared/core/errors.js';

describe('address pool', () => {
  let locks: string;
  beforeEach(async () => {
    locks = await mkdtemp(join(tmpdir(), 'locks-'));
  });
  afterEach(async () => {
    await rm(locks, { recursive: true });
  });

  it('hands out different loopback addresses, freed ones last', () => {
    const pool = createAddressPool(locks);
    const given = Array.from({ length: 600 }, () => pool.allocate());
    assert.equal(new Set(given).size, 600);
    for (const address of given) {
      assert.match(
        address,
        /^127\.(?:1[6-9]|[2-9]\d|1\d\d|2[0-4]\d|25[0-4])\.\d{1,3}\.(?:[4-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-3])$/,
      );
    }
    const [first = ''] = given;
    pool.release(first);
    pool.release(first);
    assert.ok(!given.includes(pool.allocate()));
    pool.close();
  });

  it('says so when all are in use, and starts over with the freed ones', () => {
    const pool = createAddressPool(locks);
    const given: string[] = [];
    assert.throws(() => {
      for (;;) given.push(pool.allocate());
    }, UserError);
    assert.equal(new Set(given).size, 255 * 250);
    pool.release(given[7] ?? '');
    assert.equal(pool.allocate(), given[7]);
    pool.close();
  });

  it('shares no block with another pool and gives its own back', async () => {
    const pools = Array.from({ length: 239 }, () => createAddressPool(locks));
    assert.equal(new Set(pools.map(pool => pool.allocate().split('.')[1])).size, 239);
    assert.throws(() => createAddressPool(locks), /No block of loopback addresses is free/);
    for (const pool of pools) pool.close();
    assert.deepEqual(await readdir(locks), []);
  });

  it('takes over the block of a process that was killed, not that of a living one', async () => {
    const module = join(import.meta.dirname, '../../../../local/azure/machines/addressPool.ts');
    const source = `import { createAddressPool } from ${JSON.stringify(module)}; createAddressPool(${JSON.stringify(locks)}); process.kill(process.pid, 'SIGKILL');`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', source];
    await assert.rejects(promisify(execFile)(process.execPath, args), { signal: 'SIGKILL' });
    const [left = ''] = await readdir(locks);
    const dead = await readFile(join(locks, left), 'utf8');
    // Every block has a dead owner, but for one whose number was given to a new process since.
    for (let block = 16; block <= 254; block += 1) await writeFile(join(locks, `127.${block}.lock`), dead);
    await writeFile(join(locks, '127.16.lock'), `${process.pid} 1`);
    const pools = Array.from({ length: 239 }, () => createAddressPool(locks));
    assert.equal(new Set(pools.map(pool => pool.allocate())).size, 239);
    for (const pool of pools) pool.close();
  });
});
