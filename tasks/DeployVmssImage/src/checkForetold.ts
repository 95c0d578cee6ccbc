/** The checks before a template is deployed, as far as parameters and what-if tell what it will do to its scale set. */
import { isSameImage, type ModelImage } from '../../../shared/azure/modelImage.js';
import type { ScaleSet } from '../../../shared/azure/scaleSets.js';
import { tryParseImageReference } from '../../../shared/core/imageReference.js';
import { checkBefore, checkImages } from './checkBefore.js';
import type { ScaleSetBefore } from './deployAndRoll.js';
import type { PreparedDeployment, TemplateChange } from './deployTemplate.js';
import type { ResourceView } from './whatIf.js';
import type { World } from './world.js';

interface Foretold {
  readonly change: TemplateChange;
  readonly views: readonly ResourceView[];
  /** Of the resource group. */
  readonly location: string;
  readonly before: ReadonlyMap<string, ScaleSetBefore>;
}

/**
 * Checks what can be known.
 * @throws ProblemsError with everything that stands against the deployment
 */
export async function checkForetold(
  { request }: PreparedDeployment,
  { change, views, location, before }: Foretold,
  { settings, azure, agent, ports }: World,
): Promise<void> {
  const host = { agent, now: ports.clock.now() };
  const view = scaleSetView(change, views);
  const known =
    before.get((change.scaleSetName ?? view?.name ?? '').toLowerCase()) ??
    (before.size === 1 && view === undefined ? [...before.values()][0] : undefined);
  const foretold = view?.image;
  const images =
    foretold === undefined
      ? Object.values(request.parameters).flatMap(({ value }) => imageIn(value) ?? [])
      : [foretold];
  if (known === undefined) {
    await checkImages(images, view?.location ?? location, azure, host);
    return;
  }
  const scaleSet: ScaleSet = {
    ...known.scaleSet,
    automaticOsUpgrade: view?.automaticOsUpgrade ?? known.scaleSet.automaticOsUpgrade,
  };
  // A parameter that holds an image may be for something else in the template: only what is sure is held against it.
  if (foretold === undefined) await checkImages(images, scaleSet.location, azure, host);
  const image = foretold ?? images.find(one => isSameImage(one, scaleSet.image)) ?? undefined;
  await checkBefore(
    { scaleSet, instances: known.instances, image, isWayBack: false },
    settings.rollout,
    azure,
    host,
  );
}

interface ScaleSetView {
  readonly name: string;
  readonly image: ModelImage | undefined;
  readonly location: string | undefined;
  readonly automaticOsUpgrade: boolean | undefined;
}

/** The one scale set that what-if tells of: the named one, or the only one. */
function scaleSetView(change: TemplateChange, views: readonly ResourceView[]): ScaleSetView | undefined {
  const sets = views.filter(
    ({ type, action, name }) =>
      /^Microsoft\.Compute\/virtualMachineScaleSets$/i.test(type) &&
      ['create', 'modify', 'unchanged', 'deploy'].includes(action) &&
      (change.scaleSetName === undefined || change.scaleSetName.toLowerCase() === name.toLowerCase()),
  );
  const [only] = sets;
  if (only === undefined || sets.length > 1) return undefined;
  const after = only.after as ScaleSetDocument | undefined;
  const storage = after?.properties?.virtualMachineProfile?.storageProfile;
  const text = storage?.imageReference?.id ?? storage?.osDisk?.image?.uri;
  return {
    name: only.name,
    image: imageIn(text),
    location: typeof after?.location === 'string' ? after.location : undefined,
    automaticOsUpgrade: after?.properties?.upgradePolicy?.automaticOSUpgradePolicy?.enableAutomaticOSUpgrade,
  };
}

interface ScaleSetDocument {
  readonly location?: unknown;
  readonly properties?: {
    readonly upgradePolicy?: {
      readonly automaticOSUpgradePolicy?: { readonly enableAutomaticOSUpgrade?: boolean };
    };
    readonly virtualMachineProfile?: {
      readonly storageProfile?: {
        readonly imageReference?: { readonly id?: string };
        readonly osDisk?: { readonly image?: { readonly uri?: string } };
      };
    };
  };
}

function imageIn(value: unknown): ModelImage | undefined {
  const image = typeof value === 'string' ? tryParseImageReference(value) : undefined;
  return image?.kind === 'gallery' && !/\/versions\/\d+\.\d+\.\d+$/i.test(image.id) ? undefined : image;
}
