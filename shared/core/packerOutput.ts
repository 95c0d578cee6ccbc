/** The three ways in which a Packer run tells what it made: machine-readable output, the log for people, the manifest. */
import { UserError } from './errors.js';
import { imagesOfArtifact, imagesOfArtifactId, type BakedImage } from './packerArtifact.js';
import { stripAnsi } from './text.js';

/** One line of `packer -machine-readable`: `timestamp,target,type,data…`. */
export interface MachineLine {
  /** The build that the line is about, empty for Packer itself. */
  readonly target: string;
  readonly type: string;
  /** As Packer wrote them, but for the commas; see {@link unescapeLineEnds}. */
  readonly data: readonly string[];
}

/** Reads one line of `packer -machine-readable`; undefined when it is none. */
export function parseMachineLine(line: string): MachineLine | undefined {
  const match = /^\d{9,12},([^,]*),([a-z][a-z0-9-]*)(?:,(.*))?$/.exec(line);
  if (match === null) return undefined;
  const data = match[3]?.split(',').map(text => text.replaceAll('%!(PACKER_COMMA)', ',')) ?? [];
  return { target: match[1] ?? '', type: match[2] ?? '', data };
}

/** Packer writes line ends as `\n` and `\r` but leaves backslashes alone, so this is right only for texts without any. */
export function unescapeLineEnds(text: string): string {
  return text.replaceAll(String.raw`\r`, '\r').replaceAll(String.raw`\n`, '\n');
}

/** Collects the images of a `packer -machine-readable` run line by line. */
export function machineImageCollector(): { take(line: MachineLine): void; images(): BakedImage[] } {
  const found: BakedImage[] = [];
  return {
    take({ target, type, data }) {
      const [, key, text] = data;
      if (type === 'artifact' && key === 'string' && text !== undefined)
        found.push(...imagesOfArtifact(target, unescapeLineEnds(text)));
    },
    images: () => found,
  };
}

/** The images that a Packer log names, be it machine-readable or the one for people. */
export function imagesInLog(text: string): BakedImage[] {
  const lines = stripAnsi(text).split(/\r?\n/).map(withoutTimestamp);
  const machine = machineImageCollector();
  let isMachine = false;
  for (const line of lines) {
    const parsed = parseMachineLine(line);
    if (parsed === undefined) continue;
    isMachine = true;
    machine.take(parsed);
  }
  return isMachine ? machine.images() : imagesInHumanLog(lines);
}

/** Only what follows the last "Builds finished" counts: everything before is what provisioners print. */
function imagesInHumanLog(lines: readonly string[]): BakedImage[] {
  const header = lines.findLastIndex(line =>
    line.startsWith('==> Builds finished. The artifacts of successful builds'),
  );
  if (header < 0) return [];
  const artifacts: { build: string; lines: string[] }[] = [];
  for (const line of lines.slice(header + 1)) {
    const start = /^--> ([^\s:]+): (.*)$/.exec(line);
    if (start !== null) artifacts.push({ build: start[1] ?? '', lines: [start[2] ?? ''] });
    else artifacts.at(-1)?.lines.push(line);
  }
  return artifacts.flatMap(artifact => imagesOfArtifact(artifact.build, artifact.lines.join('\n')));
}

/** Takes away what `-timestamp-ui` or a pipeline's own log puts before each line. */
function withoutTimestamp(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d):? /, '');
}

/**
 * The images of a manifest's last run; Packer appends to a manifest, so earlier runs are in it too.
 * @param where the manifest's path, for messages
 * @throws UserError when the text is no manifest of Packer's `manifest` post-processor
 */
export function imagesInManifest(text: string, where: string): BakedImage[] {
  const manifest = parseObject(text);
  const builds = manifest?.['builds'];
  const lastRun = manifest?.['last_run_uuid'];
  if (!Array.isArray(builds) || typeof lastRun !== 'string') {
    throw new UserError(
      `${where} is no Packer manifest: it has no 'builds' and 'last_run_uuid', which the post-processor 'manifest' writes.`,
    );
  }
  return builds.flatMap((build: unknown) => {
    if (typeof build !== 'object' || build === null) return [];
    const { name, builder_type, artifact_id, packer_run_uuid } = build as Record<string, unknown>;
    if (packer_run_uuid !== lastRun || typeof artifact_id !== 'string') return [];
    return imagesOfArtifactId([name, builder_type].find(isText) ?? 'unnamed build', artifact_id);
  });
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
