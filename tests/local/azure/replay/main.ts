/** `npx tsx tests/local/azure/replay/main.ts FILE.jsonl…`: replays recordings and lists what differs, for reading. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { simulateInstances } from '../../../../local/azure/machines/simulatedHost.js';
import { FakeHost } from '../fakes.js';
import { startFixture } from '../fixture.js';
import { parseRecording, urlOf } from './recording.js';
import { replay } from './replay.js';
import { targetOf } from './target.js';

for (const file of process.argv.slice(2)) {
  // What was recorded had healthy instances in it.
  const host = simulateInstances(new FakeHost(), { bootSeconds: 0.2, warmUpSeconds: 0, timeScale: 1 });
  const fixture = await startFixture({ offset: 0 }, { host, timeScale: 0.01 });
  try {
    const results = await replay(parseRecording(readFileSync(file, 'utf8')), targetOf(fixture));
    const count = (outcome: string) => results.filter(one => one.outcome === outcome).length;
    process.stdout.write(
      `${basename(file)}: ${results.length} exchanges, ${count('equal')} equal, ${count('passed')} passed, ${count('different')} different\n`,
    );
    for (const [index, { exchange, differences }] of results.entries()) {
      if (differences.length === 0) continue;
      const path = urlOf(exchange).pathname.split('/').slice(-4).join('/');
      process.stdout.write(`  ${index + 1} ${exchange.method} …/${path} ${exchange.status}\n`);
      for (const difference of differences) process.stdout.write(`      ${difference}\n`);
    }
  } finally {
    await fixture.close();
  }
}
