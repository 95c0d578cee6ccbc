/** The agent's tool cache behind the port: the only file that imports azure-pipelines-tool-lib. */
import { cacheDir, findLocalTool, findLocalToolVersions } from 'azure-pipelines-tool-lib/tool.js';
import type { ToolCache } from './agent.js';

/** The cache in Agent.ToolsDirectory, `<tool>/<version>/<arch>` with a file `<arch>.complete` beside each that was wholly written. */
export const agentToolCache: ToolCache = {
  versions: tool => Promise.resolve(findLocalToolVersions(tool)),
  find: (tool, version) => {
    // The library declares a text, and gives undefined for what is not there.
    const folder: string | undefined = findLocalTool(tool, version);
    return Promise.resolve(folder);
  },
  add: (folder, tool, version) => cacheDir(folder, tool, version),
};
