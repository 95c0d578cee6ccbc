/** Renders images/src/*.svg to the PNG icons of the extension (128 px) and the tasks (32 px) with Chromium; run by hand after a change. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repositoryRoot } from './tasks.js';

const sources = join(repositoryRoot, 'images', 'src');
for (const file of readdirSync(sources)) {
  const name = basename(file, '.svg');
  const size = name === 'extension' ? 128 : 32;
  const target =
    name === 'extension'
      ? join(repositoryRoot, 'images', 'extension.png')
      : join(repositoryRoot, 'tasks', name, 'icon.png');
  render(join(sources, file), target, size);
  console.log(target);
}

function render(svg: string, png: string, size: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'icons-'));
  const page = join(directory, 'icon.html');
  const style = 'margin:0;background:transparent;overflow:hidden';
  writeFileSync(
    page,
    `<body style="${style}"><img width="${size}" height="${size}" style="display:block" src="${pathToFileURL(svg).href}"></body>`,
  );
  execFileSync('chromium', [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--force-device-scale-factor=1'],
    ...[
      '--default-background-color=00000000',
      '--disable-background-networking',
      '--disable-component-update',
    ],
    ...[
      `--user-data-dir=${join(directory, 'profile')}`,
      `--window-size=${size},${size}`,
      `--screenshot=${png}`,
    ],
    pathToFileURL(page).href,
  ]);
  rmSync(directory, { recursive: true, force: true });
}
