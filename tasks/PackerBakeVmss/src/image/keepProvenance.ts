/** Writes a bake's provenance: onto the image, and into a file that stays with the run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import type { ArmClient } from '../../../../shared/azure/armClient.js';
import { AzureError, UserError, describe } from '../../../../shared/core/errors.js';
import { imageName } from '../../../../shared/core/imageReference.js';
import { provenanceStatement, provenanceTags, type BakeRecord } from './provenance.js';

const apiVersions = { managed: '2024-07-01', gallery: '2023-07-03' } as const;

/** Does both. The image is good without: what goes wrong is a warning. */
export async function keepProvenance(record: BakeRecord, arm: ArmClient, agent: Agent): Promise<void> {
  const path = join(agent.resultsDirectory, 'provenance.json');
  writeFileSync(path, agent.mask(JSON.stringify(provenanceStatement(record), undefined, 2)));
  agent.attach('bakeandroll.provenance', `${imageName(record.image).replace(/[^\w.-]+/g, '-')}.json`, path);
  agent.keepFile(path);

  if (record.image.kind === 'vhd') {
    agent.info(
      'A VHD has no tags: what it was baked from is told by provenance.json alone, and no later run can find it again.',
    );
    return;
  }
  try {
    await tagImage(record, record.image, arm);
    agent.info('The image is tagged with what it was baked from.');
  } catch (error) {
    if (!(error instanceof AzureError || error instanceof UserError)) throw error;
    agent.warning(
      `The image is baked, but could not be tagged, so that no later run can reuse it. ${describe(error)}`,
    );
  }
}

/** Tags that are there stay; a PATCH of a resource replaces them all. */
async function tagImage(
  record: BakeRecord,
  image: { readonly kind: 'managed' | 'gallery'; readonly id: string },
  arm: ArmClient,
): Promise<void> {
  const version = apiVersions[image.kind];
  const found = (await arm.read(`reading image '${image.id}'`, image.id, { 'api-version': version })) as
    { readonly tags?: Readonly<Record<string, string>> } | undefined;
  const own = Object.fromEntries(
    Object.entries(found?.tags ?? {}).filter(([name]) => !name.startsWith('bake-and-roll.')),
  );
  const tags = { ...own, ...provenanceTags(record, Object.keys(own).length) };
  await arm.call(`tagging image '${image.id}'`, () =>
    arm.resources.resources.beginUpdateByIdAndWait(
      image.id.replace(/^\//, ''),
      version,
      { tags },
      { abortSignal: arm.signal },
    ),
  );
}
