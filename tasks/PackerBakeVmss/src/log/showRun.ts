/** Shows a run of Packer as it goes: lines in a group for each provisioner, warnings as such, all of it in the log file. */
import { writeSync } from 'node:fs';
import type { Agent } from '../../../../shared/agent/agent.js';
import { formatDuration } from '../../../../shared/core/duration.js';
import { singleLine } from '../../../../shared/core/text.js';
import { packerReader, type PackerReader } from './packerLog.js';
import { phaseReader, type Phase } from './packerPhases.js';

/** A run that is shown. */
export interface ShownRun {
  readonly reader: PackerReader;
  /** Takes a line of Packer's machine-readable output. */
  take(line: string): void;
  /** The end of the output. */
  end(): void;
  readonly phases: readonly Phase[];
}

/** The service keeps ten warnings a step. */
const mostWarnings = 10;

/**
 * Begins to show a run.
 * @param file descriptor of the log file, which nothing else masks
 * @param isBuild whether there are parts to group by
 */
export function showRun(file: number, isBuild: boolean, onGroup: () => void, agent: Agent): ShownRun {
  const parts = phaseReader();
  const warned = new Set<string>();
  let opened: { readonly since: number; readonly close: () => void } | undefined;
  // Written as one for all lines that come at once: a write for each would take longer than all else.
  let waiting: string[] = [];
  const write = () => {
    if (waiting.length === 0) return;
    const text = waiting.join('\n');
    waiting = [];
    agent.info(text);
    writeSync(file, `${agent.mask(text)}\n`);
  };
  const closeGroup = () => {
    if (opened === undefined) return;
    write();
    agent.info(`(${formatDuration(Date.now() - opened.since)})`);
    opened.close();
    opened = undefined;
  };
  const reader = packerReader({
    onGroup,
    onSaid(build, line) {
      if (!isBuild) return;
      const title = parts.take(build, line, Date.now());
      if (title === undefined) return;
      closeGroup();
      write();
      // Builds at the same time speak in turns: a group of one would hold the lines of all.
      if (parts.builds === 1) opened = { since: Date.now(), close: agent.openGroup(`${build}: ${title}`) };
    },
    onWarning(text) {
      if (warned.has(text) || warned.size > mostWarnings) return;
      warned.add(text);
      agent.warning(
        warned.size > mostWarnings
          ? 'Packer has more warnings; packer.log has them all.'
          : `Packer: ${agent.mask(singleLine(text, 500))}`,
      );
    },
  });
  return {
    reader,
    take(line) {
      const shown = reader.take(line);
      if (shown.length > 0 && waiting.length === 0) setImmediate(write);
      waiting.push(...shown);
    },
    end() {
      write();
      parts.end(Date.now());
      closeGroup();
    },
    phases: parts.phases,
  };
}
