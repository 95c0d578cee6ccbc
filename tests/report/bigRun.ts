/** A release as large as they come, each part told by the task's own use case: in simulated time, over generated results. */
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../scripts/tasks.js';
import type { Agent } from '../../shared/agent/agent.js';
import type { SiteAnswer } from '../../shared/agent/siteProbe.js';
import { UserError, describe } from '../../shared/core/errors.js';
import { countTests } from '../../shared/core/junit.js';
import { readJunit } from '../../shared/core/junitReader.js';
import { assemble } from '../../shared/report/assemble.js';
import type { ReportContent } from '../../shared/report/content.js';
import type { ReleaseReport, ReportPart } from '../../shared/report/format.js';
import { taskNames } from '../../shared/report/names.js';
import { makePart } from '../../shared/report/part.js';
import { deployVmssImage } from '../../tasks/DeployVmssImage/src/run.js';
import { openBakeStand } from '../../tasks/PackerBakeVmss/src/bakeStand.js';
import { patchFiles } from '../../tasks/PatchArmImageUri/src/run.js';
import { runLoad } from '../../tasks/RunJmeterLoad/src/run.js';
import { reportSmoke } from '../../tasks/RunSeleniumSmoke/src/reportSmoke.js';
import { fakeAgent, type FakeAgent } from '../fakes/fakeAgent.js';
import { imageId, simulateAzure, simulatedClock } from '../tasks/DeployVmssImage/simulatedAzure.js';
import { inputsOf } from '../tasks/DeployVmssImage/taskRuns.js';
import { nothing } from '../tasks/PatchArmImageUri/patching.js';
import { loadInput } from '../tasks/RunJmeterLoad/loadInput.js';

/** How large. */
export interface Size {
  readonly instances: number;
  readonly labels: number;
  readonly tests: number;
}

/** As the tests of the page and the kept screenshots know the steps. */
export const stepNames = {
  PackerBakeVmss: 'Bake the image',
  PatchArmImageUri: 'Write the image into the parameters',
  DeployVmssImage: 'Deploy and roll',
  RunSeleniumSmoke: 'Smoke tests',
  RunJmeterLoad: 'Load test',
} as const;

const list = <T>(length: number, make: (index: number) => T): T[] =>
  Array.from({ length }, (_, at) => make(at));
const second = 1000;
/** When the simulated release begins. */
const begin = Date.UTC(2026, 10, 23, 9);

/** The whole report of a run that goes through all five tasks; its roll fails late and goes all the way back. */
export async function bigRun(size: Size): Promise<ReleaseReport> {
  const parts = [
    await part('Bake', 0, bake),
    await part('Deploy', 600, (agent, time) => patch(agent, time, 500)),
    await part('Deploy', 610, (agent, time) =>
      roll(agent, time, {
        count: size.instances,
        batchSize: '20%',
        canarySize: '5',
        fails: instance => instance > 600,
      }),
    ),
    await part('Verify', 9000, (agent, time) => smoke(agent, time, size.tests)),
    await part('Verify', 9600, (agent, time) => load(agent, time, size.labels)),
  ];
  const run = {
    pipeline: 'release',
    number: '20261123.4',
    url: 'https://dev.azure.com/contoso/shop/_build/results?buildId=4711',
    commit: '3f9c2e1d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d',
    branch: 'refs/heads/main',
    repository: 'shop',
  };
  return assemble(run, parts, null);
}

/** A step's time, milliseconds since the epoch: at first its beginning, in the end its end. */
export interface StepTime {
  now: number;
}

/** A step that begins so many seconds after the run. */
export async function part(
  stage: string,
  after: number,
  tell: (agent: Agent, time: StepTime) => Promise<string>,
): Promise<ReportPart> {
  const fake: FakeAgent = fakeAgent();
  const startedAt = begin + after * second;
  let told: ((offset: (time: number) => number) => ReportContent) | undefined;
  const agent: Agent = {
    ...fake.agent,
    report: given => {
      told = given;
    },
  };
  try {
    const time = { now: startedAt };
    const ended = await tell(agent, time).then(
      message => ({ message, result: 'succeeded' as const }),
      (error: unknown) => ({ message: describe(error), result: 'failed' as const }),
    );
    const content = told?.(moment => moment - startedAt);
    const name = taskNames.find(task => task === content?.task);
    assert.ok(name !== undefined, fake.log.join('\n'));
    const variables = new Map([
      ['System.TaskInstanceId', `00000000-0000-4000-8000-${String(after).padStart(12, '0')}`],
      ['System.TaskDisplayName', stepNames[name]],
      ['System.StageDisplayName', stage],
      ['System.JobDisplayName', stage],
    ]);
    return makePart(
      {
        task: { name, version: '1.1.0' },
        startedAt,
        finishedAt: time.now,
        ...ended,
        warnings: fake.warnings,
        content,
      },
      new Map((content?.pictures ?? []).map(({ name: own }) => [own, own])),
      variable => variables.get(variable),
      text => fake.agent.mask(text),
    );
  } finally {
    await fake.close();
  }
}

function bake(agent: Agent, time: StepTime) {
  const stand = openBakeStand(join(agent.workingDirectory, 'packer', 'web.pkr.hcl'), agent);
  stand.packer = '1.11.2';
  stand.digest = { digest: 'a1'.repeat(32), baseImages: ['Debian:debian-12:12:0.20261101.2100'] };
  stand.image = { kind: 'managed', id: imageId('new') };
  stand.phases = list(40, at => ({
    build: 'azure-arm.web',
    title: `Provisioning with shell script: packer/provision/${at}.sh`,
    startedAt: time.now + at * 10 * second,
    endedAt: time.now + (at + 1) * 10 * second,
  }));
  time.now += 420 * second;
  return Promise.resolve(`Baked a managed image: ${imageId('new')}`);
}

function patch(agent: Agent, time: StepTime, tokens: number) {
  const values = list(tokens, at => `TOKEN_${at}=value ${at}`);
  const file = join(agent.workingDirectory, 'settings.txt');
  writeFileSync(file, values.map(line => `@@${line.replace(/=.*/, '')}@@\n`).join(''));
  time.now += second;
  return Promise.resolve(patchFiles({ ...nothing, files: 'settings.txt', tokens: values.join('\n') }, agent));
}

/** A roll in simulated time. */
export interface Roll {
  readonly count: number;
  readonly batchSize: string;
  readonly canarySize: string;
  /** Which instances, by their numbers, never get well on the new image. */
  readonly fails: (instance: number) => boolean;
}

/** Rolls, and back where it fails; requests go round the instances, and one that never gets well fails its share. */
export async function roll(
  agent: Agent,
  time: StepTime,
  { count, batchSize, canarySize, fails }: Roll,
): Promise<string> {
  const clock = simulatedClock(time.now);
  const sim = simulateAzure(clock, {
    count,
    behaviour: (id, on) => ({
      takes: (60 + (Number(id) % 7) * 10) * second,
      sick: on === imageId('new') && fails(Number(id)),
    }),
  });
  const inputs = inputsOf({
    action: 'updateImage',
    scaleSetName: 'web',
    imageReference: imageId('new'),
    healthUrl: 'http://web.example/',
    batchSize,
    canarySize,
    canarySoakSeconds: '60',
    maxUnhealthy: '0',
    instanceTimeoutInMinutes: '10',
  });
  let asked = 0;
  const probe = (): Promise<SiteAnswer> => {
    asked += 1;
    const instance = asked % count;
    const isSick = fails(instance) && sim.images()[instance] === imageId('new');
    return Promise.resolve(isSick ? { status: 503, body: '' } : { status: 200, body: '' });
  };
  const siteAddresses = { of: () => Promise.resolve({ url: 'http://web.example/' }) };
  const openAzure = () => ({ ...sim.azure, siteAddresses });
  return deployVmssImage(inputs, agent, { openAzure, probe, clock }).finally(() => {
    time.now = clock.now();
  });
}

function smoke(agent: Agent, time: StepTime, tests: number): Promise<string> {
  const trace = list(
    30,
    at => `    at Object.step${at} (/agent/_work/1/s/tests/shop/stores.test.js:${at}:12)`,
  ).join('\n');
  const cases = list(tests, at =>
    at % 100 === 0
      ? `<testcase classname="shop.stores.Test${at % 40}" name="case ${at} with a name that says what it is about" time="5.1"><failure message="expected row ${at} to be shown">AssertionError\n${trace}</failure></testcase>`
      : `<testcase classname="shop.stores.Test${at % 40}" name="case ${at} with a name that says what it is about" time="0.2"/>`,
  );
  const suites = readJunit(`<testsuite name="shop">${cases.join('')}</testsuite>`, 'it');
  const counts = countTests(suites);
  const run = { browser: 'chrome', suites, flaky: [], counts, milliseconds: 540 * second };
  reportSmoke('http://web.example/', [run], agent);
  time.now += 560 * second;
  return Promise.reject(
    new UserError(`The smoke tests did not pass: ${counts.failed} of ${counts.total} tests failed`),
  );
}

async function load(agent: Agent, time: StepTime, labels: number): Promise<string> {
  const testPlan = join(agent.workingDirectory, 'site.jmx');
  const plan = join(repositoryRoot, 'tests', 'tasks', 'RunJmeterLoad', 'fixtures', 'site.jmx');
  copyFileSync(plan, testPlan);
  const columns =
    'timeStamp,elapsed,label,responseCode,responseMessage,threadName,success,failureMessage,bytes,grpThreads,allThreads,Latency,Connect';
  const results = (factor: number) => {
    const lines = list(labels * 6, at => {
      const elapsed = Math.round((20 + ((at * 7919) % 180)) * factor);
      const bad = at % 997 === 0;
      const answer = bad ? '503,Service Unavailable' : '200,OK';
      const threads = Math.min(50, 1 + Math.floor((at * 5) / second));
      return `${begin + at * 5},${elapsed},GET /api/v1/stores/${at % labels}/items,${answer},t 1-1,${!bad},,512,${threads},${threads},1,1`;
    });
    writeFileSync(join(agent.workingDirectory, 'share.jtl'), `${[columns, ...lines].join('\n')}\n`);
  };
  const input = loadInput({ testPlan, mergeResults: 'share.jtl', allowedErrorPercent: '50' });
  results(1);
  let summary = '';
  const noting: Agent = {
    ...agent,
    output: (name, value) => {
      if (name === 'summaryFile') summary = value;
    },
  };
  await runLoad(input, noting);
  copyFileSync(summary, join(agent.workingDirectory, 'old.json'));
  results(1.4);
  const criteria = 'p95(response_time) <= baseline + 10%\np95(response_time) of each /items/ <= 250 ms';
  time.now += labels * 30;
  return runLoad({ ...input, baseline: 'file', baselineFile: 'old.json', criteria }, agent);
}
