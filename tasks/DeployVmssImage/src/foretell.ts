/** Asks Azure what a deployment would change, tells it, and keeps the step from what would take a site down. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../shared/core/errors.js';
import { plural } from '../../../shared/core/text.js';
import type { PreparedDeployment, TemplateChange } from './deployTemplate.js';
import { readWhatIf, type ResourceView } from './whatIf.js';
import { whatIfJson, whatIfLines, whatIfSummary } from './whatIfReport.js';
import type { World } from './world.js';

/**
 * What the deployment would change; empty where nobody asked. A dry run asks always, and so does Complete mode: it deletes.
 * @throws UserError from `whatIf: gate`
 */
export async function foretell(
  { name, request }: PreparedDeployment,
  { whatIf, mode }: TemplateChange,
  { agent, azure, settings }: World,
): Promise<readonly ResourceView[]> {
  if (whatIf === 'off' && mode !== 'Complete' && !settings.dryRun) {
    agent.info("Not asked for ('whatIf: off').");
    return [];
  }
  const views = readWhatIf(await azure.deployments.whatIf(name, request));
  for (const line of whatIfLines(views)) agent.info(line);
  const dangers = views.flatMap(view => view.dangers.map(danger => `${view.type} ${view.name}: ${danger}`));
  const blocked = whatIf === 'gate' && dangers.length > 0;
  const deployment = { name, mode, resourceGroup: settings.resourceGroup };
  const file = join(agent.resultsDirectory, `what-if-${name}.json`);
  writeFileSync(file, agent.mask(whatIfJson(deployment, views, blocked)));
  agent.attach('bake-and-roll.what-if', `what-if-${name}.json`, file);
  await agent.summary(`What-if ${name}`, agent.mask(whatIfSummary(views, blocked)));
  const unknown = views.filter(({ action }) => action === 'unknown');
  if (whatIf === 'gate' && unknown.length > 0) {
    agent.warning(
      `The gate could not look into ${plural(unknown.length, 'resource')}: ${unknown.map(view => `${view.type} ${view.name}`).join(', ')}.`,
    );
  }
  if (blocked) {
    throw new UserError(
      [
        "Blocked by 'whatIf: gate': the deployment would take down what serves traffic. Nothing was changed.",
        ...dangers.map(danger => `  - ${danger}`),
        "Correct the template (in Complete mode it has to name everything that stays), or run the step once with 'whatIf: report' when this is what you want.",
      ].join('\n'),
    );
  }
  const deleted = views.filter(({ action }) => action === 'delete');
  if (deleted.length > 0) {
    agent.warning(
      `'deploymentMode: Complete' ${settings.dryRun ? 'would delete' : 'deletes'} ${plural(deleted.length, 'resource')}: ${deleted.map(view => `${view.type} ${view.name}`).join(', ')}.`,
    );
  }
  return views;
}
