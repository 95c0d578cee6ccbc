/** Builds the release report's two pages, each one file that loads nothing: the tab's, and the one that is left as a file. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { dataPlace, standaloneTemplate } from '../shared/report/standalone.js';
import { repositoryRoot } from './tasks.js';

/** What a reader waits for: bytes of one page, gzipped as a web server sends it. */
export const pageBudget = 120_000;

export interface BuiltPage {
  readonly file: string;
  readonly gzipped: number;
}

/**
 * Writes `report/` into the extension's folder, and the page that is left as a file beside every task's bundle.
 * @throws Error when a page is not built cleanly or is past its budget
 */
export async function buildReport(extension: string): Promise<{ pages: BuiltPage[]; metafiles: Metafile[] }> {
  const [standalone, tab] = await Promise.all([bundle('standalonePage.ts'), bundle('tabPage.ts')]);
  const pages = [
    {
      file: standaloneTemplate,
      html: page(standalone, {
        // A file on a disk is its own origin: what it may run and how it looks is named by hashes.
        policy: `default-src 'none'; img-src data:; style-src ${hash(standalone.css)}`,
        data: `${dataPlace}\n`,
        report: '',
      }),
    },
    {
      file: 'tab.html',
      html: page(tab, {
        // The SDK writes the host's colours into a style element. Where the service answers is known later: the tab narrows this then.
        policy: "default-src 'none'; img-src blob:; connect-src https: http:; style-src 'unsafe-inline'",
        data: '',
        // Stands until there is a report: a page of notes alone has a heading, too.
        report: '<main><h1>Release report</h1></main>',
      }),
    },
  ].map(({ file, html }) => ({ file, html, gzipped: gzipSync(html, { level: 9 }).length }));
  const over = pages.filter(({ gzipped }) => gzipped > pageBudget);
  if (over.length > 0)
    throw new Error(
      over.map(({ file, gzipped }) => `${file}: ${gzipped} bytes gzipped, past ${pageBudget}`).join('\n'),
    );

  const folder = join(extension, 'report');
  mkdirSync(folder, { recursive: true });
  for (const { file, html } of pages) {
    writeFileSync(join(folder, file), html);
    if (file === standaloneTemplate)
      for (const task of tasksIn(extension)) writeFileSync(join(extension, 'tasks', task, file), html);
  }
  return {
    pages: pages.map(({ file, gzipped }) => ({ file, gzipped })),
    metafiles: [standalone.metafile, tab.metafile],
  };
}

interface Bundle {
  readonly js: string;
  readonly css: string;
  readonly metafile: Metafile;
}

async function bundle(entry: string): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [join('report', 'hosts', entry)],
    outdir: 'report',
    write: false,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'warning',
  });
  const text = (ending: string) =>
    outputFiles
      .filter(({ path }) => path.endsWith(ending))
      .map(file => file.text.trim())
      .join('');
  const made = { js: text('.js'), css: text('.css'), metafile };
  const faults = warnings.map(warning => warning.text);
  // Inside a page these would end the element early, or the hash would be another than the browser's.
  if (/<\/script|<!--|\r/i.test(made.js)) faults.push('the script would not survive inside a page');
  if (/<\/style|\r/i.test(made.css)) faults.push('the style sheet would not survive inside a page');
  if (faults.length > 0) throw new Error(`${entry} does not build cleanly:\n${faults.join('\n')}`);
  return made;
}

interface Frame {
  readonly policy: string;
  /** Markup of the data's place and of the report's. */
  readonly data: string;
  readonly report: string;
}

function page({ js, css }: Bundle, { policy, data, report }: Frame): string {
  const whole = `${policy}; script-src ${hash(js)}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${whole}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>Release report</title>
<style>${css}</style>
</head>
<body>
<div id="report">${report}</div>
<noscript>This report is drawn by a script inside this file. Allow scripts for it to see the report.</noscript>
${data}<script>${js}</script>
</body>
</html>
`;
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}

function tasksIn(extension: string): string[] {
  try {
    return readdirSync(join(extension, 'tasks'));
  } catch {
    return [];
  }
}
