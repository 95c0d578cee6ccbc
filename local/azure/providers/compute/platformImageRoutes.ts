/** The paths at which clients look for marketplace images: here there is one, of one publisher. */
import { ArmError } from '../../arm/armError.js';
import { normalLocation } from '../../arm/protocol.js';
import { same } from '../../arm/resourceId.js';
import { named, ok, route, subscription, type Route, type Visit } from '../../arm/route.js';
import { platformImage } from './imageSource.js';

const publishers = `${subscription}/providers/microsoft.compute/locations/{location}/publishers`;
const offers = `${publishers}/{publisher}/artifacttypes/vmimage/offers`;
const skus = `${offers}/{offer}/skus`;
const versions = `${skus}/{sku}/versions`;

export const platformImageRoutes: readonly Route[] = [
  route('GET', publishers, visit => ok([item(visit, below(visit), platformImage.publisher)])),
  route('GET', offers, visit => ok([item(visit, known(visit, 'publisher'), platformImage.offer)])),
  route('GET', skus, visit => ok([item(visit, known(visit, 'publisher', 'offer'), platformImage.sku)])),
  route('GET', versions, visit => {
    const path = known(visit, 'publisher', 'offer', 'sku');
    const top = Number(visit.query.get('$top') ?? 1);
    return ok(top >= 1 ? [item(visit, path, platformImage.version)] : []);
  }),
  route('GET', `${versions}/{version}`, visit => {
    const path = known(visit, 'publisher', 'offer', 'sku');
    if (!same(named(visit, 'version'), platformImage.version)) throw notFound();
    return ok({
      ...item(visit, path, platformImage.version),
      properties: {
        osDiskImage: { operatingSystem: 'Linux' },
        dataDiskImages: [],
        automaticOSUpgradeProperties: { automaticOSUpgradeSupported: false },
        hyperVGeneration: 'V1',
        architecture: 'x64',
        features: [],
      },
    });
  }),
];

type Part = 'publisher' | 'offer' | 'sku';

/** The id of the collection below these parts. @throws ArmError when one of them is not that of the platform image */
function known(visit: Visit, ...parts: readonly Part[]): string {
  for (const part of parts) {
    const given = named(visit, part);
    const is = part === 'sku' ? given.startsWith(platformImage.sku) : same(given, platformImage[part]);
    if (!is) throw notFound();
  }
  return below(visit);
}

function below({ identity, request, values }: Visit): string {
  const collection = request.url.pathname.replace(/^.*?\/publishers(?=\/|$)/i, '/Publishers');
  const levels = /\/versions\/[^/]+$/i.test(collection) ? collection.replace(/\/[^/]+$/, '') : collection;
  const location = normalLocation(values['location'] ?? '');
  return `/Subscriptions/${identity.subscriptionId}/Providers/Microsoft.Compute/Locations/${location}${levels}`;
}

function item(visit: Visit, collection: string, name: string) {
  return { location: normalLocation(named(visit, 'location')), name, id: `${collection}/${name}` };
}

function notFound(): ArmError {
  const { publisher, offer, sku, version } = platformImage;
  return new ArmError(
    404,
    'NotFound',
    `Artifact: VMImage was not found. This local Azure has ${publisher}:${offer}:${sku}:${version} only.`,
  );
}
