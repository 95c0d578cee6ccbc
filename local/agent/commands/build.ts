/** The commands of the areas `build`, `release`, `codecoverage` and `telemetry`. */

import type { StepSession } from '../run/session.js';
import type { Command } from '../task/command.js';
import { attachByPath } from './attachments.js';
import { type CommandTable, allowed, unrestricted } from './table.js';

export const buildCommands = {
  build: {
    uploadlog: unrestricted((step, { data }) => {
      onlyOn(step, 'build');
      attachByPath(step, 'Distributedtask.Core.Log', data);
    }),
    updatebuildnumber: unrestricted((step, { data }) => {
      onlyOn(step, 'build');
      if (data === '') throw new Error('The new build number is missing.');
      step.job.variables.set('Build.BuildNumber', data);
      step.job.run.variables.set('Build.BuildNumber', data);
    }),
    addbuildtag: unrestricted((step, { data }) => {
      onlyOn(step, 'build');
      if (data === '') throw new Error('The tag is missing.');
      step.job.run.tags.add(data);
    }),
  },
  release: {
    updatereleasename: unrestricted((step, { data }) => {
      onlyOn(step, 'release');
      if (data === '') throw new Error('The new release name is missing.');
      step.job.variables.set('Release.ReleaseName', data);
      step.job.run.variables.set('Release.ReleaseName', data);
    }),
  },
  codecoverage: {
    publish: unrestricted((step, command) => {
      onlyOn(step, 'build');
      keepCoverage(step, command);
    }),
    enable: unrestricted(step => {
      onlyOn(step, 'build');
    }),
  },
  // Nobody counts here.
  telemetry: { publish: allowed(() => undefined) },
} satisfies Readonly<Record<string, CommandTable>>;

function onlyOn({ job }: StepSession, host: 'build' | 'release'): void {
  if (job.run.host !== host) throw new Error(`This command is only supported in a ${host}.`);
}

function keepCoverage(step: StepSession, { properties }: Command): void {
  attachByPath(step, 'CodeCoverage', properties.get('summaryfile') ?? '');
}
