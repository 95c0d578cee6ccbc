/** Where an image comes from: as tags on it, and as an in-toto statement with SLSA provenance for the run. */
import type { ImageReference } from '../../../../shared/core/imageReference.js';
import { formatImageReference } from '../../../../shared/core/imageReference.js';
import type { BakeDigest } from '../digest/bakeDigest.js';
import { sha256 } from '../digest/digestEntries.js';
import { imageTagNames, inputTags, tagValue, type Tags } from './imageTags.js';

/** All that is known of a bake when it is done. */
export interface BakeRecord {
  readonly image: ImageReference;
  /** The template by its path in the sources. */
  readonly template: string;
  /** Undefined where the inputs could not be read. */
  readonly digest: BakeDigest | undefined;
  readonly packer: string;
  readonly plugins: readonly string[];
  /** The variables that the pipeline gave, secrets taken out. */
  readonly variables: Readonly<Record<string, string>>;
  readonly taskVersion: string;
  /** Address of the run. */
  readonly run: string;
  readonly commit: string | undefined;
  readonly branch: string | undefined;
  readonly repository: string | undefined;
  /** The pipeline, as `collection/project/name`. */
  readonly pipeline: string;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/**
 * The tags for an image.
 * @param others how many tags the image has besides
 */
export function provenanceTags(record: BakeRecord, others: number): Tags {
  const facts: Record<string, string | undefined> = {
    [imageTagNames.template]: record.template,
    [imageTagNames.baked]: record.finishedAt.toISOString(),
    [imageTagNames.commit]: record.commit,
    [imageTagNames.repository]: record.repository,
    [imageTagNames.run]: record.run,
    [imageTagNames.baseImage]: record.digest?.baseImages.join(', '),
    [imageTagNames.task]: record.taskVersion,
    // Of inputs that are not known in full it would prove nothing.
    [imageTagNames.digest]: record.digest?.gaps.length === 0 ? record.digest.digest : undefined,
  };
  const tags = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, tagValue(value)] as const],
  );
  const inputs = record.digest === undefined ? {} : inputTags(record.digest.entries, others + tags.length);
  return { ...Object.fromEntries(tags), ...inputs };
}

/**
 * The in-toto Statement v1 (github.com/in-toto/attestation) with a SLSA v1 provenance predicate (slsa.dev/provenance/v1). An image on Azure
 * has no hash of its content: its subject is told apart by the hash of its ARM id.
 */
export function provenanceStatement(record: BakeRecord): unknown {
  const name = formatImageReference(record.image);
  const { digest } = record;
  const sources =
    record.repository === undefined || record.commit === undefined
      ? []
      : [
          {
            uri: `git+${record.repository}${record.branch === undefined ? '' : `@${record.branch}`}`,
            digest: { gitCommit: record.commit },
          },
        ];
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { armResourceId: sha256(name.toLowerCase()) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'urn:bake-and-roll:packer-bake:v1',
        externalParameters: { template: record.template, variables: record.variables },
        internalParameters: {
          packer: record.packer,
          plugins: record.plugins,
          ...(digest && { inputDigest: digest.digest }),
        },
        resolvedDependencies: [
          ...sources,
          ...(digest?.baseImages ?? []).map(uri => ({ name: 'base image', uri })),
          ...(digest?.entries ?? []).map(entry => ({ name: entry.name, digest: { bakeInput: entry.hash } })),
        ],
      },
      runDetails: {
        builder: { id: record.pipeline, version: { PackerBakeVmss: record.taskVersion } },
        metadata: {
          invocationId: record.run,
          startedOn: record.startedAt.toISOString(),
          finishedOn: record.finishedAt.toISOString(),
        },
      },
    },
  };
}
