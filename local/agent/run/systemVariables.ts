/** The variables that the service and the agent give every run and every job. */

import { arch, hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Host, Workspace } from './session.js';
import type { Source } from './source.js';

export interface RunFacts {
  readonly host: Host;
  readonly definition: string;
  readonly buildId: number;
  readonly buildNumber: string;
  readonly source: Source;
  readonly out: string;
}

const project = { name: 'local', id: '5f6c1a3e-0d5b-4c53-9d53-9a1c1f0c0001' };
const collection = 'https://dev.azure.com/local/';

/** What is known before the first job. */
export function runVariables({
  host,
  definition,
  buildId,
  buildNumber,
  source,
}: RunFacts): Record<string, string> {
  const branchName = source.branch.replace(/^refs\/(heads|tags|pull)\//, '');
  return {
    'System.HostType': host,
    'System.CollectionUri': collection,
    'System.TeamFoundationCollectionUri': collection,
    'System.TeamFoundationServerUri': collection,
    'System.TeamProject': project.name,
    'System.TeamProjectId': project.id,
    'System.DefinitionId': '1',
    'System.DefinitionName': definition,
    'System.Culture': 'en-US',
    'System.Debug': 'false',
    'System.PlanId': `00000000-0000-4000-8000-${String(buildId).padStart(12, '0')}`,
    'Build.BuildId': String(buildId),
    'Build.BuildNumber': buildNumber,
    'Build.BuildUri': `vstfs:///Build/Build/${buildId}`,
    'Build.DefinitionName': definition,
    'Build.DefinitionVersion': '1',
    'Build.Reason': 'Manual',
    'Build.RequestedFor': source.user,
    'Build.QueuedBy': source.user,
    'Build.SourceBranch': source.branch,
    'Build.SourceBranchName': basename(branchName),
    'Build.SourceVersion': source.commit,
    'Build.SourceVersionMessage': source.message,
    'Build.Repository.Name': source.name,
    'Build.Repository.Provider': source.commit === '' ? 'Local' : 'Git',
    'Build.Repository.Uri': source.folder,
    'Build.Repository.Clean': 'False',
    'Build.ContainerId': String(buildId),
    ...(host === 'release' && {
      'Release.ReleaseId': String(buildId),
      'Release.ReleaseName': `Release-${buildId}`,
      'Release.ReleaseUri': `vstfs:///ReleaseManagement/Release/${buildId}`,
      'Release.DefinitionName': definition,
      'Release.DefinitionId': '1',
      'Release.Reason': 'Manual',
      'Release.RequestedFor': source.user,
    }),
  };
}

export interface JobFacts {
  readonly host: Host;
  readonly out: string;
  readonly workspace: Workspace;
  readonly stage: { readonly name: string; readonly displayName: string };
  readonly job: { readonly name: string; readonly displayName: string };
  readonly planId: string;
  readonly jobId: string;
  readonly agentVersion: string;
}

/** What is known when a job starts. */
export function jobVariables(facts: JobFacts): Record<string, string> {
  const { host, workspace, stage, job } = facts;
  const work = dirname(workspace.temp);
  return {
    'Agent.Version': facts.agentVersion,
    'Agent.Id': '1',
    'Agent.Name': 'local',
    'Agent.MachineName': hostname(),
    'Agent.OS': process.platform === 'darwin' ? 'Darwin' : 'Linux',
    'Agent.OSArchitecture': arch() === 'arm64' ? 'ARM64' : 'X64',
    'Agent.JobName': job.displayName,
    'agent.jobstatus': 'Succeeded',
    'Agent.IsSelfHosted': '1',
    'Agent.HomeDirectory': facts.out,
    'Agent.RootDirectory': facts.out,
    'Agent.WorkFolder': work,
    'Agent.BuildDirectory': workspace.root,
    'Agent.TempDirectory': workspace.temp,
    'Agent.ToolsDirectory': workspace.tools,
    'Pipeline.Workspace': workspace.root,
    'Common.TestResultsDirectory': join(workspace.root, 'TestResults'),
    'System.JobId': facts.jobId,
    'System.JobName': job.name,
    'System.JobDisplayName': job.displayName,
    'System.JobAttempt': '1',
    'System.OidcRequestUri': `${collection}${project.id}/_apis/distributedtask/hubs/${host}/plans/${facts.planId}/jobs/${facts.jobId}/oidctoken`,
    'System.StageName': stage.name,
    'System.StageDisplayName': stage.displayName,
    'System.StageAttempt': '1',
    'System.PhaseName': job.name,
    'System.PhaseDisplayName': job.displayName,
    'System.PhaseAttempt': '1',
    'System.DefaultWorkingDirectory': workspace.defaultWorkingDirectory,
    'System.ArtifactsDirectory': workspace.staging,
    'System.WorkFolder': work,
    ...(host === 'build'
      ? {
          'Build.SourcesDirectory': workspace.sources,
          'Build.Repository.LocalPath': workspace.sources,
          'Build.BinariesDirectory': workspace.binaries,
          'Build.ArtifactStagingDirectory': workspace.staging,
          'Build.StagingDirectory': workspace.staging,
        }
      : {
          'Agent.ReleaseDirectory': workspace.staging,
          'Release.EnvironmentName': stage.name,
          'Release.EnvironmentUri': `vstfs:///ReleaseManagement/Environment/${stage.name}`,
          'Release.AttemptNumber': '1',
        }),
  };
}
