/** The engines of one run, from its start to the moment when none of them goes on with its test. */
import type { Agent } from '../../../shared/agent/agent.js';
import { listOf, plural } from '../../../shared/core/text.js';
import type { EnginesToStop } from './endJmeter.js';
import { lookAfter, type EngineWatch, type RemoteEngines } from './remoteEngines.js';
import { engineStopper, type EngineCaller } from './stopEngines.js';

/** How the engines were left. */
export interface EnginesLeft {
  readonly hosts: readonly string[];
  /** Those that had the test and had not finished it when JMeter ended. */
  readonly unfinished: readonly string[];
  /** Those that never had it. */
  readonly leftOut: readonly string[];
  /** Those that could not be reached at the start. */
  readonly unreached: readonly string[];
  /** Those that may go on with it. */
  readonly untold: readonly string[];
}

/** Looks after engines and stops them. */
export interface EngineCare extends EnginesToStop, Pick<EngineWatch, 'look'> {
  /**
   * Stops what JMeter has left, when it has ended.
   * @param early whether it was ended before its time
   */
  settle(early: boolean): Promise<EnginesLeft>;
}

/** @param log JMeter's log */
export function careForEngines(
  remote: RemoteEngines,
  log: string,
  caller: Omit<EngineCaller, 'exit'>,
  agent: Agent,
): EngineCare {
  const watch = lookAfter(remote, log);
  const stopper = engineStopper({ ...caller, exit: remote.exit }, agent);
  const tell = async (hosts: readonly string[]) => {
    await stopper.tell(hosts);
    for (const host of hosts) if (!(await stopper.hasBeenTold(host))) watch.giveUp(host);
  };
  const reachableAtWork = () => {
    const atWork = new Set(watch.atWork());
    return watch.reachable().filter(host => atWork.has(host));
  };
  return {
    look: () => watch.look(),
    areThrough: () => watch.areThrough(),
    tell: () => tell(reachableAtWork()),
    async settle(early) {
      const [unfinished, leftOut, unreached] = [watch.atWork(), watch.leftOut(), watch.unreached()];
      // A JMeter that ends by itself ends the engines' processes as well.
      await tell(remote.exit && early ? watch.reachable() : reachableAtWork());
      const untold: string[] = [];
      for (const host of unfinished) if (!(await stopper.hasBeenTold(host))) untold.push(host);
      return { hosts: remote.hosts, unfinished, leftOut, unreached, untold };
    },
  };
}

/** What is wrong with engines that were left like this. */
export function engineFaults(left: EnginesLeft, endedEarly: boolean): string[] {
  const { hosts, unfinished, leftOut, unreached, untold } = left;
  const faults: string[] = [];
  const some = (list: readonly string[]) => `${list.length} of ${plural(hosts.length, 'engine')}`;
  if (!endedEarly && unreached.length > 0)
    faults.push(
      `JMeter could not reach ${some(unreached)}: ${listOf(unreached)}. Is jmeter-server up there and open to this agent, and has it TLS or not as 'remoteTls' and the keystore in 'properties' have it? 'client.tries=60' in 'properties' has JMeter try for five minutes.`,
    );
  if (!endedEarly && leftOut.length > 0)
    faults.push(
      `${some(leftOut)} did not take the test: ${listOf(leftOut)}. jmeter.log says why. One that is busy has a test of somebody else, or of a run that was killed: then restart jmeter-server there.`,
    );
  if (!endedEarly && unfinished.length > 0)
    faults.push(
      `JMeter ended before ${some(unfinished)} had finished: ${listOf(unfinished)}. Look at jmeter.log, and at jmeter-server's there.`,
    );
  if (untold.length > 0)
    faults.push(
      `${listOf(untold)} could not be told to stop and may go on with the test. Look at jmeter-server and its log there, and end it if it still runs.`,
    );
  return faults;
}
