/** The page of Azure DevOps around the tab: which run it is of, where its service answers, its colours. */
import * as SDK from 'azure-devops-extension-sdk';
import { buildArea, buildRun } from './buildRun.js';
import { releaseArea, releaseStage } from './releaseStage.js';
import type { RunSource } from './run.js';
import { connect, ServiceError, type Service } from './service.js';

/** What a tab is told by the page around it: the members that are used here, by what each host gives. */
interface Configuration {
  /** On a run's page: calls back with the run, at once and whenever it changes. */
  readonly onBuildChanged?: (changed: (build: { id: number; project?: { id: string } }) => void) => void;
  /** On the stage of a classic release. */
  readonly releaseEnvironment?: { readonly id: number; readonly releaseId: number };
}

interface LocationService {
  getResourceAreaLocation(area: string): Promise<string>;
}
interface BuildPageDataService {
  getBuildPageData(): Promise<{ build?: { id: number; project?: { id: string } } } | undefined>;
}

/** What the manifest calls the object that the release's page tells of changes. */
const stageTab = 'release-report-stage';
/** How long the page around may take to say which run it is of, in milliseconds. */
const patience = 20_000;

/**
 * The run that the page around shows.
 * @param changed called whenever the page around says that the run has changed
 * @throws ServiceError when it does not say
 */
export async function findRun(changed: () => void): Promise<RunSource> {
  const configuration = SDK.getConfiguration() as Configuration;
  const project = SDK.getWebContext().project.id;
  const { releaseEnvironment: stage } = configuration;
  if (stage !== undefined) {
    SDK.register(stageTab, () => ({ updateContext: changed }));
    const source = { releaseId: stage.releaseId, environmentId: stage.id };
    return releaseStage(await serviceAt(releaseArea), project, source);
  }
  const build = await Promise.any([
    new Promise<{ id: number; project?: { id: string } }>(resolve => {
      let first = true;
      configuration.onBuildChanged?.(seen => {
        if (first) resolve(seen);
        else changed();
        first = false;
      });
    }),
    pageData(),
    new Promise<never>((_, reject) => setTimeout(reject, patience)),
  ]).catch(() => {
    throw new ServiceError('The page around does not say which run it shows', undefined);
  });
  return buildRun(await serviceAt(buildArea), build.project?.id ?? project, build.id);
}

async function pageData(): Promise<{ id: number; project?: { id: string } }> {
  const service = await SDK.getService<BuildPageDataService>('ms.vss-build-web.build-page-data-service');
  const build = (await service.getBuildPageData())?.build;
  if (build === undefined) throw new Error('The page has no run');
  return build;
}

async function serviceAt(area: string): Promise<Service> {
  const locations = await SDK.getService<LocationService>('ms.vss-features.location-service');
  const base = await locations.getResourceAreaLocation(area);
  allowOnly(new URL(base).origin);
  return connect(base, SDK.getAccessToken);
}

/** From here on the page can speak to this service and to nobody else: policies add up, and the stricter one holds. */
function allowOnly(origin: string): void {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = `connect-src ${origin}`;
  document.head.append(policy);
}

/** The host's background colour now, and each time the reader changes the theme. */
export function followTheme(changed: (background: string) => void): void {
  const read = () => {
    changed(getComputedStyle(document.documentElement).getPropertyValue('--background-color'));
  };
  window.addEventListener('themeApplied', read);
  read();
}
