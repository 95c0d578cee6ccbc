/** The parts of a build as its log tells them: the machine, each provisioner, the image; with their times. Pure. */

/** One part. */
export interface Phase {
  readonly build: string;
  /** As Packer says it, such as `Provisioning with shell script: setup.sh`. */
  readonly title: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Follows the parts of all builds. */
export interface PhaseReader {
  /** Takes what a build said; returns the title of the part that begins with it, undefined when it goes on. */
  take(build: string, line: string, now: number): string | undefined;
  /** The end of the run: all parts end. */
  end(now: number): void;
  /** The parts that have ended, in the order in which they began. At most {@link mostPhases}. */
  readonly phases: readonly Phase[];
  /** How many builds have spoken. */
  readonly builds: number;
}

/** A template with more provisioners is none that people look at by them. */
export const mostPhases = 500;

const provisioner = /^==> [^:]+: ((?:Provisioning with|Running local shell script|Uploading) .*)$/;
const image =
  /^==> [^:]+: (?:Querying the machine|Powering off machine|Generalizing machine|Capturing image|Provisioning step had errors|Cleanup requested|(?:Deleting|Removing the created) )/;

/** Makes a reader for one run. */
export function phaseReader(): PhaseReader {
  const running = new Map<string, { title: string; startedAt: number }>();
  const phases: Phase[] = [];
  const close = (build: string, now: number) => {
    const open = running.get(build);
    if (open !== undefined && phases.length < mostPhases) phases.push({ build, ...open, endedAt: now });
  };
  return {
    take(build, line, now) {
      const open = running.get(build);
      const title =
        provisioner.exec(line)?.[1] ??
        (image.test(line) ? 'Image and clean-up' : open === undefined ? 'Build machine' : undefined);
      if (title === undefined || (title === open?.title && !title.startsWith('Provisioning')))
        return undefined;
      close(build, now);
      running.set(build, { title, startedAt: now });
      return title;
    },
    end(now) {
      for (const build of running.keys()) close(build, now);
      running.clear();
      phases.sort((a, b) => a.startedAt - b.startedAt);
    },
    phases,
    get builds() {
      return new Set([...running.keys(), ...phases.map(phase => phase.build)]).size;
    },
  };
}
