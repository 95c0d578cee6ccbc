/** The pictures that a report names, fetched after it is shown, each as a `blob:` address. */
import type { ReleaseReport, ReportPictures } from '../../shared/report/format.js';
import { pictureFormat, tellingBytes } from '../../shared/report/pictureFormat.js';
import { inTurns } from './reader.js';
import type { RunState } from './run.js';

const atOnce = 4;
/** A screenshot has some hundred thousand bytes. */
const largestPicture = 8_000_000;
const mostPictures = 200;

/** Adds to `pictures` what the report names and is not there yet; `came` is called after each. What cannot be had stays missing. */
export async function loadPictures(
  report: ReleaseReport,
  state: RunState,
  pictures: Map<string, string>,
  came: (pictures: ReportPictures) => void,
): Promise<void> {
  const wanted = new Set(namedIn(report).filter(name => !pictures.has(name)));
  if (wanted.size === 0) return;
  const found = (await state.pictures()).filter(({ name }) => wanted.has(name)).slice(0, mostPictures);
  await inTurns(found, atOnce, async ({ name, read }) => {
    const picture = await read().then(asPicture, () => undefined);
    if (picture === undefined || pictures.has(name)) return;
    pictures.set(name, URL.createObjectURL(picture));
    came(pictures);
  });
}

function namedIn({ parts }: ReleaseReport): string[] {
  return parts.flatMap(part =>
    part.task === 'RunSeleniumSmoke'
      ? (part.body?.tests ?? []).flatMap(({ screenshot }) => screenshot ?? [])
      : [],
  );
}

async function asPicture(content: Blob): Promise<Blob | undefined> {
  if (content.size > largestPicture) return undefined;
  const format = pictureFormat(new Uint8Array(await content.slice(0, tellingBytes).arrayBuffer()));
  return format && new Blob([content], { type: format.type });
}
