/** Holds docs/local-agent.md against the program that it describes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usage } from '../../local/agent/options.js';
import { repositoryRoot } from '../../scripts/tasks.js';
import { removeFolders, run } from '../local/agent/support.js';

const page = readFileSync(join(repositoryRoot, 'docs', 'local-agent.md'), 'utf8');

/** The text of the one code block of a language. */
function block(language: string): string {
  const blocks = page.split('```').filter((_part, index) => index % 2 === 1);
  const [only, ...others] = blocks.filter(text => text.startsWith(`${language}\n`));
  assert.ok(only !== undefined && others.length === 0, `one block of ${language}`);
  return only.slice(language.length + 1);
}

/** A record with its times and its number, which no two runs share, made the same. */
function timeless(json: string): unknown {
  return JSON.parse(json, (key, value: unknown) => {
    if (key === 'startTime' || key === 'finishTime') return '';
    return key === 'buildNumber' && typeof value === 'string' ? value.replace(/^\d{8}/, '') : value;
  });
}

describe('docs/local-agent.md', () => {
  after(removeFolders);

  it('lists the options of --help, in its order', () => {
    const told = [...usage.matchAll(/^ {2}(--\S+(?: \S+)?)(?: {2}|$)/gm)].map(([, option]) => option);
    const listed = [...page.matchAll(/^\| `(--[^`]+)`/gm)].map(([, option]) =>
      option?.replaceAll('\\|', '|'),
    );
    assert.ok(told.length > 10);
    assert.deepEqual(listed, told);
  });

  it('shows the record of the file that it shows', async () => {
    const { record } = await run(block('yaml'));
    assert.deepEqual(timeless(block('json')), timeless(JSON.stringify(record)));
  });

  it('is linked from the README', () => {
    assert.match(readFileSync(join(repositoryRoot, 'README.md'), 'utf8'), /\(docs\/local-agent\.md\)/);
  });
});
