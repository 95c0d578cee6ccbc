/** The report as one HTML file that opens from disk, without network: the built page with the report's data put into it. */
import type { ReleaseReport, ReportPictures } from './format.js';

/** The built page's file name: in the extension's `report` folder, and beside every task's bundle. */
export const standaloneTemplate = 'release-report.html';
/** Where the data goes; the built page has this once. A script of this type is data: no browser runs it, whatever the policy. */
export const dataPlace = '<script type="application/json" id="report-data"></script>';
/** Characters of pictures in one file: past this it is slow to open and to send. */
const pictureBudget = 12_000_000;
/** Pictures that a browser draws and cannot run. */
const picture = /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/;

/** What the page finds in its data place. */
export interface StandaloneData {
  readonly report: ReleaseReport;
  /** Addresses by name. */
  readonly pictures: readonly (readonly [name: string, address: string])[];
  readonly files: ReportFiles;
}

/** What lies beside the page: addresses relative to it. */
export interface ReportFiles {
  /** A step's log, by the name of its part. */
  readonly logs: readonly (readonly [part: string, address: string])[];
  readonly artifacts: readonly { readonly name: string; readonly url: string }[];
}

const noFiles: ReportFiles = { logs: [], artifacts: [] };

/**
 * A page for people: pictures that are no `data:` address of a picture are left out, and those that no longer fit, in the order given.
 * @param template the built page
 * @throws Error when the template is not the built page
 */
export function standalonePage(
  template: string,
  report: ReleaseReport,
  pictures: ReportPictures,
  files = noFiles,
): string {
  const [before, after, ...more] = template.split(dataPlace);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`The page for the release report does not have its one place for data: ${dataPlace}`);
  const data: StandaloneData = { report, pictures: fitting(pictures), files };
  return `${before}${dataPlace.replace('><', () => `>${inScript(data)}<`)}${after}`;
}

/** JSON that no parser of HTML finds an end of a script or a comment in. */
function inScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function fitting(pictures: ReportPictures): [string, string][] {
  let left = pictureBudget;
  return [...pictures].filter(([, address]) => {
    if (address.length > left || !picture.test(address)) return false;
    left -= address.length;
    return true;
  });
}
