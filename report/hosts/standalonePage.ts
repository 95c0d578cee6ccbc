/** The report as a file: everything is in it, and it asks for nothing. */
import { partName } from '../../shared/report/names.js';
import type { StandaloneData } from '../../shared/report/standalone.js';
import { renderReport } from '../page/render.js';
import '../page/report.css';
import { runView } from './run.js';

const place = document.getElementById('report-data');
const root = document.getElementById('report');
if (place === null || root === null) throw new Error('The page has lost its places for data and report.');
// Written by the same build that this script is of.
const { report, pictures, files } = JSON.parse(place.textContent) as StandaloneData;
// A page that a step left on the service leads back to the logs there; a run on one machine has them beside it.
const { url } = report.run;
const logs = url !== null && /\/_build\/results\?/.test(url) ? runView(url, 'logs') : undefined;
const logFiles = new Map(files.logs);
document.title = `${report.run.pipeline} ${report.run.number}: release report`;
renderReport(root, report, {
  pictures: new Map(pictures),
  links: { log: part => logFiles.get(partName(part)) ?? logs, artifacts: files.artifacts },
});
