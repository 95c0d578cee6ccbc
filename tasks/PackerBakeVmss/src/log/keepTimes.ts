/** Keeps how long each part of a build took, as data for a report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { Phase } from './packerPhases.js';

/** Attaches the times to the run: `{schemaVersion, phases: [{build, title, startedAt, milliseconds}]}`. */
export function keepTimes(phases: readonly Phase[], agent: Agent): void {
  if (phases.length === 0) return;
  const listed = phases.map(({ build, title, startedAt, endedAt }) => ({
    build,
    title,
    startedAt: new Date(startedAt).toISOString(),
    milliseconds: endedAt - startedAt,
  }));
  const path = join(agent.resultsDirectory, 'packer-times.json');
  writeFileSync(path, agent.mask(JSON.stringify({ schemaVersion: 1, phases: listed }, undefined, 2)));
  agent.attach('bakeandroll.packertimes', 'packer-times.json', path);
}
