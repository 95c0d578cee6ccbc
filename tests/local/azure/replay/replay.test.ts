/**
 * Recordings are answered as they were: each exchange's status, polling headers, and the shape of its body. Those kept here were
 * made with the local Azure itself, so they only keep it from changing unnoticed; Azure's own are replayed with main.ts.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFixture } from '../fixture.js';
import { differences } from './compare.js';
import { parseRecording } from './recording.js';
import { replay } from './replay.js';
import { targetOf } from './target.js';

const directory = join(import.meta.dirname, 'recordings');
const load = (name: string) => parseRecording(readFileSync(join(directory, name), 'utf8'));

describe('replay of recorded exchanges', function () {
  this.timeout(120_000);

  for (const name of readdirSync(directory)) {
    it(`answers as recorded: ${name}`, async () => {
      const fixture = await startFixture();
      try {
        const results = await replay(load(name), targetOf(fixture));
        const different = results
          .filter(one => one.outcome === 'different')
          .map(({ exchange: { method, url }, differences: found }) => [`${method} ${url}`, ...found]);
        assert.deepEqual(different, []);
        assert.ok(results.filter(one => one.outcome === 'equal').length > results.length / 2);
      } finally {
        await fixture.close();
      }
    });
  }

  it('finds an answer that differs', async () => {
    const [group, ...rest] = load('deployment.jsonl');
    assert.ok(group !== undefined);
    const changed = { ...group, status: 202, responseBody: null };
    const fixture = await startFixture();
    try {
      const [first] = await replay([changed, ...rest.slice(0, 1)], targetOf(fixture));
      assert.deepEqual(first?.differences, ['status 202 is 201']);
    } finally {
      await fixture.close();
    }
  });
});

describe('comparison of two answers', () => {
  const answer = (responseBody: unknown, responseHeaders: Record<string, string> = {}, status = 200) => ({
    status,
    responseHeaders,
    responseBody,
  });

  it('takes answers of one shape for equal, whatever their values and the order of their members', () => {
    const one = answer({ id: 'a', properties: { list: [{ x: 1 }, { x: 2, y: 'b' }], none: null } });
    const other = answer({ properties: { list: [{ y: 'c', x: 3 }] }, id: 'd' });
    assert.deepEqual(differences(one, other), []);
  });

  it('names what is missing, extra, or of another type', () => {
    const recorded = answer({ a: 1, b: { c: 'x' }, list: [{ d: true }] }, { location: 'https://x' });
    const local = answer({ a: '1', b: {}, list: [{ d: true, e: 1 }], f: [] }, { 'retry-after': '5' });
    assert.deepEqual(differences(recorded, local), [
      'header location is missing',
      'header retry-after is extra',
      'body.a was number, is string',
      'body.b.c is missing',
      'body.list[].e is extra',
      'body.f is extra',
    ]);
  });

  it('compares the codes of errors, and bodies only of answers with one status', () => {
    const refusal = (code: string) => answer({ error: { code, message: 'no' } }, {}, 409);
    assert.deepEqual(differences(refusal('Conflict'), refusal('OperationNotAllowed')), [
      'error code Conflict is OperationNotAllowed',
    ]);
    assert.deepEqual(differences(refusal('Conflict'), answer({ value: [] })), [
      'status 409 Conflict no is 200',
    ]);
  });
});
