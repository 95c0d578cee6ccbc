/** Finds the summary that the last successful run of this pipeline left as an artifact. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../../shared/agent/agent.js';
import { DownloadError } from '../../../../shared/agent/download.js';
import { unzip } from '../../../../shared/agent/unzip.js';
import { UserError } from '../../../../shared/core/errors.js';
import { plural, singleLine } from '../../../../shared/core/text.js';
import { readBaseline, type Baseline } from '../baseline/readBaseline.js';
import { connectService, type Service } from './service.js';

/** Which run is meant. */
export interface LastRunWish {
  /** Full name, such as `refs/heads/main`. */
  readonly branch: string;
  /** The artifact that holds the summary. */
  readonly artifact: string;
}

/** Why there is no baseline, as a clause, and what to do. */
export interface MissingBaseline {
  readonly why: string;
  readonly next: string;
}

/** So many runs are looked at, the newest first. */
const runsToLookAt = 20;

const unpacking = {
  of: 'an artifact',
  refused: 'It is not compared with.',
  mostEntries: 1000,
  mostBytes: 300 * 1024 * 1024,
  folders: true,
  isProgram: () => false,
};

interface Run {
  readonly id: number;
  readonly name: string;
}

/** Finds it. @returns why there is none, when there is none */
export async function findLastRun(wish: LastRunWish, agent: Agent): Promise<Baseline | MissingBaseline> {
  try {
    const service = connectService(agent);
    const definition = agent.variable('System.DefinitionId') ?? '';
    const runs = await successfulRuns(service, definition, wish.branch);
    if (runs.length === 0)
      return {
        why: `this pipeline has no successful run on ${wish.branch} yet`,
        next: `The next run on ${wish.branch} is compared with the first that passes there. 'baselineBranch' names another branch.`,
      };
    return (await newestSummary(service, runs, wish, agent)) ?? withoutArtifact(runs, wish);
  } catch (error) {
    agent.signal.throwIfAborted();
    return reasonOf(error, agent);
  }
}

async function successfulRuns(service: Service, definition: string, branch: string): Promise<Run[]> {
  const answer = await service.read('_apis/build/builds', {
    definitions: definition,
    branchName: branch,
    statusFilter: 'completed',
    resultFilter: 'succeeded',
    queryOrder: 'finishTimeDescending',
    $top: String(runsToLookAt),
  });
  const { value } = fieldsOf(answer);
  return (Array.isArray(value) ? value : []).flatMap(entry => {
    const { id, buildNumber } = fieldsOf(entry);
    if (typeof id !== 'number') return [];
    return [{ id, name: typeof buildNumber === 'string' ? singleLine(buildNumber, 100) : String(id) }];
  });
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function newestSummary(
  service: Service,
  runs: readonly Run[],
  { artifact, branch }: LastRunWish,
  agent: Agent,
): Promise<Baseline | undefined> {
  for (const { id, name } of runs) {
    const url = await artifactUrl(service, id, artifact);
    if (url === undefined) continue;
    const folder = mkdtempSync(join(agent.tempDirectory, 'baseline-'));
    const zip = `${folder}.zip`;
    try {
      await service.download(url, zip);
    } catch (error) {
      if (!isGone(error)) throw error;
      agent.info(`The artifact ${artifact} of run ${name} is kept no longer; looking at the run before.`);
      continue;
    }
    await unzip(zip, folder, unpacking);
    rmSync(zip);
    const baseline = readBaseline(folder);
    if (baseline === undefined)
      throw new UserError(`the artifact ${artifact} of run ${name} holds no summary of this task`);
    return { ...baseline, file: `run ${name} on ${branch}` };
  }
  return undefined;
}

/** Where the artifact of a run can be had as a zip file; undefined when it has none of this name. */
async function artifactUrl(service: Service, run: number, artifactName: string): Promise<string | undefined> {
  try {
    const answer = await service.read(`_apis/build/builds/${run}/artifacts`, { artifactName });
    const { downloadUrl: url } = fieldsOf(fieldsOf(answer)['resource']);
    return typeof url === 'string' && URL.canParse(url) ? url : undefined;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof DownloadError && (error.status === 404 || error.status === 410);
}

function withoutArtifact(runs: readonly Run[], { artifact, branch }: LastRunWish): MissingBaseline {
  const [newest] = runs;
  return {
    why: `none of the last ${plural(runs.length, 'successful run')} on ${branch} has the artifact ${artifact} (the newest is ${newest?.name ?? ''})`,
    next: 'Either none of them ran this step with this baseline, or their artifacts are kept no longer: look at the retention of runs. A run that passes leaves one.',
  };
}

function reasonOf(error: unknown, agent: Agent): MissingBaseline {
  if (error instanceof UserError)
    return {
      why: `there is no earlier run to compare with: ${clause(error, agent)}`,
      next: "Look at that run's artifact, or use 'baseline: file'.",
    };
  if (!(error instanceof DownloadError)) throw error;
  if (error.status === 401 || error.status === 403 || error.status === 203)
    return {
      why: `this job may not read the runs of its pipeline: ${clause(error, agent)}`,
      next: `Give the project's build service account the permission "View builds" of this pipeline, and look at "Limit job authorization scope" in the project's settings.`,
    };
  return {
    why: `the earlier runs of this pipeline could not be read: ${clause(error, agent)}`,
    next: "Check whether this agent reaches Azure DevOps through its proxy and firewall, or use 'baseline: file'.",
  };
}

/** What happened, as a clause; of an address only where it leads. */
function clause({ message }: Error, agent: Agent): string {
  return agent
    .mask(message)
    .replace(/\?\S*(?=: )/, '')
    .replace(/\.$/, '');
}
