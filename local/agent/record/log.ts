/** Where output goes: to the terminal as it is, and with the time before each line to a file. */

import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Log {
  /** One or more lines. */
  readonly write: (text: string) => void;
  readonly close: () => void;
}

/** What shows lines to the person at the terminal. */
export type Screen = (line: string) => void;

const colours: readonly (readonly [string, number])[] = [
  ['##[error]', 31],
  ['##[warning]', 33],
  ['##[section]', 32],
  ['##[command]', 34],
  ['[command]', 34],
  ['##[debug]', 35],
  ['##[group]', 36],
];

/** A screen over a stream, coloured as the service colours logs when it is a terminal. */
export function createScreen(write: (text: string) => void, isTerminal: boolean): Screen {
  return line => {
    const colour = isTerminal ? colours.find(([prefix]) => line.startsWith(prefix))?.[1] : undefined;
    write(colour === undefined ? `${line}\n` : `\u001b[${colour}m${line}\u001b[0m\n`);
  };
}

/**
 * Opens a log file.
 * @param mask hides secrets, line by line
 */
export function openLog(file: string, screen: Screen, mask: (text: string) => string): Log {
  mkdirSync(dirname(file), { recursive: true });
  const descriptor = openSync(file, 'w');
  return {
    write: text => {
      for (const raw of text.split(/\r\n|\r|\n/)) {
        const line = mask(raw);
        writeSync(descriptor, `${new Date().toISOString()} ${line}\n`);
        screen(line);
      }
    },
    close: () => {
      closeSync(descriptor);
    },
  };
}
