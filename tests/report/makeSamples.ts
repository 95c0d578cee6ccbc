/** Makes the kept samples anew from real runs: `npx tsx tests/report/makeSamples.ts`, some minutes. The kept screenshots follow from them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { breaks } from '../../scripts/demo/breaks.js';
import { geckodriver } from '../../scripts/setup/cache.mjs';
import { repositoryRoot } from '../../scripts/tasks.js';
import { previousOf } from '../../shared/report/assemble.js';
import { changeTexts } from '../../shared/report/bounds.js';
import {
  pictureAttachment,
  releaseReport,
  type ReleaseReport,
  type ReportPart,
} from '../../shared/report/format.js';
import { imageId } from '../tasks/DeployVmssImage/simulatedAzure.js';
import { bigRun, part, roll, stepNames as names, type Roll } from './bigRun.js';

const samples = join(repositoryRoot, 'tests', 'report', 'samples');
const begin = Date.parse('2026-11-23T07:00:00.000Z');

/** A test that fails when it is run first, for a reason of its own. */
const flakyTest = `<?php
declare(strict_types=1);
require_once __DIR__ . '/WebDriver.php';
final class CartTest extends PHPUnit\\Framework\\TestCase
{
    public function testTheFirstVisitIsQuickEnough(): void
    {
        $browser = WebDriver::open(getenv('WEBDRIVER_URL'), getenv('BROWSER') ?: 'chrome');
        try {
            $browser->visit(rtrim(getenv('SITE_URL'), '/') . '/');
            $seen = getenv('SAMPLE_OUT') . '/seen-' . getenv('BROWSER');
            $first = !file_exists($seen);
            touch($seen);
            self::assertFalse($first, 'the page was not there within 500 ms');
        } finally {
            $browser->quit();
        }
    }
}
`;

const folder = mkdtempSync(join(tmpdir(), 'report-samples-'));
try {
  const out = join(folder, 'out');
  release(out, pipeline => pipeline);
  const summary = attachment(out, name => name === 'load-summary.json');
  const passing = release(out, pipeline => pipeline, {
    'load/baseline.json': readFileSync(summary[0] ?? '', 'utf8'),
  });
  const twelve = { count: 12, batchSize: '3', canarySize: '1' };
  const went = await simulated({ ...twelve, fails: () => false });
  const wentBefore = await simulated({ ...twelve, batchSize: '2', fails: () => false });
  const previous = withDuration(passing.previous, wentBefore);
  const kept = { ...withRoll(passing, went), previous };
  keep('passing', kept);

  const failing = release(
    join(folder, 'smoke'),
    pipeline =>
      pipeline.replace(/^( *)minimumTests: 5$/m, "$&\n$1browsers: 'chromium, firefox'\n$1rerunFailed: 1"),
    { 'smoke/CartTest.php': flakyTest },
    breaks.smoke.edit,
  );
  const smoke = failing.parts.filter(({ task }) => task === 'RunSeleniumSmoke');
  const again = smoke.map(each => ({ ...each, step: { ...each.step, stageAttempt: 2 } }));
  keepPictures(join(folder, 'smoke'));
  keep('smokeFailed', {
    ...withRoll({ ...failing, parts: [...failing.parts, ...again] }, went),
    run: { ...failing.run, number: failing.run.number.replace(/\d+$/, '3') },
    previous: previousOf(kept),
  });

  const wentBack = await simulated({ ...twelve, fails: instance => instance === 7 });
  const before = passing.parts.filter(({ task }) => task === 'PackerBakeVmss' || task === 'PatchArmImageUri');
  keep('rolledBack', {
    ...withRoll({ ...passing, parts: before }, wentBack, true),
    previous,
  });

  keep('huge', await bigRun({ instances: 1000, labels: 10_000, tests: 5000 }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The sample's release by the local agent, with more samples in its load test and other names of its steps. */
function release(
  out: string,
  edit: (pipeline: string) => string,
  files: Readonly<Record<string, string>> = {},
  breakIt: (source: string) => void = () => undefined,
): ReleaseReport {
  const source = `${out}-source`;
  rmSync(source, { recursive: true, force: true });
  cpSync(join(repositoryRoot, 'samples', 'php-webapp'), source, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, name)), { recursive: true });
    writeFileSync(join(source, name), text);
  }
  breakIt(source);
  const file = join(source, 'azure-pipelines.yml');
  let pipeline = readFileSync(file, 'utf8')
    .replace('Put the image into the parameters', names.PatchArmImageUri)
    .replace('Roll the scale set', names.DeployVmssImage)
    .replace('displayName: Smoke test', `displayName: ${names.RunSeleniumSmoke}`)
    .replace(
      'tests: smoke/SiteSmokeTest.php',
      `tests: smoke${'smoke/CartTest.php' in files ? '' : '/SiteSmokeTest.php'}`,
    )
    .replace('loops=20', 'loops=300');
  if ('load/baseline.json' in files)
    pipeline = pipeline.replace(
      /^( *)minimumSamples: 500$/m,
      '$&\n$1baseline: file\n$1baselineFile: load/baseline.json\n$1criteria: |\n$1  p95(response_time) <= baseline + 50%\n$1  p95(response_time) of each /page/ <= 500 ms\n$1  throughput >= 10/s',
    );
  writeFileSync(file, edit(pipeline));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Sample', '-c', 'user.email=sample@example.com', ...args], {
      cwd: source,
    });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all', '--force');
  git('commit', '--quiet', '--message', 'The sample application');
  spawnSync(
    process.execPath,
    [
      ...['--import', 'tsx', join(repositoryRoot, 'local', 'agent', 'main.ts'), file],
      ...['--azure', 'local', '--resource-group', 'webapp-images=westeurope', '--out', out],
      ...['--secret-env', 'adminPassword'],
    ],
    {
      cwd: repositoryRoot,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: [dirname(geckodriver()), process.env['PATH']].join(delimiter),
        adminPassword: 'Sample-Password-1!',
        SAMPLE_OUT: out,
      },
    },
  );
  const report = releaseReport.parse(JSON.parse(readFileSync(join(out, 'release-report.json'), 'utf8')));
  return changeTexts(report, text =>
    text.replaceAll(`${out}/_work`, '/agent/_work').replace(/^out-source$|^smoke-source$/, 'shop'),
  );
}

/** The files of a run that its steps have attached under such a name. */
function attachment(out: string, isMeant: (name: string) => boolean, type = ''): string[] {
  return readdirSync(join(out, 'attachments'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && isMeant(entry.name) && entry.parentPath.includes(type))
    .map(entry => join(entry.parentPath, entry.name));
}

function keepPictures(out: string): void {
  const to = join(samples, 'pictures');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const file of attachment(out, () => true, pictureAttachment))
    cpSync(file, join(to, file.replace(/^.*\//, '')));
}

/** A roll of a scale set in simulated time: the local agent's Azure is new for each run, and has nothing to roll yet. */
function simulated(given: Roll): Promise<ReportPart> {
  return part('QA', 0, (agent, time) => roll(agent, time, given));
}

/** The run before, with the duration of such a roll. */
function withDuration(
  previous: ReleaseReport['previous'],
  { startedAt, finishedAt }: ReportPart,
): ReleaseReport['previous'] {
  if (previous === null) return null;
  const milliseconds = Date.parse(finishedAt) - Date.parse(startedAt);
  const steps = previous.steps.map(step =>
    step.task === 'DeployVmssImage' ? { ...step, milliseconds } : step,
  );
  return { ...previous, steps };
}

/** @param isLast nothing comes after it */
function withRoll(report: ReleaseReport, rolled: ReportPart, isLast = false): ReleaseReport {
  const job = report.parts.at(-1)?.step.job ?? '';
  const images = report.parts.flatMap(each =>
    each.task === 'PackerBakeVmss' ? (each.body?.image?.id ?? []) : [],
  );
  const [image = ''] = images;
  const before = image.replace(/webapp-\d+$/, 'webapp-0');
  const own = {
    ...changeTexts(rolled, text => text.replaceAll(imageId('new'), image).replaceAll(imageId('old'), before)),
    step: { ...rolled.step, stage: 'QA', job },
  };
  const parts = isLast
    ? [...report.parts, own]
    : report.parts.map(each => (each.task === 'DeployVmssImage' ? own : each));
  return { ...report, parts };
}

/** Writes a sample: its steps one after the other from the same morning on. */
function keep(name: string, report: ReleaseReport): void {
  let at = begin;
  const parts = report.parts.map(each => {
    const took = Date.parse(each.finishedAt) - Date.parse(each.startedAt);
    const startedAt = new Date(at).toISOString();
    at += took + 2000;
    return { ...each, startedAt, finishedAt: new Date(at - 2000).toISOString() };
  });
  const kept = releaseReport.parse({ ...report, parts });
  writeFileSync(
    join(samples, `${name}.json`),
    `${JSON.stringify(kept, undefined, name === 'huge' ? 0 : 1)}\n`,
  );
}
