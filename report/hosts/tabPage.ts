/** The tab on a run's page and on the stage of a classic release: follows the run, and shows its report as the parts come. */
import './jitless.js';
import * as SDK from 'azure-devops-extension-sdk';
import type { ReleaseReport } from '../../shared/report/format.js';
import { renderReport, type ReportOptions, type ReportView } from '../page/render.js';
import '../page/report.css';
import { createAlarm, nextWait } from './follow.js';
import { findRun, followTheme } from './host.js';
import { showNotes } from './notes.js';
import { loadPictures } from './pictures.js';
import { createReader, type Reading } from './reader.js';
import { themeOf } from './theme.js';
import { nothingYet, told } from './told.js';
import './tab.css';

const root = document.getElementById('report');
if (root === null) throw new Error('The page has lost its place for the report.');
const place = root;
const pictures = new Map<string, string>();
let view: ReportView | undefined;
let background = '';
let reading: Reading | undefined;
let previous: ReleaseReport['previous'] = null;
/** Why the last look failed, undefined when it did not. */
let fault: string | undefined;

void start();

async function start(): Promise<void> {
  showNotes(['Reading the release report…']);
  const alarm = createAlarm();
  await SDK.init({ loaded: false, applyTheme: true });
  followTheme(color => {
    background = color;
    document.documentElement.style.colorScheme = themeOf(color) ?? '';
    draw();
  });
  try {
    const source = await findRun(() => {
      alarm.wake();
    });
    const reader = createReader(source);
    let waited = 0;
    let asked = false;
    for (;;) {
      const changed = await look(reader.read);
      await SDK.notifyLoadSucceeded();
      if (!asked && reading !== undefined && reading.report.parts.length > 0) {
        asked = true;
        void reader.previous().then(steps => {
          previous = steps;
          draw();
        });
      }
      waited = nextWait(waited, changed, reading?.running ?? true);
      await alarm.wait(waited);
    }
  } catch (error) {
    fault = told(error);
    draw();
    await SDK.notifyLoadSucceeded();
  }
}

/** One look at the run; whether it saw something new. */
async function look(read: () => Promise<Reading>): Promise<boolean> {
  try {
    const before = reading;
    reading = await read();
    fault = undefined;
    draw();
    void loadPictures(reading.report, reading.state, pictures, draw).catch(() => undefined);
    return before?.report.parts.length !== reading.report.parts.length || before.running !== reading.running;
  } catch (error) {
    fault = told(error);
    draw();
    return false;
  }
}

function draw(): void {
  const parts = reading?.report.parts ?? [];
  const notes = [...(fault === undefined ? [] : [fault]), ...(reading?.notes ?? [])];
  if (reading !== undefined && parts.length === 0 && notes.length === 0)
    notes.push(nothingYet(reading.running));
  if (reading === undefined && notes.length === 0) return;
  showNotes(notes);
  if (reading === undefined || parts.length === 0) return;
  const theme = themeOf(background);
  const options: ReportOptions = {
    pictures,
    links: reading.links,
    running: reading.running,
    ...(theme === undefined ? {} : { theme }),
  };
  const report = { ...reading.report, previous };
  if (view === undefined) view = renderReport(place, report, options);
  else view.update(report, options);
}
