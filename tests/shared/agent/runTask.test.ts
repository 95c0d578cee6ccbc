import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSample, type Sample, type SampleRun as Run } from './sampleRuns.js';

let sample: Sample;
const runSample: Sample['run'] = (...call) => sample.run(...call);

/** The commands an agent finds: the first `##vso[` of a line, wherever it stands. */
const commandsIn = (run: Run) => run.lines.flatMap(line => /##vso\[([a-z]+\.[a-z]+)/.exec(line)?.[1] ?? []);
const completions = (run: Run) => run.lines.filter(line => line.startsWith('##vso[task.complete'));

describe('runTask', () => {
  before(async () => {
    sample = await buildSample();
  });
  after(() => {
    sample.close();
  });

  it('says what was done, cleans up in reverse order, and leaves no temporary files', async () => {
    const run = await runSample('nothing');
    assert.equal(run.status, 0);
    assert.deepEqual(completions(run), ['##vso[task.complete result=Succeeded;]did nothing']);
    assert.deepEqual(
      run.lines.filter(line => line.startsWith('cleaned')),
      ['cleaned the second', 'cleaned the first'],
    );
    assert.deepEqual(
      run.temp.filter(name => name.startsWith('bake-and-roll-')),
      [],
    );
  });

  it('fails with the message and no stack, and still exits with 0', async () => {
    const run = await runSample('fail');
    assert.equal(run.status, 0);
    assert.equal(completions(run).length, 1);
    assert.match(completions(run)[0]!, /result=Failed;\]It is wrong; do this\.%0ASecond line/);
    assert.ok(run.lines.includes('cleaned the first'));
    assert.ok(run.lines.every(line => !line.startsWith('##vso[task.setvariable')));
  });

  it('owns up to a fault of its own', async () => {
    const run = await runSample('bug');
    assert.match(
      completions(run)[0]!,
      /result=Failed;\]Unexpected error, probably a fault in this task: x is not a function/,
    );
    assert.ok(
      run.lines.some(
        line => line.startsWith('##vso[task.debug]') && line.includes('TypeError: x is not a function'),
      ),
    );
  });

  it('ends in order when something is thrown where nobody waits for it', async () => {
    const run = await runSample('stray fault');
    assert.equal(run.status, 0);
    assert.match(completions(run)[0]!, /result=Failed;\]Unexpected error.*no space left on device/);
    assert.ok(run.lines.includes('cleaned the first'));
  });

  it('takes a time limit of months for what it is', async () => {
    const run = await runSample('nothing', { INPUT_TIMEOUTINMINUTES: '999999' });
    assert.deepEqual(completions(run), ['##vso[task.complete result=Succeeded;]did nothing']);
    assert.ok(!run.lines.some(line => line.includes('TimeoutOverflowWarning')));
  });

  it('refuses inputs before it does anything', async () => {
    const run = await runSample('nothing', { INPUT_MODE: '', INPUT_TIMEOUTINMINUTES: 'soon' });
    assert.match(completions(run)[0]!, /'mode' is required.*'timeoutInMinutes' must be a whole number/s);
    assert.ok(!run.lines.includes('cleaned the first'));
  });

  it('lets no outside text command the agent', async () => {
    const run = await runSample('hostile');
    assert.deepEqual(
      commandsIn(run).filter(command => command === 'task.setvariable'),
      [],
    );
    assert.ok(run.lines.some(line => line.includes('##_vso[task.setvariable variable=evil]pwned')));
    assert.deepEqual(completions(run), ['##vso[task.complete result=Succeeded;]did hostile']);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends as canceled on ${signal}, cleaned up`, async () => {
      const run = await runSample('wait', {}, signal);
      assert.equal(run.status, 0);
      assert.match(
        completions(run)[0]!,
        /^##vso\[task\.complete result=Canceled;\]The pipeline agent cancelled this step/,
      );
      assert.ok(run.lines.includes('cleaned the first'));
    });
  }

  it('goes on cleaning when one clean-up fails, and warns', async () => {
    const run = await runSample('bad clean-up');
    assert.ok(
      run.lines.some(
        line =>
          line.startsWith('##vso[task.issue type=warning') &&
          line.includes('the second failed: cannot clean'),
      ),
    );
    assert.ok(run.lines.includes('cleaned the first'));
    assert.match(completions(run)[0]!, /result=Succeeded/);
  });

  it('sets outputs and masks what it writes to files', async () => {
    const run = await runSample('output', {
      VSTS_SECRET_VARIABLES: '["queueTimeSecret"]',
      SECRET_QUEUETIMESECRET: 'from the queue',
    });
    assert.ok(
      run.lines.includes(
        '##vso[task.setvariable variable=image;isOutput=true;issecret=false;]a;b]c%AZP25d%0Ae',
      ),
    );
    assert.ok(run.lines.includes('##vso[task.setsecret]hunter2!'));
    const summary = run.lines.find(line => line.startsWith('##vso[task.uploadsummary]'))!;
    assert.equal(
      readFileSync(summary.slice('##vso[task.uploadsummary]'.length), 'utf8'),
      'the password is ***, as is ***',
    );
  });

  it('ends although something keeps the event loop busy', async () => {
    const run = await runSample('open handle');
    assert.deepEqual(completions(run), ['##vso[task.complete result=Succeeded;]did open handle']);
  });

  it("keeps a tool in the agent's own layout, finds it again, and passes over what was not wholly written", async () => {
    const tools = join(sample.directory, 'tools');
    mkdirSync(join(tools, 'packer', '1.9.4', process.arch), { recursive: true });
    const run = await runSample('tool cache', { AGENT_TOOLSDIRECTORY: tools });
    const kept = join(tools, 'packer', '1.11.2', process.arch);
    assert.ok(
      run.lines.includes(JSON.stringify({ before: [], kept, found: kept, after: ['1.11.2'] })),
      run.lines.join('\n'),
    );
    assert.deepEqual(readdirSync(kept), ['scratch']);
    assert.ok(existsSync(`${kept}.complete`));
    assert.ok((await runSample('tool cache')).lines.includes('{}'), 'no directory for tools, no cache');
  });

  it("reads the agent's proxy and the service connection", async () => {
    const run = await runSample('proxy', {
      AGENT_PROXYURL: 'http://proxy.example:3128',
      AGENT_PROXYUSERNAME: 'me',
      AGENT_PROXYPASSWORD: 'pw',
      'ENDPOINT_AUTH_PARAMETER_some-id_SERVICEPRINCIPALKEY': '12345',
    });
    assert.ok(
      run.lines.includes('{"host":"http://proxy.example","port":3128,"username":"me","password":"pw"}'),
    );
    assert.ok(run.lines.includes('5'));
  });
});
