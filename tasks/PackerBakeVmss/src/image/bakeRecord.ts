/** What is known of a bake when it is done, gathered for its provenance. */
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ImageReference } from '../../../../shared/core/imageReference.js';
import manifest from '../../task.json' with { type: 'json' };
import { runMark } from '../cleanUp/buildGroups.js';
import type { BakeFacts } from '../digest/inspectBake.js';
import type { PackerVersion } from '../packer/packer.js';
import type { BakeRecord } from './provenance.js';

/** Gathers the record. Secret variables are left out. */
export function bakeRecord(
  bake: {
    readonly image: ImageReference;
    readonly facts: BakeFacts;
    readonly packer: PackerVersion;
    readonly plugins: readonly string[];
    readonly variables: ReadonlyMap<string, string>;
    /** In milliseconds since the epoch. */
    readonly startedAt: number;
  },
  agent: Agent,
): BakeRecord {
  const { facts } = bake;
  const { Major, Minor, Patch } = manifest.version;
  const variable = (name: string) => agent.variable(name);
  const pipeline = ['System.CollectionUri', 'System.TeamProject', 'Build.DefinitionName'].map(
    name => variable(name) ?? '',
  );
  const shown = [...bake.variables].filter(([name]) => facts.model?.variables.get(name)?.sensitive !== true);
  return {
    image: bake.image,
    template: facts.family,
    digest: facts.digest,
    packer: bake.packer.text,
    plugins: bake.plugins,
    variables: Object.fromEntries(shown.map(([name, value]) => [name, agent.mask(value)])),
    taskVersion: [Major, Minor, Patch].join('.'),
    run: runMark(variable).run,
    commit: variable('Build.SourceVersion'),
    branch: variable('Build.SourceBranch'),
    repository: withoutCredentials(variable('Build.Repository.Uri') ?? variable('Build.Repository.Name')),
    pipeline: pipeline.map(part => part.replace(/\/$/, '')).join('/'),
    startedAt: new Date(bake.startedAt),
    finishedAt: new Date(),
  };
}

/** A repository's address may carry a token. */
function withoutCredentials(address: string | undefined): string | undefined {
  return address?.replace(/^(\w+:\/\/)[^@/]*@/, '$1');
}
