/** Takes each line of a step's output: a command is carried out, anything else is logged. */

import { type Command, parseCommand } from '../task/command.js';
import { type StepSession, error, isDebug, warning } from '../run/session.js';
import { artifactCommands } from './artifact.js';
import { buildCommands } from './build.js';
import type { CommandTable } from './table.js';
import { taskCommands } from './task.js';
import { resultsCommands } from './results.js';
import { worse } from '../record/record.js';

/** All commands by area and event, both in lower case. */
const areas: ReadonlyMap<string, CommandTable> = new Map(
  Object.entries({
    task: taskCommands,
    artifact: artifactCommands,
    ...buildCommands,
    ...resultsCommands,
  }),
);

export function handleLine(step: StepSession, line: string): void {
  const command = parseCommand(line);
  if (command === undefined) step.write(line);
  else if (command === 'malformed') {
    warning(
      step,
      `'${line.slice(0, 500)}' contains the logging command keyword '##vso', but it is not a legal command. Legal is ##vso[area.event property=value;]data.`,
    );
    step.write(line);
  } else runCommand(step, command, line);
}

function runCommand(step: StepSession, command: Command, line: string): void {
  const { area, event } = command;
  const table = areas.get(area.toLowerCase());
  if (table === undefined) {
    warning(step, `No extension for the logging command ##vso[${area}.${event}] is known; it is ignored.`);
    return;
  }
  const entry = table[event.toLowerCase()];
  const isRestricted = step.restrictions.some(({ restricted }) => restricted);
  if (entry !== undefined && isRestricted && !entry.allowedWhenRestricted) {
    warning(
      step,
      `The command ##vso[${area}.${event}] is not allowed for this step, which may only use restricted commands; it is ignored.`,
    );
    return;
  }
  try {
    if (entry === undefined) throw new Error(`'${area}' has no event '${event}'.`);
    entry.run(step, command);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    error(step, `Unable to process command '${line.slice(0, 500)}' successfully. ${why}`);
    step.commandResult = worse(step.commandResult, 'failed');
    return;
  }
  if (isDebug(step.job)) step.write(`##[debug]Processed: ${line}`);
}
