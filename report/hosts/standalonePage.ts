/** The report as a file: everything is in it, and it asks for nothing. */
import type { StandaloneData } from '../../shared/report/standalone.js';
import { renderReport } from '../page/render.js';
import '../page/report.css';

const place = document.getElementById('report-data');
const root = document.getElementById('report');
if (place === null || root === null) throw new Error('The page has lost its places for data and report.');
// Written by the same build that this script is of.
const { report, pictures } = JSON.parse(place.textContent) as StandaloneData;
document.title = `${report.run.pipeline} ${report.run.number}: release report`;
renderReport(root, report, {
  pictures: new Map(pictures),
  links: { log: () => undefined, artifacts: [] },
});
