/** How much load a plan is asked for, as the properties that it reads. */
import { listOf } from '../../../shared/core/text.js';

/** Undefined leaves it to the plan. */
export interface LoadShape {
  readonly threads: number | undefined;
  readonly rampUpSeconds: number | undefined;
  readonly durationSeconds: number | undefined;
}

/** The names that plans give such a property, the most usual first. */
const namesOf = {
  threads: ['threads', 'users', 'numThreads', 'num_threads', 'threadCount', 'concurrency'],
  rampUpSeconds: [
    'rampUp',
    'rampup',
    'ramp_up',
    'rampUpSeconds',
    'rampSeconds',
    'ramp',
    'rampTime',
    'ramp_time',
  ],
  durationSeconds: ['duration', 'durationSeconds', 'duration_seconds', 'testDuration', 'runTime'],
} as const;

/** Properties for the plan, or what is wrong. */
export interface ShapeProperties {
  readonly properties: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

/**
 * The properties that give a plan this shape. A property that nobody reads would leave the plan's own load as it is and say nothing.
 * @param read the properties that the plan reads; undefined when it includes others that are not looked at
 */
export function shapeProperties(shape: LoadShape, read: ReadonlySet<string> | undefined): ShapeProperties {
  const properties = new Map<string, string>();
  const problems: string[] = [];
  for (const input of ['threads', 'rampUpSeconds', 'durationSeconds'] as const) {
    const value = shape[input];
    if (value === undefined) continue;
    const names = namesOf[input];
    const known = read === undefined ? names : names.filter(name => read.has(name));
    for (const name of known) properties.set(name, String(value));
    if (known.length === 0) {
      const others = read === undefined || read.size === 0 ? 'none' : listOf([...read]);
      problems.push(
        `'${input}' is ${value}, but the plan reads no property for it (${listOf(names, 'or')}; it reads ${others}). Put \${__P(${names[0]})} into its thread group, or leave the input out.`,
      );
    }
  }
  return { properties, problems };
}
