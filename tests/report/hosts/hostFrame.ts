/** Runs in a browser: the page of Azure DevOps around a tab, on the SDK's own messaging. */
import { channelManager } from '../../../node_modules/azure-devops-extension-sdk/esm/XDM.js';

/** What the page around knows; the test puts it into the page. */
export interface HostSettings {
  readonly tab: string;
  readonly project: { readonly id: string; readonly name: string };
  /** Area or service id → base address. */
  readonly locations: Readonly<Record<string, string>>;
  readonly token: string;
  readonly theme: Readonly<Record<string, string>>;
  readonly build?: { readonly id: number };
  /** Whether the run's page calls back with its run; else only its data service tells. */
  readonly tellsChanges?: boolean;
  readonly releaseEnvironment?: { readonly id: number; readonly releaseId: number };
}

/** What the test sees and does. */
export interface HostFrame {
  readonly events: string[];
  changeBuild(): void;
  /** As the release's page does it for the object that the manifest names. */
  updateContext(): Promise<unknown>;
  changeTheme(theme: Readonly<Record<string, string>>): Promise<unknown>;
}

declare global {
  interface Window {
    readonly hostSettings: HostSettings;
    hostFrame: HostFrame;
  }
}

const settings = window.hostSettings;
const events: string[] = [];
const listeners: ((build: unknown) => void)[] = [];
const frame = document.createElement('iframe');
frame.src = settings.tab;
document.body.append(frame);
if (frame.contentWindow === null) throw new Error('no frame');
const channel = channelManager.addChannel(frame.contentWindow, new URL(settings.tab).origin);
const registry = channel.getObjectRegistry();

registry.register('DevOps.HostControl', {
  initialHandshake: (options: unknown) => {
    events.push(`initialHandshake ${JSON.stringify(options)}`);
    return {
      contributionId: 'bake-and-roll.bake-and-roll.tab',
      context: {
        extension: {
          id: 'bake-and-roll.bake-and-roll',
          publisherId: 'bake-and-roll',
          extensionId: 'bake-and-roll',
        },
        user: { id: '1', name: 'someone', displayName: 'Someone' },
        host: { id: '2', name: 'contoso', serviceVersion: '1', type: 4 },
        pageContext: { webContext: { project: settings.project } },
      },
      initialConfig: {
        ...(settings.releaseEnvironment === undefined
          ? {}
          : { releaseEnvironment: settings.releaseEnvironment }),
        ...(settings.build !== undefined && settings.tellsChanges !== false
          ? {
              onBuildChanged: (listener: (build: unknown) => void) => {
                events.push('onBuildChanged');
                listeners.push(listener);
                listener(settings.build);
              },
            }
          : {}),
      },
      themeData: settings.theme,
    };
  },
  notifyLoadSucceeded: () => events.push('notifyLoadSucceeded'),
  notifyLoadFailed: (error: unknown) => events.push(`notifyLoadFailed ${String(error)}`),
  getAccessToken: () => {
    events.push('getAccessToken');
    return { token: settings.token };
  },
  getAppToken: () => {
    events.push('getAppToken');
    return { token: 'of the extension, not of the user' };
  },
  resize: () => events.push('resize'),
});

registry.register('DevOps.ServiceManager', {
  getService: (id: string) => {
    events.push(`getService ${id}`);
    if (id === 'ms.vss-features.location-service')
      return { getResourceAreaLocation: (area: string) => settings.locations[area] };
    if (id === 'ms.vss-build-web.build-page-data-service')
      return {
        getBuildPageData: () => (settings.build === undefined ? undefined : { build: settings.build }),
      };
    throw new Error(`The page around has no service ${id}`);
  },
});

window.hostFrame = {
  events,
  changeBuild() {
    for (const listener of listeners) listener(settings.build);
  },
  updateContext: () => channel.invokeRemoteMethod('updateContext', 'release-report-stage', [{}]),
  changeTheme: theme =>
    channel.invokeRemoteMethod('dispatchEvent', 'DevOps.SdkClient', [
      'themeChanged',
      { detail: { data: theme } },
    ]),
};
