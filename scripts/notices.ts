/** The licences of what the bundles carry, gathered from the packages that esbuild really put in. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { repositoryRoot } from './tasks.js';

interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * One section a package: name, version, licence and its licence text.
 * @throws Error naming every bundled package that declares no licence
 */
export function thirdPartyNotices(metafiles: readonly Metafile[]): string {
  const folders = new Set<string>();
  for (const input of metafiles.flatMap(metafile => Object.keys(metafile.inputs))) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match?.[1] !== undefined) folders.add(match[1]);
  }
  const unlicensed: string[] = [];
  const sections = [...folders].sort().map(folder => {
    const facts = JSON.parse(
      readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8'),
    ) as PackageFacts;
    const text = licenceText(join(repositoryRoot, folder));
    if (facts.license === undefined && text === undefined) unlicensed.push(facts.name);
    return `${facts.name} ${facts.version}\nLicence: ${facts.license ?? 'see below'}\n\n${text ?? ''}`.trimEnd();
  });
  if (unlicensed.length > 0)
    throw new Error(`These bundled packages declare no licence: ${unlicensed.join(', ')}`);
  const rule = `\n\n${'-'.repeat(78)}\n\n`;
  return `This extension carries the following packages.${rule}${[...new Set(sections)].join(rule)}\n`;
}

function licenceText(folder: string): string | undefined {
  const file = readdirSync(folder).find(name => /^licen[cs]e/i.test(name));
  return file !== undefined && existsSync(join(folder, file))
    ? readFileSync(join(folder, file), 'utf8').trim()
    : undefined;
}
