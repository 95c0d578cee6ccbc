/** Stages, attempts, the lane, the verdict. */
import assert from 'node:assert/strict';
import { laneOf } from '../../../report/model/lane.js';
import { stagesOf } from '../../../report/model/stages.js';
import { imageName, verdictOf } from '../../../report/model/verdict.js';
import { deployBody, loadBody, loadFailed, part, partial, reportOf, smokeBody } from '../reports.js';

describe('stagesOf', () => {
  it('takes the last attempt of each job, and keeps those before it apart', () => {
    const stages = stagesOf(
      reportOf([
        part({ task: 'PackerBakeVmss', body: null }, { stage: 'Bake', name: 'Bake' }),
        part({ task: 'DeployVmssImage', body: null }, { stage: 'QA', job: 'Deploy', at: 20, name: 'Roll' }),
        part(
          { task: 'RunJmeterLoad', body: null },
          { stage: 'QA', job: 'Load', at: 40, result: 'failed', name: 'Load 1' },
        ),
        // Only the failed job is run again.
        part(
          { task: 'RunJmeterLoad', body: null },
          { stage: 'QA', job: 'Load', at: 90, stageAttempt: 2, name: 'Load 2' },
        ),
      ]),
    );
    assert.deepEqual(
      stages.map(({ name, steps, earlier }) => [
        name,
        steps.map(step => step.part.step.displayName),
        earlier.map(({ job, stageAttempt, steps: of }) => [
          job,
          stageAttempt,
          of.map(step => step.part.step.displayName),
        ]),
      ]),
      [
        ['Bake', ['Bake'], []],
        ['QA', ['Roll', 'Load 2'], [['Load', 1, ['Load 1']]]],
      ],
    );
  });

  it('knows a later attempt of a job within one of its stage, and gives every step its own key', () => {
    const [stage] = stagesOf(
      reportOf([1, 2, 10].map(jobAttempt => part({ task: 'PatchArmImageUri', body: null }, { jobAttempt }))),
    );
    assert.equal(stage?.steps[0]?.part.step.jobAttempt, 10);
    assert.deepEqual(
      stage.earlier.map(({ jobAttempt }) => jobAttempt),
      [2, 1],
    );
    const all = stagesOf(partial()).flatMap(({ steps, earlier }) => [
      ...steps,
      ...earlier.flatMap(each => each.steps),
    ]);
    assert.equal(new Set(all.map(({ key }) => key)).size, all.length);
  });
});

describe('laneOf', () => {
  it('holds each step against the same one of the run before, and marks what got much slower', () => {
    const { stages, difference } = laneOf(stagesOf(loadFailed()));
    const stations = stages.flatMap(stage => stage.stations);
    assert.deepEqual(
      stations.map(({ duration, difference: more, slower }) => [duration, more, slower]),
      [
        ['3 min 21 s', '+1 min 21 s', true],
        ['10.0 s', '±0 s', false],
        ['5 min 05 s', undefined, false],
      ],
    );
    assert.equal(stations[2]?.share, 1);
    assert.equal(difference, undefined, 'a failed run has no difference as a whole');
  });

  it('tells two steps of the same task in a stage apart by their order, and sums where all can be compared', () => {
    const parts = [0, 20].map(at => part({ task: 'RunSeleniumSmoke', body: null }, { at, seconds: 10 }));
    const steps = [5000, 12_000].map(milliseconds => ({
      task: 'RunSeleniumSmoke',
      stage: 'Release',
      milliseconds,
    }));
    const lane = laneOf(stagesOf(reportOf(parts, { previous: { number: '1', steps } })));
    assert.deepEqual(
      lane.stages[0]?.stations.map(({ difference }) => difference),
      ['+5.0 s', '−2.0 s'],
    );
    assert.equal(lane.difference, '+3.0 s');
    assert.equal(lane.elapsed, '30.0 s');
  });

  it('has nothing to tell of a run without steps', () => {
    assert.deepEqual(laneOf([]), { stages: [], elapsed: undefined, difference: undefined });
  });
});

describe('verdictOf', () => {
  it('says what a release brought', () => {
    const verdict = verdictOf(
      reportOf([
        part({ task: 'DeployVmssImage', body: deployBody(20) }),
        part({ task: 'RunSeleniumSmoke', body: smokeBody(0, 1, 23) }, { at: 300, warnings: ['w'] }),
        part(
          {
            task: 'RunJmeterLoad',
            body: loadBody(3, { criteria: [{ text: 'c', passed: true, detail: '' }] }),
          },
          { at: 400 },
        ),
      ]),
      false,
    );
    assert.equal(verdict.kind, 'passed');
    assert.equal(
      verdict.headline,
      'webapp-43 serves on 20 instances of webapp; 24 smoke tests and 1 load criterion passed.',
    );
    assert.equal(verdict.warnings, 1);
    assert.deepEqual(verdict.standing, []);
  });

  it('names the step that failed, its reason in one line, and what serves now', () => {
    const verdict = verdictOf(loadFailed(), false);
    assert.equal(verdict.kind, 'failed');
    assert.equal(verdict.step?.part.step.displayName, 'Load');
    assert.match(verdict.headline, /^The load test did not pass: p95 of all samples/);
    assert.equal(verdict.more, 'See the report.');
    assert.deepEqual(verdict.standing, ['webapp serves the new image, webapp-43.']);
  });

  it('keeps a list in a message as a list', () => {
    const message = '2 of 7 tests failed:\n  - first: why\n    more of it\n  - second: why';
    const failed = part({ task: 'RunSeleniumSmoke', body: null }, { result: 'failed', message });
    assert.equal(verdictOf(reportOf([failed]), false).more, '- first: why\n  more of it\n- second: why');
  });

  it('says that nothing was touched, is back, or is between two images', () => {
    const standingAt = (
      last: { readonly task: 'RunJmeterLoad' | 'PackerBakeVmss'; readonly body: null },
      ...bodies: Parameters<typeof deployBody>[1][]
    ) =>
      verdictOf(
        reportOf([
          ...bodies.map((body, at) => part({ task: 'DeployVmssImage', body: deployBody(4, body) }, { at })),
          part(last, { at: 900, result: 'failed' }),
        ]),
        false,
      ).standing;
    const standing = (...bodies: Parameters<typeof deployBody>[1][]) =>
      standingAt({ task: 'RunJmeterLoad', body: null }, ...bodies);
    assert.deepEqual(standing(), []);
    assert.deepEqual(standingAt({ task: 'PackerBakeVmss', body: null }), [
      'No scale set was touched: the run ended before a rollout.',
    ]);
    const untouched = { ...deployBody(4).forward, instances: [{ id: '0', name: 'webapp_0' }] };
    const back = { ...deployBody(4).forward, startedAt: 90_000 };
    assert.deepEqual(standing({ outcome: 'rolledBack', back }), [
      'webapp is back on webapp-42; the new image serves nobody.',
    ]);
    assert.deepEqual(standing({ outcome: 'rolledBack' }), [
      'webapp went back to webapp-42, but 4 instances still on webapp-43.',
    ]);
    assert.deepEqual(
      standing({ outcome: 'stopped' }, { outcome: 'failed', scaleSet: 'b', forward: untouched }),
      [
        'webapp is between two images: 4 of 4 instances on webapp-43, the others not.',
        'b: none of 1 instance is in service on webapp-43.',
      ],
    );
  });

  it('lets a failure decide before a cancellation that followed from it, and names the others', () => {
    const verdict = verdictOf(
      reportOf([
        part({ task: 'RunJmeterLoad', body: null }, { name: 'Load', result: 'canceled' }),
        part(
          { task: 'RunSeleniumSmoke', body: null },
          { name: 'Smoke', at: 5, result: 'failed', message: '' },
        ),
      ]),
      true,
    );
    assert.equal(verdict.word, 'Failed');
    assert.equal(verdict.headline, 'The step gave no reason; its log does.');
    assert.deepEqual(
      verdict.others.map(({ part: { step } }) => step.displayName),
      ['Load'],
    );
  });

  it('counts only the last attempt', () => {
    const smoke = (stageAttempt: number, result: 'failed' | 'succeeded') =>
      part(
        { task: 'RunSeleniumSmoke', body: smokeBody(0, 0, 3) },
        { stageAttempt, at: stageAttempt * 20, result },
      );
    assert.equal(verdictOf(reportOf([smoke(1, 'failed'), smoke(2, 'succeeded')]), false).kind, 'passed');
    assert.equal(verdictOf(reportOf([smoke(1, 'succeeded'), smoke(2, 'failed')]), false).kind, 'failed');
  });

  it('has a sentence for a run that goes on, and for one without a part', () => {
    assert.equal(verdictOf(reportOf([]), true).headline, 'No step has ended yet.');
    assert.equal(verdictOf(reportOf([]), false).kind, 'empty');
    const one = reportOf([part({ task: 'PackerBakeVmss', body: null }, { name: 'Bake' })]);
    assert.equal(verdictOf(one, true).headline, '1 step passed so far, Bake last.');
    assert.equal(verdictOf(one, false).headline, '1 step passed.');
  });

  it('cuts a long first line at a sentence', () => {
    const message = `It broke in the middle of the night. ${'And so on and on. '.repeat(30)}`;
    const { headline, more } = verdictOf(
      reportOf([part({ task: 'PackerBakeVmss', body: null }, { result: 'failed', message })]),
      false,
    );
    assert.ok(headline.startsWith('It broke in the middle of the night.') && headline.length <= 220);
    assert.equal(more, message.trim());
    const endless = verdictOf(
      reportOf([
        part({ task: 'PackerBakeVmss', body: null }, { result: 'failed', message: 'x'.repeat(500) }),
      ]),
      false,
    );
    assert.equal(endless.headline.length, 220);
  });
});

describe('imageName', () => {
  it('is the last segment, with its definition for a version of a gallery', () => {
    assert.equal(imageName('https://a.blob.core.windows.net/vhds/web.vhd'), 'web.vhd');
    assert.equal(imageName('/subscriptions/1/x/galleries/g/images/web/versions/1.2.3'), 'web 1.2.3');
    assert.equal(imageName(''), '');
  });
});
