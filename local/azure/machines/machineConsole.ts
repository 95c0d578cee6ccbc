/** A machine's console: the last lines of everything its processes say. */
import type { Readable } from 'node:stream';
import { stripAnsi } from '../../../shared/core/text.js';

const keptLines = 500;
const longestLine = 2000;

export interface MachineConsole {
  /** Adds the lines of a stream, each behind `source: `, as they come. */
  follow(source: string, stream: Readable): void;
  write(source: string, line: string): void;
  lines(): readonly string[];
}

export function createConsole(): MachineConsole {
  let lines: string[] = [];
  const write = (source: string, line: string) => {
    lines.push(`${source}: ${stripAnsi(line).slice(0, longestLine)}`);
    // Twice the length before the cut, so that a chatty service costs a copy per 500 lines and not per line.
    if (lines.length >= 2 * keptLines) lines = lines.slice(-keptLines);
  };
  return {
    write,
    follow(source, stream) {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        const parts = (rest + chunk).split(/\r?\n/);
        rest = (parts.pop() ?? '').slice(-longestLine);
        for (const part of parts) write(source, part);
      });
      stream.on('end', () => {
        if (rest !== '') write(source, rest);
      });
      // A stream that breaks has nothing more to say; its process tells how it ended.
      stream.on('error', () => undefined);
    },
    lines: () => lines.slice(-keptLines),
  };
}
