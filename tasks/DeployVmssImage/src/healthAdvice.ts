/** Why an instance may be unhealthy: what is asked of it, and what to look at next. Pure. */
import type { HealthEndpoint } from '../../../shared/azure/scaleSets.js';

/** What tells the health, by name; a probe's endpoint is undefined where its load balancer cannot be read. */
export type HealthDefinition =
  | { readonly kind: 'extension'; readonly name: string; readonly endpoint: HealthEndpoint }
  | { readonly kind: 'probe'; readonly name: string; readonly endpoint: HealthEndpoint | undefined };

/** The lines that go with instances that run but are not healthy. */
export function healthAdvice({ kind, name, endpoint }: HealthDefinition): string[] {
  const teller = kind === 'probe' ? 'the load balancer probe' : 'the application health extension';
  if (endpoint === undefined) {
    return [
      `Health is told by ${teller} '${name}', which this connection cannot read. Look at its protocol, port and path in the portal, and ask the same of an instance.`,
    ];
  }
  const { protocol, port, path } = endpoint;
  const where = port === undefined ? 'its default port' : `port ${port}`;
  const lines =
    protocol === 'tcp'
      ? [
          `Health is told by ${teller} '${name}': TCP on ${where}; an instance is healthy when it accepts a connection there.`,
          `Look on a failed instance whether anything listens on ${where} ('ss -ltn'), and why its service did not start.`,
        ]
      : [
          `Health is told by ${teller} '${name}': ${protocol.toUpperCase()} on ${where}, path ${path ?? '/'}; an instance is healthy when that answers with status 200.`,
          `Ask the same on a failed instance: curl -i ${protocol}://localhost${port === undefined ? '' : `:${port}`}${path ?? '/'}`,
        ];
  if (kind === 'probe')
    lines.push(
      `If it answers there, look at what keeps the probe out: firewall, network security group (it must let the tag AzureLoadBalancer in).`,
    );
  return lines;
}
