/** Plain HTTP through the agent's proxy, for what no SDK covers. */
import {
  createDefaultHttpClient,
  createEmptyPipeline,
  proxyPolicy,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { Agent } from '../agent/agent.js';
import { chooseProxy } from '../agent/proxyChoice.js';

/**
 * Sends requests through the proxy that holds for `url`; the SDK's own choice would send plain HTTP through HTTPS_PROXY too, which
 * other clients never do. Any status is an answer.
 * @throws RestError when none came
 */
export function createHttp(
  agent: Agent,
  url: string,
): (request: PipelineRequest) => Promise<PipelineResponse> {
  const pipeline = createEmptyPipeline();
  const proxy = chooseProxy(agent, url);
  if (proxy !== undefined) pipeline.addPolicy(proxyPolicy(proxy));
  const client = createDefaultHttpClient();
  return request => pipeline.sendRequest(client, request);
}
