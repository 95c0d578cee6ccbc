/** Has engines stop their test without the JMeter that gave it to them: that one may be gone, or wait for an engine that hangs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Agent } from '../../../shared/agent/agent.js';
import { CancelledError } from '../../../shared/core/errors.js';
import { listOf } from '../../../shared/core/text.js';

/** Milliseconds for a JMeter to start and be heard. */
const usualPatience = 30_000;
/** The agent ends a cancelled step itself ten seconds after it has said so. */
const shortPatience = 8000;
/** Small and soon there. */
const heap = '-Xms32m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1';

/** The JMeter that speaks to engines. */
export interface EngineCaller {
  /** Full path of the launcher. */
  readonly jmeter: string;
  /** Says how engines are reached. */
  readonly propertyArguments: readonly string[];
  /** Whether the engines' processes are to end as well. */
  readonly exit: boolean;
}

/** Speaks to engines one by one. */
export interface EngineStopper {
  /** Tells those that have not been told before; resolves when all have been, or no more can be. */
  tell(hosts: readonly string[]): Promise<void>;
  /** Whether an engine has been told, once that is known. */
  hasBeenTold(host: string): Promise<boolean>;
}

/** @param caller JMeter itself: it has the keys, and speaks the language of its version's engines */
export function engineStopper(caller: EngineCaller, agent: Agent): EngineStopper {
  const told = new Map<string, Promise<boolean>>();
  return {
    async tell(hosts) {
      const untold = hosts.filter(host => !told.has(host));
      if (untold.length > 0) {
        agent.info(`Telling ${listOf(untold)} to stop, by a JMeter of its own.`);
        const all = callEngines(caller, untold, told.size, agent).catch(() => new Set<string>());
        for (const host of untold)
          told.set(
            host,
            all.then(heard => heard.has(host)),
          );
      }
      await Promise.all([...told.values()]);
    },
    hasBeenTold: host => told.get(host) ?? Promise.resolve(false),
  };
}

async function callEngines(
  { jmeter, propertyArguments, exit }: EngineCaller,
  hosts: readonly string[],
  index: number,
  agent: Agent,
): Promise<ReadonlySet<string>> {
  const plan = join(agent.tempDirectory, `stop-engines-${index}.jmx`);
  writeFileSync(plan, stopPlan(hosts, exit));
  const heard = new Set<string>();
  let heardAll: () => void = () => undefined;
  const all = new Promise<void>(resolve => {
    heardAll = resolve;
  });
  const tool = agent.start({
    name: 'JMeter for its engines',
    path: jmeter,
    args: ['-n', '-t', plan, '-j', `${plan}.log`, ...propertyArguments, '-Jjmeterengine.nongui.port=0'],
    env: { HEAP: heap },
    cwd: agent.tempDirectory,
    echo: false,
    evenWhenCancelled: true,
    stopGraceMilliseconds: 0,
    onLine: line => {
      const host = toldBy(line);
      if (host !== undefined) heard.add(host);
      if (heard.size === hosts.length) heardAll();
    },
  });
  const patience = agent.signal.reason instanceof CancelledError ? shortPatience : usualPatience;
  // An engine that hangs is waited for by its thread for ever, which keeps no other one from being told.
  await Promise.race([all, tool.ended.catch(() => undefined), pause(patience, undefined, { ref: false })]);
  await tool.stop();
  return heard;
}

/** A plan with a thread for each engine, of what every JMeter since 2.13 has. */
export function stopPlan(hosts: readonly string[], exit: boolean): string {
  const group = (host: string) => `
      <ThreadGroup guiclass="ThreadGroupGui" testclass="ThreadGroup" testname="${host}">
        <elementProp name="ThreadGroup.main_controller" elementType="LoopController">
          <boolProp name="LoopController.continue_forever">false</boolProp>
          <stringProp name="LoopController.loops">1</stringProp>
        </elementProp>
        <stringProp name="ThreadGroup.num_threads">1</stringProp>
        <stringProp name="ThreadGroup.ramp_time">0</stringProp>
      </ThreadGroup>
      <hashTree>
        <DebugSampler guiclass="TestBeanGUI" testclass="DebugSampler" testname="${host}"/>
        <hashTree>
          <BeanShellPreProcessor guiclass="TestBeanGUI" testclass="BeanShellPreProcessor" testname="Stop">
            <stringProp name="script">
              engine = new org.apache.jmeter.engine.ClientJMeterEngine("${host}");
              engine.stopTest(true);${exit ? '\n              engine.exit();' : ''}
              System.out.println("Told to stop: ${host}");
            </stringProp>
          </BeanShellPreProcessor>
          <hashTree/>
        </hashTree>
      </hashTree>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<jmeterTestPlan version="1.2" properties="2.8" jmeter="2.13">
  <hashTree>
    <TestPlan guiclass="TestPlanGui" testclass="TestPlan" testname="Stop engines"/>
    <hashTree>${hosts.map(group).join('')}
    </hashTree>
  </hashTree>
</jmeterTestPlan>
`;
}

/** The engine in a line of that plan's. */
export function toldBy(line: string): string | undefined {
  return /^Told to stop: (\S+)$/.exec(line)?.[1];
}
