/** Packer's machine-readable output, read line by line: what people see of it, and what it says about the run. */
import type { BuildGroup } from '../cleanUp/buildGroups.js';
import { groupReader } from './packerGroups.js';
import type { BakedImage } from '../../../../shared/core/packerArtifact.js';
import {
  machineImageCollector,
  parseMachineLine,
  unescapeLineEnds,
} from '../../../../shared/core/packerOutput.js';

/** A build that failed. */
export interface FailedBuild {
  readonly build: string;
  readonly message: string;
}

/** What a run of Packer has said. */
export interface PackerRun {
  readonly images: readonly BakedImage[];
  readonly failed: readonly FailedBuild[];
  /** What Packer itself reported as errors, outside of any build. */
  readonly errors: readonly string[];
  /** Resource groups that it builds in. */
  readonly groups: readonly BuildGroup[];
  /** Those that Packer has not said to have cleared away. */
  readonly openGroups: readonly BuildGroup[];
  /** The last lines of a build before it began to clean up; of the whole run for a build that said nothing. */
  lastLines(build: string | undefined): readonly string[];
}

/** Reads a run. */
export interface PackerReader extends PackerRun {
  /** Takes one line of output and returns the lines that people are shown. */
  take(line: string): string[];
}

/** Who wants to know of what, as it is said. */
export interface PackerListener {
  /** There is something new about the groups. */
  onGroup?(): void;
  /** A build said a line. It comes before the line is shown. */
  onSaid?(build: string, line: string): void;
  /** Packer itself, not a provisioner, warns. */
  onWarning?(text: string): void;
}

const kept = 25;
/** From here on a failed build speaks of its clean-up; the cause is above. */
const cleanUp =
  /^==> [^:]+: (Provisioning step had errors|Cleanup requested|Removing the created Deployment object)/;

/** A provisioner begins: what was said before is no cause of its failure. */
const provisioning = /^==> [^:]+: (Provisioning with |Running local shell script|Uploading )/;

/** Makes a reader for one run. */
export function packerReader(listener: PackerListener = {}): PackerReader {
  const collector = machineImageCollector();
  const failed: FailedBuild[] = [];
  const errors: string[] = [];
  const groups = groupReader();
  const all: string[] = [];
  const byBuild = new Map<string, { lines: string[]; closed: boolean }>();

  let warnsOfBuild = false;

  const remember = (line: string) => {
    push(all, line);
    const warning = /^(?:Warning: |\* )(.+)$/.exec(line)?.[1];
    if (warning !== undefined && (line.startsWith('W') || warnsOfBuild)) listener.onWarning?.(warning);
    // "Warnings for build 'x':", and then one a line.
    if (/^Warnings for build '/.test(line)) warnsOfBuild = true;
    else if (line.trim() !== '' && !line.startsWith('* ')) warnsOfBuild = false;
    const name = /^(?:==> |    )([^\s:]+): ?/.exec(line)?.[1];
    if (name === undefined) return;
    const own = byBuild.get(name) ?? { lines: [], closed: false };
    byBuild.set(name, own);
    // What is indented a provisioner says, and that may come after Packer has begun to clean up.
    const isOutput = line.startsWith('    ');
    own.closed ||= !isOutput && cleanUp.test(line);
    if (!own.closed || isOutput) {
      if (!isOutput && provisioning.test(line)) own.lines.length = 0;
      push(own.lines, line);
    }
    listener.onSaid?.(name, line);
    if (groups.take(name, line)) listener.onGroup?.();
  };

  return {
    take(line) {
      const parsed = parseMachineLine(line);
      const shown = parsed === undefined ? [line] : shownLines(parsed.type, parsed.data);
      if (parsed !== undefined) {
        collector.take(parsed);
        if (parsed.type === 'error')
          failed.push({ build: parsed.target, message: unescapeLineEnds(parsed.data.join(',')).trim() });
        if (
          parsed.type === 'ui' &&
          parsed.data[0] === 'error' &&
          !/^(==>|    |-->|\\n==>) /.test(parsed.data[1] ?? '')
        )
          for (const each of shown) push(errors, each);
      }
      const safe = shown.map(withoutSignature);
      safe.forEach(remember);
      return safe;
    },
    get images() {
      return collector.images();
    },
    failed,
    errors,
    get groups() {
      return groups.all;
    },
    get openGroups() {
      return groups.open;
    },
    lastLines(build) {
      const own = build === undefined ? undefined : byBuild.get(build)?.lines;
      return own === undefined || own.length === 0 ? all : own;
    },
  };
}

/** A provisioner's line is one `message` and may hold backslashes of its own; what Packer says itself may be several lines. */
function shownLines(type: string, data: readonly string[]): string[] {
  if (type !== 'ui') return [];
  const [kind, ...rest] = data;
  const text = rest.join(',');
  if (kind === 'message') return [text];
  return unescapeLineEnds(text).replace(/\r/g, '').replace(/\n+$/, '').split('\n');
}

/** Old builders print shared access signatures of the VHD: whoever has one may read the disk. */
function withoutSignature(line: string): string {
  return line.replace(/([?&]sig=)[^&\s"']+/gi, '$1***');
}

function push(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > kept) lines.shift();
}
