/** Rollouts on the local Azure in which a program of the pipeline's own has the last word about each instance. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRollWorld, type RollWorld } from './rollWorld.js';

/** Notes who it was asked about; refuses the instance whose id is its second argument. */
const program = `printf '%s %s\\n' "$INSTANCE_ID" "$INSTANCE_NAME" >> "$1"
[ "$INSTANCE_ID" != "$2" ] || { echo "the catalogue is empty"; exit 3; }
`;

describe('a rollout with a health command', function () {
  this.timeout(180_000);
  let world: RollWorld;
  let directory = '';
  let turn = 0;

  before(async () => {
    world = await startRollWorld({ capacity: 3, timeScale: 0.004, bootSeconds: [10] });
    directory = mkdtempSync(join(tmpdir(), 'health command-'));
    writeFileSync(join(directory, 'ask.sh'), program);
  });
  beforeEach(() => world.reset());
  after(async () => {
    await world.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const rollOut = async (refused: string, inputs: Readonly<Record<string, string>> = {}) => {
    turn += 1;
    const notes = join(directory, `asked-${turn}`);
    const run = await world.run({
      healthCommand: `/bin/sh '${join(directory, 'ask.sh')}' '${notes}' "${refused}"`,
      batchSize: '1',
      instanceTimeoutInMinutes: '20',
      ...inputs,
    });
    const asked = existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n') : [];
    return { run, asked };
  };

  it('asks about each instance once, and about the next only when the one before has passed', async () => {
    const { run, asked } = await rollOut('none', { instanceTimeoutInMinutes: '600' });
    assert.match(run.outcome, /^Moved 3 of 3 instances/, run.log.join('\n'));
    assert.deepEqual(asked, ['0 web_0', '1 web_1', '2 web_2']);
  });

  it('rolls back where one instance is refused to the end, and names it with what the program said', async () => {
    const { run, asked } = await rollOut('2');
    assert.ok(run.failed, run.outcome);
    assert.match(
      run.outcome,
      /1 instance failed, .*\n {2}instance 2: .*'healthCommand': exit code 3: the catalogue is empty .*\n[\s\S]*Rolled back to .*one/,
    );
    assert.doesNotMatch(run.outcome, /instance [01]:/);
    assert.deepEqual(asked.slice(0, 3), ['0 web_0', '1 web_1', '2 web_2']);
    assert.ok(asked.length > 3, 'asked once only');
    assert.deepEqual([...new Set(asked.slice(2))], ['2 web_2']);
    assert.deepEqual(await world.running(), ['one', 'one', 'one']);
  });

  it('does not ask about an instance that Azure does not find healthy', async () => {
    await world.faults([{ match: { url: '/virtualMachines/1$' }, times: 1, effect: { kind: 'unhealthy' } }]);
    const { run, asked } = await rollOut('none', { batchSize: '100%', maxUnhealthy: '1' });
    assert.match(run.outcome, /^Moved 2 of 3 instances .* but 1\.$/, run.log.join('\n'));
    assert.deepEqual(asked.toSorted(), ['0 web_0', '2 web_2']);
  });
});
