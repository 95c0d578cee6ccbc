/** `results.publish`: reads published JUnit files into the record. */

import { existsSync, mkdirSync, copyFileSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { TestRun } from '../record/record.js';
import { readJUnit } from '../record/junit.js';
import { type StepSession, error, warning } from '../run/session.js';
import type { Command } from '../task/command.js';
import { freeName } from './attachments.js';
import { type CommandTable, flag, required, unrestricted } from './table.js';

export const resultsCommands = {
  results: { publish: unrestricted(publish) },
} satisfies Readonly<Record<string, CommandTable>>;

function publish(step: StepSession, command: Command): void {
  const type = required(command, 'type');
  if (type.toLowerCase() !== 'junit')
    throw new Error(`Only test results of type JUnit can be read here, not '${type}'.`);
  const written = command.data === '' ? (command.properties.get('resultfiles') ?? '') : command.data;
  const files = written
    .split(',')
    .map(file => file.trim())
    .filter(file => file !== '');
  if (files.length === 0) throw new Error('No files of test results are named.');
  const merge = command.properties.get('mergeresults')?.toLowerCase() !== 'false';
  const buildId = step.job.variables.get('Build.BuildId')?.value ?? '';
  const title = command.properties.get('runtitle') ?? `JUnit_TestResults_${buildId}`;
  const mustPass = flag(command, 'failtaskonfailedtests');
  step.afterwards.push(() => {
    const runs = files.flatMap(file => readRun(step, file) ?? []);
    const merged =
      merge || runs.length === 1
        ? runs.length === 0
          ? []
          : [runs.reduce(addRuns)].map(run => ({ ...run, title }))
        : runs.map((run, index) => ({ ...run, title: `${title}_${index + 1}` }));
    for (const run of merged) {
      step.testResults.push(run);
      step.write(
        `Published the test run '${run.title}': ${run.total} tests, ${run.failed} failed, ${run.skipped} skipped.`,
      );
    }
    if (mustPass && merged.some(run => run.failed > 0))
      throw new Error('There are failed tests in the published results.');
  });
}

function readRun(step: StepSession, file: string): TestRun | undefined {
  if (!existsSync(file)) {
    warning(step, `The file of test results '${file}' does not exist.`);
    return undefined;
  }
  const { run, stage, job } = step.job;
  try {
    const results = readJUnit(readFileSync(file, 'utf8'));
    const folder = join(run.out, 'attachments', stage, job, step.name, 'TestResults');
    mkdirSync(folder, { recursive: true });
    const kept = freeName(folder, basename(file));
    copyFileSync(file, kept);
    return { ...results, title: '', files: [relative(run.out, kept)] };
  } catch (cause) {
    error(
      step,
      `'${file}' cannot be read as JUnit: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
    return undefined;
  }
}

function addRuns(left: TestRun, right: TestRun): TestRun {
  return {
    title: left.title,
    total: left.total + right.total,
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
    failures: [...left.failures, ...right.failures],
    files: [...left.files, ...right.files],
  };
}
