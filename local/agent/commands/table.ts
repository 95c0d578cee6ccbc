/** What the tables of logging commands are made of. */

import type { StepSession } from '../run/session.js';
import type { Command } from '../task/command.js';

export interface CommandEntry {
  readonly allowedWhenRestricted: boolean;
  /** @throws Error when the command cannot be carried out: the step fails */
  readonly run: (step: StepSession, command: Command) => void;
}

/** By event in lower case. */
export type CommandTable = Readonly<Record<string, CommandEntry | undefined>>;

export function allowed(run: CommandEntry['run']): CommandEntry {
  return { allowedWhenRestricted: true, run };
}

export function unrestricted(run: CommandEntry['run']): CommandEntry {
  return { allowedWhenRestricted: false, run };
}

/** @throws Error when the property is missing or empty */
export function required({ area, event, properties }: Command, name: string): string {
  const value = properties.get(name);
  if (value === undefined || value === '')
    throw new Error(`##vso[${area}.${event}] needs the property '${name}'.`);
  return value;
}

export function flag({ properties }: Command, name: string): boolean {
  return properties.get(name)?.toLowerCase() === 'true';
}
