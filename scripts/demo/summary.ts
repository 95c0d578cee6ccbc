/** The demo's last words: the run's record as a table, and what a person should know of a failure. */

/** The parts of run.json that the summary shows. */
export interface RunRecord {
  readonly result: string;
  readonly stages: readonly {
    readonly name: string;
    readonly result: string;
    readonly jobs: readonly {
      readonly name: string;
      readonly result: string;
      readonly steps: readonly StepRecord[];
    }[];
  }[];
}

interface StepRecord {
  readonly displayName: string;
  readonly task?: string;
  readonly result: string;
  readonly startTime?: string;
  readonly finishTime?: string;
  readonly issues?: readonly { readonly type: string; readonly message: string }[];
  readonly outputs?: Readonly<Record<string, string>>;
}

/** Outputs worth a line of the summary, in the order of the release. */
const told = [
  'imageReference',
  'scaleSetName',
  'instanceCount',
  'instancesUpdated',
  'siteUrl',
  'testsTotal',
  'testsFailed',
  'samples',
  'errorPercent',
  'p95',
  'throughput',
  'gatePassed',
];

/** A table of the tasks that ran, their telling outputs, and the errors of those that failed. */
export function summarise(run: RunRecord): string {
  const lines = [`Release: ${run.result}`, ''];
  for (const stage of run.stages) {
    lines.push(`${stage.name}: ${stage.result}`);
    for (const step of stage.jobs.flatMap(job => job.steps)) {
      if (!/@\d+$/.test(step.task ?? '')) continue;
      lines.push(`  ${step.displayName.padEnd(46)} ${step.result.padEnd(20)} ${seconds(step)}`);
      for (const name of told) {
        const value = Object.entries(step.outputs ?? {}).find(([key]) => key.split('.').at(-1) === name)?.[1];
        if (value !== undefined && value !== '') lines.push(`      ${name} = ${value}`);
      }
      if (step.result !== 'failed') continue;
      for (const issue of step.issues ?? []) {
        if (issue.type === 'error') lines.push(...issue.message.split('\n').map(line => `      ! ${line}`));
      }
    }
  }
  return lines.join('\n');
}

function seconds(step: StepRecord): string {
  if (step.startTime === undefined || step.finishTime === undefined) return '';
  return `${((Date.parse(step.finishTime) - Date.parse(step.startTime)) / 1000).toFixed(1)} s`.padStart(8);
}
