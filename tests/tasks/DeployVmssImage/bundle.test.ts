/** Runs the built bundle as the agent does, against a loopback Azure behind TLS. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  accessToken,
  oidcToken,
  startLoopbackAzure,
  type LoopbackAzure,
  type SeenRequest,
  type ScriptedAnswer,
} from '../../shared/azure/loopbackAzure.js';
import { runBundle, type ServiceEndpoint } from './runBundle.js';

const imagePath = (name: string) =>
  `/subscriptions/sub/resourceGroups/images/providers/Microsoft.Compute/images/${name}`;
const webPath =
  '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web';
const secret = 'the-client-secret';

describe('DeployVmssImage bundle', function () {
  this.timeout(120_000);
  let azure: LoopbackAzure;
  let directory = '';

  before(async () => {
    azure = await startLoopbackAzure();
    directory = mkdtempSync(join(tmpdir(), 'deploy-bundle-'));
  });
  after(async () => {
    await azure.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    azure.requests.length = 0;
  });

  const principal = { tenantid: 'tenant', serviceprincipalid: 'client-id' };
  const withSecret: ServiceEndpoint = {
    scheme: 'ServicePrincipal',
    parameters: { ...principal, serviceprincipalkey: secret },
  };

  const run = (
    inputs: Readonly<Record<string, string>>,
    connection: ServiceEndpoint = withSecret,
    armUrl = `${azure.origin}/`,
  ) =>
    runBundle({
      inputs: { resourceGroupName: 'rg', ...inputs },
      connection: {
        ...connection,
        url: armUrl,
        data: { subscriptionId: 'sub', activeDirectoryAuthority: `${azure.origin}/` },
      },
      workingDirectory: directory,
      environment: {
        NODE_EXTRA_CA_CERTS: azure.caFile,
        AZURE_POD_IDENTITY_AUTHORITY_HOST: azure.identityOrigin,
        SYSTEM_OIDCREQUESTURI: `${azure.origin}/oidc`,
      },
    });

  /** A scale set of two on a real-shaped wire: asynchronous model change and upgrades, a poll or two each. */
  function scaleSetScript(faults: { upgrade?: ScriptedAnswer; firstList?: ScriptedAnswer } = {}) {
    const state = {
      image: imagePath('old'),
      tags: {} as Record<string, string>,
      instances: [imagePath('old'), imagePath('old')],
      polls: 0,
    };
    const pendingFaults = { ...faults };
    const operation = (origin: string) => ({
      'azure-asyncoperation': `${origin}/subscriptions/sub/providers/Microsoft.Compute/locations/westeurope/operations/op-${state.polls}?p=1&api-version=2024-07-01&t=1&c=certificate`,
    });
    const model = () => ({
      id: webPath,
      name: 'web',
      location: 'westeurope',
      tags: state.tags,
      sku: { name: 'Standard_B1s', capacity: 2 },
      properties: {
        provisioningState: 'Succeeded',
        upgradePolicy: { mode: 'Manual' },
        virtualMachineProfile: {
          storageProfile: { imageReference: { id: state.image }, osDisk: { createOption: 'FromImage' } },
          networkProfile: { healthProbe: { id: '/probe' }, networkInterfaceConfigurations: [] },
        },
      },
    });
    azure.script = (request: SeenRequest, origin: string): ScriptedAnswer | undefined => {
      const { method, path } = request;
      if (request.headers.authorization !== `Bearer ${accessToken}`) return { status: 401, body: 'no token' };
      if (method === 'GET' && path.startsWith(imagePath('')))
        return {
          status: 200,
          body: { location: 'westeurope', properties: { provisioningState: 'Succeeded' } },
        };
      if (method === 'GET' && path === webPath) return { status: 200, body: model() };
      if (method === 'PATCH' && path === webPath) {
        const patch = JSON.parse(request.body) as Partial<ReturnType<typeof model>>;
        state.tags = patch.tags ?? state.tags;
        if (patch.properties === undefined) return { status: 200, body: model() };
        state.image = patch.properties.virtualMachineProfile.storageProfile.imageReference.id;
        state.polls = 0;
        return { status: 200, headers: operation(origin), body: model() };
      }
      if (method === 'GET' && path === `${webPath}/virtualMachines`) {
        if (pendingFaults.firstList !== undefined) {
          const fault = pendingFaults.firstList;
          delete pendingFaults.firstList;
          return fault;
        }
        return {
          status: 200,
          body: {
            value: state.instances.map((image, index) => ({
              instanceId: String(index),
              name: `web_${index}`,
              location: 'westeurope',
              properties: {
                latestModelApplied: image === state.image,
                provisioningState: 'Succeeded',
                instanceView: {
                  statuses: [{ code: 'PowerState/running' }],
                  vmHealth: { status: { code: 'HealthState/healthy' } },
                },
              },
            })),
          },
        };
      }
      if (method === 'POST' && path === `${webPath}/manualupgrade`) {
        const { instanceIds } = JSON.parse(request.body) as { instanceIds: string[] };
        if (faults.upgrade === undefined)
          for (const id of instanceIds) state.instances[Number(id)] = state.image;
        state.polls = 0;
        const headers = operation(origin);
        return {
          status: 202,
          headers: { ...headers, location: `${headers['azure-asyncoperation']}&monitor=true` },
        };
      }
      if (path.includes('/operations/')) {
        if (request.query.get('monitor') === 'true') return { status: 200 };
        if (++state.polls < 2) return { status: 200, body: { status: 'InProgress', name: 'op' } };
        if (
          faults.upgrade !== undefined &&
          state.image === imagePath('new') &&
          azure.requests.some(({ path: p }) => p.endsWith('/manualupgrade'))
        )
          return faults.upgrade;
        return { status: 200, body: { status: 'Succeeded', name: 'op' } };
      }
      return undefined;
    };
    return state;
  }

  const update = {
    action: 'updateImage',
    scaleSetName: 'web',
    imageReference: imagePath('new'),
    batchSize: '1',
  };

  it('signs in, changes the model, moves the instances and sets its outputs', async () => {
    const state = scaleSetScript();
    const { result, outputs, stdout } = await run(update);
    assert.match(result, /result=Succeeded;\]Moved 2 of 2 instances of 'web' to .*\/images\/new/, stdout);
    assert.deepEqual(state.instances, [imagePath('new'), imagePath('new')]);
    assert.equal(outputs['previousImageReference'], imagePath('old'));
    assert.equal(outputs['instancesUpdated'], '2');
    assert.match(stdout, /##vso\[task\.setvariable variable=scaleSetName;isOutput=true;/);
    assert.match(stdout, /##vso\[task\.uploadsummary\]/);
    const upgrades = azure.requests.filter(({ path }) => path.endsWith('/manualupgrade'));
    assert.deepEqual(
      upgrades.map(({ body }) => JSON.parse(body) as unknown),
      [{ instanceIds: ['0'] }, { instanceIds: ['1'] }],
    );
    // task-lib's own debug lines show connection parameters, which the agent has masked since the job's start.
    const shown = stdout.split('\n').filter(line => !/^##vso\[task\.(setsecret|debug)\]/.test(line));
    assert.deepEqual(
      shown.filter(line => line.includes(secret)),
      [],
    );
  });

  it('signs in with each kind of connection', async () => {
    scaleSetScript();
    const dry = { ...update, dryRun: 'true' };
    const bodyOfToken = () =>
      new URLSearchParams(azure.requests.find(({ path }) => path.endsWith('/oauth2/v2.0/token'))?.body ?? '');

    const certificate = {
      scheme: 'ServicePrincipal',
      parameters: {
        ...principal,
        authenticationType: 'spnCertificate',
        servicePrincipalCertificate: azure.clientPem,
      },
    };
    assert.match((await run(dry, certificate)).result, /result=Succeeded/);
    assert.match(bodyOfToken().get('client_assertion') ?? '', /^ey.*\..*\./);
    assert.equal(bodyOfToken().get('scope'), `${azure.origin}/.default`);
    azure.requests.length = 0;

    assert.match(
      (await run(dry, { scheme: 'WorkloadIdentityFederation', parameters: principal })).result,
      /result=Succeeded/,
    );
    assert.equal(bodyOfToken().get('client_assertion'), oidcToken);
    const asked = azure.requests.find(({ path }) => path === '/oidc');
    assert.equal(asked?.method, 'POST');
    assert.equal(asked.headers.authorization, 'Bearer job-token');
    assert.equal(asked.query.get('serviceConnectionId'), 'conn');
    azure.requests.length = 0;

    assert.match(
      (await run(dry, { scheme: 'ManagedServiceIdentity', parameters: {} })).result,
      /result=Succeeded/,
    );
    assert.ok(azure.requests.some(({ path }) => path.startsWith('/metadata/identity/oauth2/token')));
    assert.ok(azure.requests.every(({ method, path }) => method === 'GET' || path === '/oidc'));
  });

  it('un-nests the failure of an upgrade that only its status document tells', async () => {
    const inner = { error: { code: 'AllocationFailed', message: 'no room in the zone' } };
    const state = scaleSetScript({
      upgrade: {
        status: 200,
        body: { status: 'Failed', error: { code: 'Conflict', message: JSON.stringify(inner) } },
      },
    });
    const { result, outputs } = await run(update);
    assert.match(result, /result=Failed/);
    assert.match(
      result,
      /instance 0: Azure refused upgrading 1 of the instances of 'web'\.\s+AllocationFailed: no room in the zone/,
    );
    assert.match(result, /Rolled back/);
    assert.equal(state.image, imagePath('old'));
    assert.equal(outputs['rolledBack'], 'true');
  });

  it('tells that Azure throttles, waits as asked and goes on', async () => {
    scaleSetScript({
      firstList: {
        status: 429,
        headers: { 'retry-after': '1' },
        body: {
          error: {
            code: 'OperationNotAllowed',
            message: 'too many requests',
            details: [{ code: 'TooManyRequests', target: 'HighCostGet3Min', message: 'over the limit' }],
          },
        },
      },
    });
    const { result, stdout } = await run({ ...update, dryRun: 'true' });
    assert.match(result, /result=Succeeded/);
    assert.match(
      stdout,
      /Azure is throttling this subscription's requests \[HighCostGet3Min\]: asking again in 1\.0 s/,
    );
  });

  it('says what to do when the sign-in is refused, nothing answers or the connection is of another kind', async () => {
    scaleSetScript();
    const expired = {
      scheme: 'ServicePrincipal',
      parameters: { ...principal, serviceprincipalkey: 'expired-secret' },
    };
    assert.match(
      (await run(update, expired)).result,
      /AADSTS7000222[\s\S]*make a new one and put it into the service connection/,
    );
    const { result } = await run(update, withSecret, 'https://127.0.0.1:1/');
    assert.match(result, /Azure could not be reached \(reading scale set 'web'\)[\s\S]*HTTPS_PROXY/);
    assert.match(
      (await run(update, { scheme: 'PublishProfile', parameters: {} })).result,
      /Service connection 'conn' cannot be used: it has scheme 'publishprofile'/,
    );
  });

  it('gives Azure’s own reasons when the template does not validate, and deploys nothing', async () => {
    writeFileSync(
      join(directory, 'web.json'),
      '{"parameters":{"pw":{"type":"securestring"}},"resources":[]}',
    );
    azure.script = ({ method, path }) => {
      if (method === 'GET' && path === '/subscriptions/sub/resourcegroups/rg')
        return { status: 200, body: { id: path, name: 'rg', location: 'westeurope' } };
      if (method === 'GET' && path.endsWith('/virtualMachineScaleSets'))
        return { status: 200, body: { value: [] } };
      if (method === 'POST' && path.endsWith('/validate')) {
        return {
          status: 400,
          headers: { 'x-ms-request-id': 'request-77' },
          body: {
            error: {
              code: 'InvalidTemplateDeployment',
              message: "The template deployment 'web-7' is not valid. See inner errors for details.",
              details: [
                { code: 'QuotaExceeded', message: 'Operation could not be completed: cores 12 of 10.' },
              ],
            },
          },
        };
      }
      return undefined;
    };
    const { result, outputs, stdout } = await run({
      templateFile: 'web.json',
      overrideParameters: 'pw=s3cret-of-the-site',
    });
    assert.match(
      result,
      /Azure refused the validation of deployment 'web-7'\.[\s\S]*InvalidTemplateDeployment[\s\S]*QuotaExceeded: Operation could not be completed: cores 12 of 10\.[\s\S]*request-77/,
    );
    assert.equal(outputs['deploymentName'], 'web-7');
    assert.ok(azure.requests.every(({ method }) => method !== 'PUT'));
    assert.ok(stdout.includes('##vso[task.setsecret]s3cret-of-the-site'));
  });
});
