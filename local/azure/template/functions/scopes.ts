/** The functions that tell where and what is being deployed. */
import { asJson, objectOf, plainJson, type Json } from '../json.js';
import { Deferred, ExpressionError } from '../templateError.js';
import { eager, type Entry } from './arguments.js';
import { unexpectedHere } from './strings.js';

/** The public cloud's endpoints, as `environment()` answers. */
const publicCloud: Json = {
  name: 'AzureCloud',
  gallery: 'https://gallery.azure.com/',
  graph: 'https://graph.windows.net/',
  portal: 'https://portal.azure.com',
  graphAudience: 'https://graph.windows.net/',
  activeDirectoryDataLake: 'https://datalake.azure.net/',
  batch: 'https://batch.core.windows.net/',
  media: 'https://rest.media.azure.net',
  sqlManagement: 'https://management.core.windows.net:8443/',
  vmImageAliasDoc:
    'https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json',
  resourceManager: 'https://management.azure.com/',
  authentication: {
    loginEndpoint: 'https://login.microsoftonline.com/',
    audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
    tenant: 'common',
    identityProvider: 'AAD',
  },
  suffixes: {
    acrLoginServer: '.azurecr.io',
    azureDatalakeAnalyticsCatalogAndJob: 'azuredatalakeanalytics.net',
    azureDatalakeStoreFileSystem: 'azuredatalakestore.net',
    azureFrontDoorEndpointSuffix: 'azurefd.net',
    keyvaultDns: '.vault.azure.net',
    sqlServerHostname: '.database.windows.net',
    storage: 'core.windows.net',
  },
};

export const scopeFunctions: readonly Entry[] = [
  eager('parameters', 1, 1, (given, environment) => environment.parameter(given.text(0))),
  eager('variables', 1, 1, (given, environment) => environment.variable(given.text(0))),
  eager('resourceGroup', 0, 0, (_given, { scope }) => {
    const { id, name, location, tags, ...more } = scope.resourceGroup;
    return plainJson({
      id,
      name,
      type: 'Microsoft.Resources/resourceGroups',
      location,
      ...(tags === undefined ? {} : { tags }),
      properties: { provisioningState: 'Succeeded' },
      ...more,
    });
  }),
  eager('subscription', 0, 0, (_given, { scope }) => {
    const { id, subscriptionId, tenantId, displayName } = scope.subscription;
    return { id, subscriptionId, tenantId, displayName };
  }),
  eager('tenant', 0, 0, (_given, { scope }) => {
    const { tenantId } = scope.subscription;
    return { id: `/tenants/${tenantId}`, tenantId };
  }),
  eager('managementGroup', 0, 0, () => {
    throw unexpectedHere('managementGroup');
  }),
  eager('deployment', 0, 0, (_given, { scope }) => {
    const { name, location, properties } = scope.deployment;
    return asJson({
      name,
      ...(location === undefined ? {} : { location }),
      properties: { mode: 'Incremental', provisioningState: 'Accepted', ...properties },
    });
  }),
  eager('deployer', 0, 0, (_given, { scope }) => {
    if (scope.deployer === undefined) throw unexpectedHere('deployer');
    return objectOf(Object.entries(scope.deployer));
  }),
  eager('environment', 0, 0, () => publicCloud),
  eager('copyIndex', 0, 2, (given, { loops, laterLoops }) => {
    const named = typeof given.any(0) === 'string';
    const name = named ? given.text(0).toLowerCase() : undefined;
    const offset = named ? (given.count > 1 ? given.int(1) : 0) : given.count > 0 ? given.int(0) : 0;
    const loop = loops.findLast(candidate =>
      name === undefined ? candidate.unnamed : candidate.name?.toLowerCase() === name,
    );
    if (laterLoops.has(name ?? '')) throw new Deferred('copyIndex');
    if (loop !== undefined) return loop.index + offset;
    if (name === undefined) {
      throw new ExpressionError(
        "The template function 'copyIndex' is not expected at this location. The function can only be used in a resource with copy specified. " +
          'Please see https://aka.ms/arm-copy for usage details.',
      );
    }
    throw new ExpressionError(
      `The template function 'copyIndex' has an invalid argument: the copy loop '${given.text(0)}' is not found. ` +
        'Please see https://aka.ms/arm-copy for usage details.',
    );
  }),
];
