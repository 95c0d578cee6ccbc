/** Debian's Chromium for the tests of the report's pages: one look on every machine, and no way out to a network. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions } from 'playwright-core';

/** The same fonts, colours and edges of letters on every machine. */
const steady = [
  '--font-render-hinting=none',
  '--disable-lcd-text',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
  // Names lead nowhere: a page that asked for one would fail here, and be seen.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Two desktops' worth of width, English, in a time zone of its own: nothing may depend on the machine's. */
export const view: BrowserContextOptions = {
  viewport: { width: 1280, height: 900 },
  deviceScaleFactor: 1,
  locale: 'en-GB',
  timezoneId: 'UTC',
  reducedMotion: 'reduce',
};

/** The browser that the smoke tests use, without a sandbox where root runs it. */
export async function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: installed('chromium'),
    args: steady,
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

function installed(program: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map(folder => join(folder, program))
    .find(file => existsSync(file));
  if (found === undefined)
    throw new Error(`There is no ${program} in PATH: run "npm run setup -- --for test"`);
  return found;
}
