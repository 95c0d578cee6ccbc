/** Watches over what a build makes on Azure: marks it, remembers it for the post-job part, and clears away what Packer leaves. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { resourceGroupsOf } from '../../../../shared/azure/resourceGroups.js';
import { describe } from '../../../../shared/core/errors.js';
import { runMark, tagsOf, type BuildGroup } from './buildGroups.js';
import { handOver } from './handOver.js';
import { sweep } from './sweep.js';

/** What a run of Packer tells of its groups. */
export interface WatchedRun {
  readonly groups: readonly BuildGroup[];
  /** Those that Packer has not said to have cleared away. */
  readonly openGroups: readonly BuildGroup[];
}

/** Follows one build. */
export interface BuildWatch {
  /** Packer has been started. */
  started(program: { readonly pid: number; readonly path: string }, run: WatchedRun): void;
  /** Packer has told of a group. */
  learned(): void;
  /** Packer has ended, in whatever way: removes what it left. Never rejects; works also when the task is cancelled. */
  settle(): Promise<void>;
}

/** A group is made within seconds of being announced. */
const tagTries = 60;
/** The agent gives a cancelled step some ten seconds; the post-job part goes on where this one was ended. */
const sweepMilliseconds = 20 * 60_000;

/**
 * Makes the watch of one build.
 * @param connect signs in for calls under a signal of their own: they go on when the task is cancelled
 */
export function watchBuild(
  agent: Agent,
  connectionId: string,
  connect: (agent: Agent) => ArmClient,
): BuildWatch {
  const mark = runMark(name => agent.variable(name));
  const startedAt = new Date();
  const ended = new AbortController();
  const marked = new Map<string, Promise<void>>();
  let program: { readonly pid: number; readonly path: string } | undefined;
  let run: WatchedRun | undefined;
  const remember = () => {
    handOver(agent, {
      connectionId,
      temporaryDirectory: agent.tempDirectory,
      ...(program === undefined ? {} : { program }),
      groups: run?.groups ?? [],
    });
  };
  remember();

  const markGroup = async (name: string) => {
    const arm = connect({ ...agent, signal: ended.signal });
    const groups = resourceGroupsOf(arm);
    for (let attempt = 0; attempt < tagTries; attempt += 1) {
      const group = await groups.find(name);
      if (group !== undefined) {
        await groups.setTags(name, { ...group.tags, ...tagsOf(mark, startedAt) });
        return;
      }
      await arm.clock.sleep(1000, ended.signal);
    }
  };
  return {
    started(of, whose) {
      program = of;
      run = whose;
      remember();
    },
    learned() {
      // First of all: from now on a killed task leaves a trace.
      remember();
      for (const { name, isOwn } of run?.groups ?? []) {
        if (!isOwn || marked.has(name)) continue;
        const marking = markGroup(name).catch((error: unknown) => {
          if (!ended.signal.aborted)
            agent.info(`Resource group '${name}' could not be tagged. ${describe(error)}`);
        });
        marked.set(name, marking);
      }
    },
    async settle() {
      ended.abort();
      await Promise.all(marked.values());
      const open = run?.openGroups ?? [];
      if (open.length > 0) {
        const own = { ...agent, signal: AbortSignal.timeout(sweepMilliseconds) };
        try {
          const arm = connect(own);
          await sweep(open, mark, {
            groups: resourceGroupsOf(arm),
            clock: arm.clock,
            signal: own.signal,
            info: line => {
              agent.info(line);
            },
            warning: line => {
              agent.warning(line);
            },
          });
        } catch (error) {
          // Handed over as it is: the post-job part tries again.
          agent.warning(`What Packer left on Azure could not be looked at. ${describe(error)}`);
          return;
        }
      }
      program = undefined;
      run = undefined;
      remember();
    },
  };
}
