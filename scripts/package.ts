/** Makes the VSIX: builds dist/extension and runs tfx over it; any warning of tfx's fails. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './tasks.js';

const output = join(repositoryRoot, 'dist', 'vsix');
/** Azure DevOps Server takes 25 MB; five bundles need a tenth of it. */
const sizeBudget = 10 * 1024 * 1024;

execFileSync('npm', ['run', '--silent', 'build'], { cwd: repositoryRoot, stdio: 'inherit' });
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });

const tfx = spawnSync(
  process.execPath,
  [
    join(repositoryRoot, 'node_modules', 'tfx-cli', '_build', 'tfx-cli.js'),
    ...['extension', 'create', '--no-prompt', '--no-color'],
    ...['--root', join(repositoryRoot, 'dist', 'extension'), '--manifest-globs', 'vss-extension.json'],
    ...['--output-path', output],
  ],
  { encoding: 'utf8' },
);
const said = `${tfx.stdout}${tfx.stderr}`;
if (tfx.status !== 0 || /\bwarning\b/i.test(said)) {
  throw new Error(`tfx did not package the extension cleanly (exit code ${String(tfx.status)}):\n${said}`);
}
const [vsix] = readdirSync(output).filter(name => name.endsWith('.vsix'));
if (vsix === undefined) throw new Error(`tfx wrote no VSIX:\n${said}`);
const { size } = statSync(join(output, vsix));
if (size > sizeBudget) throw new Error(`${vsix} has ${size} bytes, more than the budget of ${sizeBudget}.`);
console.log(`dist/vsix/${vsix}: ${(size / 1024).toFixed(0)} KB`);
