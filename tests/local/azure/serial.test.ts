import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSerial, type Company } from '../../../local/azure/arm/serial.js';

describe('Work of one key in the local Azure', () => {
  const company = fc.constantFrom<Company>('alone', 'beside');

  it('never overlaps with what it may not run beside, keeps its order, and all of it ends', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.record({ company, fails: fc.boolean() }), { maxLength: 8 }),
        async (scheduler, works) => {
          const serial = createSerial();
          const running = new Set<number>();
          const [asked, begun]: [number[], number[]] = [[], []];
          const ends = works.map(async ({ company: how, fails }, index) => {
            await scheduler.schedule(Promise.resolve());
            asked.push(index);
            return serial(
              'set',
              async () => {
                begun.push(index);
                const others = [...running].map(other => works[other]?.company);
                assert.ok(how === 'alone' ? others.length === 0 : !others.includes('alone'));
                running.add(index);
                await scheduler.schedule(Promise.resolve());
                running.delete(index);
                if (fails) throw new Error('failed');
              },
              how,
            );
          });
          const settled = Promise.allSettled(ends);
          await scheduler.waitFor(settled);
          const states = await settled;
          assert.deepEqual(
            states.map(({ status }) => status === 'rejected'),
            works.map(({ fails }) => fails),
          );
          for (const [place, index] of asked.entries())
            if (works[index]?.company === 'alone') assert.equal(begun[place], index);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('does not wait for that of another key', async () => {
    const serial = createSerial();
    void serial('one', () => new Promise<never>(() => undefined));
    assert.equal(await serial('two', () => Promise.resolve('done')), 'done');
  });

  it('runs beside more of its kind while some of it lasts', async () => {
    const serial = createSerial();
    void serial('set', () => new Promise<never>(() => undefined), 'beside');
    assert.equal(await serial('set', () => Promise.resolve('done'), 'beside'), 'done');
  });
});
