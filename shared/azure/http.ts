/** Plain HTTP through the agent's proxy, for what no SDK covers. */
import {
  createDefaultHttpClient,
  createEmptyPipeline,
  proxyPolicy,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import type { Agent } from '../agent/agent.js';

/**
 * Sends requests through the proxy that holds for `url`: the agent's own setting, else HTTPS_PROXY, HTTP_PROXY and NO_PROXY.
 * Any status is an answer.
 * @throws RestError when none came
 */
export function createHttp(
  agent: Agent,
  url: string,
): (request: PipelineRequest) => Promise<PipelineResponse> {
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(proxyPolicy(agent.proxyFor(url)));
  const client = createDefaultHttpClient();
  return request => pipeline.sendRequest(client, request);
}
