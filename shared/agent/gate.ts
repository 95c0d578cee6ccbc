/** Gates: tasks whose verdict later steps read from the output `gatePassed`. */
import type { Agent } from './agent.js';

/**
 * Sets `gatePassed` to `true` when `judge` returns, to `false` when it throws, and passes on either.
 * @param judge throws when the gate is not passed, for whatever reason
 */
export async function runGate(agent: Agent, judge: () => Promise<string>): Promise<string> {
  try {
    const sentence = await judge();
    agent.output('gatePassed', 'true');
    return sentence;
  } catch (error) {
    agent.output('gatePassed', 'false');
    throw error;
  }
}
