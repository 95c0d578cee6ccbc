import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  planDeployment,
  TemplateError,
  type DeploymentPlan,
  type GivenParameter,
  type Runtime,
} from '../../../../local/azure/template/deploymentPlan.js';
import { sourceOf } from '../../../../local/azure/template/templateSource.js';
import { groupId, subscriptionId, testScope } from './testScope.js';

type Parts = Readonly<Record<string, unknown>>;

function template(parts: Parts): Parts {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [],
    ...parts,
  };
}

function plan(parts: Parts, parameters: Readonly<Record<string, GivenParameter>> = {}): DeploymentPlan {
  return planDeployment(template(parts), parameters, testScope);
}

function vnet(more: Parts = {}): Parts {
  return {
    type: 'Microsoft.Network/virtualNetworks',
    apiVersion: '2023-11-01',
    name: 'vnet',
    location: '[resourceGroup().location]',
    ...more,
  };
}

function refusal(run: () => unknown): TemplateError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof TemplateError, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

function refused(
  message: string,
  parts: Parts,
  parameters: Readonly<Record<string, GivenParameter>> = {},
): void {
  const error = refusal(() => plan(parts, parameters));
  assert.deepEqual([error.code, error.message], ['InvalidTemplate', message]);
}

const unasked: Runtime = {
  reference: () => assert.fail('reference() was called'),
  list: () => assert.fail('list*() was called'),
};

function bodies(planned: DeploymentPlan, runtime = unasked): Record<string, Record<string, unknown>> {
  return Object.fromEntries(planned.resources.map(resource => [resource.name, resource.body(runtime)]));
}

const provider = (type: string): string => `${groupId}/providers/${type}`;

describe('planDeployment', () => {
  describe('parameters', () => {
    const declared = {
      parameters: {
        size: { type: 'string', defaultValue: "[concat(parameters('Base'), '-x')]" },
        base: { type: 'String', defaultValue: 'small' },
        count: { type: 'int', minValue: 1, maxValue: 100, defaultValue: 2 },
        password: { type: 'securestring', minLength: 12 },
        keys: { type: 'secureObject', defaultValue: { a: 'top secret' } },
        stamp: { type: 'string', defaultValue: "[utcNow('yyyy')]" },
        maybe: { type: 'string', nullable: true },
      },
    };

    it('are typed as answers have them, secure values absent', () => {
      const { parameters } = plan(declared, { PASSWORD: { value: 'correct horse' }, count: { value: 3 } });
      assert.deepEqual(parameters, {
        size: { type: 'String', value: 'small-x' },
        base: { type: 'String', value: 'small' },
        count: { type: 'Int', value: 3 },
        password: { type: 'SecureString' },
        keys: { type: 'SecureObject' },
        stamp: { type: 'String', value: '2026' },
        maybe: { type: 'String', value: null },
      });
    });

    it('are refused in the words of Azure', () => {
      const text = JSON.stringify(
        { properties: { template: template({ parameters: { extra_param: { type: 'string' } } }) } },
        null,
        2,
      );
      const { properties } = JSON.parse(text) as { properties: { template: Parts } };
      const missing = refusal(() => planDeployment(properties.template, {}, testScope, sourceOf(text)));
      assert.deepEqual(missing.body(), {
        code: 'InvalidTemplate',
        message:
          "Deployment template validation failed: 'The value for the template parameter 'extra_param' at line '8' and column '24' is not provided. " +
          "Please see https://aka.ms/arm-create-parameter-file for usage details.'.",
        additionalInfo: [
          {
            type: 'TemplateViolation',
            info: { lineNumber: 8, linePosition: 24, path: 'properties.template.parameters.extra_param' },
          },
        ],
      });

      const { parameters } = declared;
      const given = { password: { value: 'correct horse' } };
      refused(
        "Deployment template validation failed: 'The template parameters 'sizes, colour' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. " +
          "The only supported parameters for this template are 'size, count'. Please see https://aka.ms/arm-pass-parameter-values for usage details.'.",
        { parameters: { size: parameters.size, count: parameters.count } },
        { sizes: { value: 1 }, colour: { value: 2 } },
      );
      refused(
        "Deployment template validation failed: 'Template parameter JToken type is not valid. Expected 'Integer'. Actual 'String'. Please see https://aka.ms/arm-create-parameter-file for usage details.'.",
        declared,
        { ...given, count: { value: '3' } },
      );
      refused(
        "Deployment template validation failed: 'Template parameter JToken type is not valid. Expected 'String, Uri'. Actual 'Integer'. Please see https://aka.ms/arm-create-parameter-file for usage details.'.",
        declared,
        { ...given, base: { value: 3 } },
      );
      refused(
        "Deployment template validation failed: 'The provided value for the template parameter 'password' at line '0' and column '0' is not valid. Length of the value should be greater than or equal to '12'.'.",
        declared,
        { password: { value: 'short' } },
      );
      refused(
        "Deployment template validation failed: 'The provided value for the template parameter 'count' at line '0' and column '0' is not valid. The value should be less than or equal to '100'.'.",
        declared,
        { ...given, count: { value: 101 } },
      );
      refused(
        "Deployment template validation failed: 'The provided value 'Standard_A4' for the template parameter 'sku' at line '0' and column '0' is not valid. The parameter value is not part of the allowed value(s): 'Standard_A1,Standard_A2'.'.",
        { parameters: { sku: { type: 'string', allowedValues: ['Standard_A1', 'Standard_A2'] } } },
        { sku: { value: 'Standard_A4' } },
      );
    });

    it('may be several of the allowed values when they are arrays', () => {
      const zones = { parameters: { zones: { type: 'array', allowedValues: ['1', '2', '3'] } } };
      assert.deepEqual(plan(zones, { zones: { value: ['1', '3'] } }).parameters['zones']?.value, ['1', '3']);
      assert.match(
        refusal(() => plan(zones, { zones: { value: ['4'] } })).message,
        /not part of the allowed value/,
      );
    });

    it('are refused when they refer to a Key Vault, or to each other in a circle', () => {
      const vault = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv';
      const error = refusal(() =>
        plan(declared, { password: { reference: { keyVault: { id: vault }, secretName: 'admin' } } }),
      );
      assert.equal(error.code, 'KeyVaultParameterReferenceNotFound');
      assert.match(error.message, /The specified KeyVault '\/subscriptions\/s\/.*\/kv' could not be found\./);
      assert.match(error.message, /give the parameter 'password' a value instead/);
      const circle = {
        a: { type: 'string', defaultValue: "[parameters('b')]" },
        b: { type: 'string', defaultValue: "[parameters('a')]" },
      };
      assert.match(refusal(() => plan({ parameters: circle })).message, /'a' depends on itself/);
    });

    it('never show a secret in a refusal', () => {
      const error = refusal(() =>
        plan(
          {
            parameters: { password: { type: 'secureString' } },
            variables: { n: "[int(parameters('password'))]" },
          },
          { password: { value: 'correct horse' } },
        ),
      );
      assert.doesNotMatch(error.message, /horse/);
      const inDefault = refusal(() =>
        plan(
          {
            parameters: {
              keys: { type: 'secureObject' },
              n: { type: 'int', defaultValue: "[int(parameters('keys').a[0])]" },
            },
          },
          { keys: { value: { a: ['correct horse'] } } },
        ),
      );
      assert.match(inDefault.message, /cannot convert provided value '\*\*\*'/);
      assert.match(error.message, /cannot convert provided value '\*\*\*'/);
    });

    it('take their type from a definition', () => {
      const { parameters } = plan(
        {
          languageVersion: '2.0',
          definitions: { sku: { type: 'string', allowedValues: ['a', 'b'] } },
          parameters: { sku: { $ref: '#/definitions/sku', defaultValue: 'b' } },
          resources: {},
        },
        {},
      );
      assert.deepEqual(parameters, { sku: { type: 'String', value: 'b' } });
    });

    it('must be what their definition says, in all that they hold', () => {
      const of = (rule: unknown) =>
        plan(
          {
            languageVersion: '2.0',
            definitions: {
              port: { type: 'int', minValue: 1, maxValue: 65535 },
              rule: {
                type: 'object',
                properties: {
                  name: { type: 'string', maxLength: 5 },
                  port: { $ref: '#/definitions/port' },
                  key: { type: 'securestring', nullable: true },
                  next: { $ref: '#/definitions/rule', nullable: true },
                },
                additionalProperties: false,
              },
            },
            parameters: { rules: { type: 'array', items: { $ref: '#/definitions/rule' } } },
            resources: {},
          },
          { rules: { value: [{ name: 'ok', port: 80 }, rule] } },
        );
      assert.deepEqual(of({ name: 'web', port: 443, key: 's3cret' }).parameters, {
        rules: { type: 'Array' },
      });
      assert.throws(() => of({ name: 'web' }), /property '\[1\]\.port' is required/);
      assert.throws(() => of({ name: 'web', port: 0 }), /at '\[1\]\.port' is not valid: .*equal to '1'/);
      assert.throws(() => of({ name: 'web', port: '1' }), /at '\[1\]\.port'.*Expected 'Integer'/);
      assert.throws(() => of({ name: 'longer', port: 1 }), /less than or equal to '5'/);
      assert.throws(() => of({ name: 'web', port: 1, extra: 1 }), /'\[1\]\.extra' is not allowed/);
      assert.throws(
        () => of({ name: 'web', port: 1, next: { name: 'x', port: 1, next: { name: 'y' } } }),
        /'\[1\]\.next\.next\.port' is required/,
      );
    });
  });

  describe('variables and functions', () => {
    it('are evaluated in any order, with loops within and at the top', () => {
      const { resources } = plan({
        variables: {
          second: "[concat(variables('FIRST'), '!')]",
          first: 'one',
          copy: [{ name: 'top', count: 3, input: "[add(copyIndex('top', 1), 10)]" }],
          nested: {
            kept: true,
            copy: [
              { name: 'inner', count: "[length(variables('top'))]", input: { i: "[copyIndex('inner')]" } },
            ],
          },
        },
        resources: [
          vnet({
            properties: {
              second: "[variables('second')]",
              top: "[variables('top')]",
              nested: "[variables('nested')]",
              escaped: '[[not an expression]',
              "[concat('na', 'me')]": 1,
            },
          }),
        ],
      });
      assert.deepEqual(resources[0]?.body(unasked), {
        location: 'westeurope',
        properties: {
          second: 'one!',
          top: [11, 12, 13],
          nested: { kept: true, inner: [{ i: 0 }, { i: 1 }, { i: 2 }] },
          escaped: '[not an expression]',
          name: 1,
        },
      });
    });

    it('are refused when wrong, used or not', () => {
      refused(
        "Deployment template validation failed: 'The template variable 'a' is not valid: The language expression property 'templateLink' doesn't exist, available properties are 'mode, provisioningState, template'.. Please see https://aka.ms/arm-functions for usage details.'.",
        { variables: { a: '[deployment().properties.templateLink]' } },
      );
      refused(
        "Deployment template validation failed: 'The template variable 'a' is not valid: The template parameter 'none' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details.. Please see https://aka.ms/arm-functions for usage details.'.",
        { variables: { a: "[parameters('none')]" } },
      );
      assert.match(
        refusal(() => plan({ variables: { a: "[variables('b')]", b: "[variables('a')]" } })).message,
        /'a' depends on itself/,
      );
      assert.match(
        refusal(() => plan({ variables: { a: "[reference('x')]" } })).message,
        /'reference' is not expected at this location/,
      );
      refused(
        "Deployment template language expression evaluation failed: 'Unable to parse language expression 'concat(': expected token 'Identifier,Integer,Literal' and actual 'EndOfData'.'.",
        { variables: { a: '[concat(]' } },
      );
    });

    it('include functions of the template', () => {
      const planned = plan({
        functions: [
          {
            namespace: 'shop',
            members: {
              short: {
                parameters: [{ name: 'prefix', type: 'string' }],
                output: {
                  type: 'string',
                  value: "[take(concat(parameters('prefix'), uniqueString(resourceGroup().id)), 8)]",
                },
              },
              shout: {
                parameters: [{ name: 'text', type: 'string' }],
                output: { type: 'object', value: { text: "[toUpper(shop.short(parameters('text')))]" } },
              },
              endless: { output: { type: 'string', value: '[shop.endless()]' } },
            },
          },
        ],
        outputs: { name: { type: 'string', value: "[Shop.Shout('web').text]" } },
      });
      assert.match(String(planned.outputs(unasked)['name']?.value), /^WEB[A-Z2-7]{5}$/);
      assert.match(
        refusal(() =>
          plan({
            functions: [{ namespace: 'a', members: { b: { output: { type: 'int', value: '[a.b()]' } } } }],
            variables: { x: '[a.b()]' },
          }),
        ).message,
        /'a\.b' calls itself without end/,
      );
    });
  });

  describe('resources', () => {
    it('unroll, lift their children and drop what a condition excludes', () => {
      const { resources } = plan({
        parameters: { spare: { type: 'bool', defaultValue: false } },
        resources: [
          vnet({
            copy: { name: 'networks', count: 2 },
            name: "[format('vnet{0}', copyIndex())]",
            resources: [
              {
                type: 'subnets',
                apiVersion: '2023-11-01',
                name: 'web',
                dependsOn: ["[concat('vnet', copyIndex())]"],
                properties: { addressPrefix: "[cidrSubnet('10.0.0.0/16', 24, copyIndex())]" },
              },
            ],
          }),
          vnet({ name: 'spare', condition: "[parameters('spare')]", location: "[fail('never asked')]" }),
          {
            type: 'Microsoft.Network/publicIPAddresses',
            apiVersion: '2023-11-01',
            name: 'pip',
            dependsOn: ['networks', 'spare', "[resourceId('Microsoft.Network/virtualNetworks', 'vnet0')]"],
          },
        ],
      });
      const base = provider('Microsoft.Network/virtualNetworks');
      assert.deepEqual(
        resources.map(({ id, type, name, dependsOn }) => ({ id, type, name, dependsOn })),
        [
          { id: `${base}/vnet0`, type: 'Microsoft.Network/virtualNetworks', name: 'vnet0', dependsOn: [] },
          {
            id: `${base}/vnet0/subnets/web`,
            type: 'Microsoft.Network/virtualNetworks/subnets',
            name: 'vnet0/web',
            dependsOn: [`${base}/vnet0`],
          },
          { id: `${base}/vnet1`, type: 'Microsoft.Network/virtualNetworks', name: 'vnet1', dependsOn: [] },
          {
            id: `${base}/vnet1/subnets/web`,
            type: 'Microsoft.Network/virtualNetworks/subnets',
            name: 'vnet1/web',
            dependsOn: [`${base}/vnet1`],
          },
          {
            id: provider('Microsoft.Network/publicIPAddresses/pip'),
            type: 'Microsoft.Network/publicIPAddresses',
            name: 'pip',
            dependsOn: [`${base}/vnet0`, `${base}/vnet1`],
          },
        ],
      );
      assert.deepEqual(resources[3]?.body(unasked), { properties: { addressPrefix: '10.0.1.0/24' } });
    });

    it('loop over properties, within resource loops and without', () => {
      const planned = plan({
        resources: [
          vnet({
            name: "[concat('v', copyIndex())]",
            copy: { name: 'vs', count: 2 },
            tags: { "[concat('n', copyIndex())]": 'x' },
            properties: {
              copy: [
                {
                  name: 'subnets',
                  count: 2,
                  input: { name: "[format('{0}-{1}', copyIndex('vs'), copyIndex('subnets', 1))]" },
                },
                { name: 'none', count: 0, input: 1 },
              ],
            },
          }),
        ],
      });
      assert.deepEqual(bodies(planned)['v1'], {
        location: 'westeurope',
        tags: { n1: 'x' },
        properties: { subnets: [{ name: '1-1' }, { name: '1-2' }], none: [] },
      });
    });

    it('of a serial loop wait for the batch before', () => {
      const { resources } = plan({
        resources: [
          vnet({
            name: "[concat('v', copyIndex())]",
            copy: { name: 'vs', count: 5, mode: 'serial', batchSize: 2 },
          }),
        ],
      });
      const id = (index: number): string => provider(`Microsoft.Network/virtualNetworks/v${index}`);
      assert.deepEqual(
        resources.map(({ dependsOn }) => dependsOn),
        [[], [], [id(0), id(1)], [id(0), id(1)], [id(2), id(3)]],
      );
    });

    it('lie where their type, name and scope say', () => {
      const { resources } = plan({
        resources: [
          {
            type: 'Microsoft.Compute/virtualMachines/providers/locks',
            apiVersion: '2020-05-01',
            name: 'vm/Microsoft.Authorization/keep',
          },
          {
            type: 'Microsoft.Authorization/locks',
            apiVersion: '2020-05-01',
            name: 'keep',
            scope: 'Microsoft.Network/virtualNetworks/vnet',
          },
          {
            type: 'Microsoft.Resources/deployments',
            apiVersion: '2022-09-01',
            name: 'there',
            resourceGroup: 'other',
            properties: { mode: 'Incremental', template: template({}) },
          },
        ],
      });
      assert.deepEqual(
        resources.map(({ id }) => id),
        [
          provider('Microsoft.Compute/virtualMachines/vm/providers/Microsoft.Authorization/locks/keep'),
          provider('Microsoft.Network/virtualNetworks/vnet/providers/Microsoft.Authorization/locks/keep'),
          `/subscriptions/${subscriptionId}/resourceGroups/other/providers/Microsoft.Resources/deployments/there`,
        ],
      );
    });

    it('are called by symbolic names in language version 2.0', () => {
      const planned = plan({
        languageVersion: '2.0',
        resources: {
          old: {
            existing: true,
            type: 'Microsoft.Storage/storageAccounts',
            apiVersion: '2023-05-01',
            name: 'old',
          },
          nets: vnet({ name: "[concat('v', copyIndex())]", copy: { name: 'loop', count: 2 } }),
          ip: {
            type: 'Microsoft.Network/publicIPAddresses',
            apiVersion: '2023-11-01',
            name: 'pip',
            dependsOn: ['nets', 'old'],
            properties: {
              first: "[reference('nets[0]').state]",
              all: "[references('nets')]",
              old: "[reference('old', '2023-05-01', 'full').id]",
              name: "[resourceInfo('nets[1]').name]",
            },
          },
        },
      });
      assert.deepEqual(
        planned.resources.map(({ name }) => name),
        ['v0', 'v1', 'pip'],
      );
      assert.deepEqual(planned.resources[2]?.dependsOn, [
        provider('Microsoft.Network/virtualNetworks/v0'),
        provider('Microsoft.Network/virtualNetworks/v1'),
      ]);
      const body = planned.resources[2].body({
        ...unasked,
        reference: (id, _version, full) => (full ? { id } : { state: id.slice(-2) }),
      });
      assert.deepEqual(body['properties'], {
        first: 'v0',
        all: [{ state: 'v0' }, { state: 'v1' }],
        old: provider('Microsoft.Storage/storageAccounts/old'),
        name: 'v1',
      });
    });

    it('wait for what they read, and show what they do not know yet as an expression', () => {
      const planned = plan({
        resources: [
          vnet({
            properties: {
              ip: "[concat('http://', reference('pip').ipAddress, '/', parameters('path'))]",
              unread: "[if(equals(1, 1), 'plain', reference('none').x)]",
              key: "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'acct'), '2023-05-01').keys[0].value]",
            },
          }),
          { type: 'Microsoft.Network/publicIPAddresses', apiVersion: '2023-11-01', name: 'pip' },
          { type: 'Microsoft.Storage/storageAccounts', apiVersion: '2023-05-01', name: 'acct' },
        ],
        parameters: { path: { type: 'string', defaultValue: "it's" } },
      });
      const [first] = planned.resources;
      assert.deepEqual(first?.dependsOn, [
        provider('Microsoft.Network/publicIPAddresses/pip'),
        provider('Microsoft.Storage/storageAccounts/acct'),
      ]);
      assert.deepEqual(first.preview(), {
        location: 'westeurope',
        properties: {
          ip: "[concat('http://', reference('pip').ipAddress, '/', 'it''s')]",
          unread: 'plain',
          key: `[listKeys('${provider('Microsoft.Storage/storageAccounts/acct')}', '2023-05-01').keys[0].value]`,
        },
      });
      const asked: unknown[] = [];
      const body = first.body({
        reference: (...call) => {
          asked.push(call);
          return { ipAddress: '10.1.2.3' };
        },
        list: (...call) => {
          asked.push(call);
          return { keys: [{ value: 'k1' }] };
        },
      });
      assert.deepEqual(body['properties'], { ip: "http://10.1.2.3/it's", unread: 'plain', key: 'k1' });
      assert.deepEqual(asked, [
        [provider('Microsoft.Network/publicIPAddresses/pip'), '2023-11-01', false],
        ['listKeys', provider('Microsoft.Storage/storageAccounts/acct'), '2023-05-01', undefined],
      ]);
    });

    it('are refused in the words of Azure', () => {
      refused(
        "Deployment template validation failed: 'The template resource '' at line '0' and column '0' is not valid. The name property cannot be null or empty. Please see https://aka.ms/arm-syntax-resources for usage details.'.",
        { resources: [vnet({ name: null })] },
      );
      refused(
        "Deployment template validation failed: 'The template resource 'a/b' for type 'Microsoft.Network/virtualNetworks' at line '0' and column '0' has incorrect segment lengths. " +
          'A nested resource type must have identical number of segments as its resource name. ' +
          "A root resource type must have segment length one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.'.",
        { resources: [vnet({ name: 'a/b' })] },
      );
      refused(
        "Deployment template validation failed: 'The resource 'Microsoft.Web/sites/func-xyz' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.'.",
        { resources: [vnet({ dependsOn: ["[resourceId('Microsoft.Web/sites', 'func-xyz')]"] })] },
      );
      refused(
        `Deployment template validation failed: 'Circular dependency detected on resource: '${provider('Microsoft.Network/virtualNetworks/b')}'. Please see https://aka.ms/arm-syntax-resources for usage details.'.`,
        {
          resources: [
            vnet({ name: 'a', dependsOn: ['b'] }),
            vnet({ name: 'b', dependsOn: ['c'] }),
            vnet({ name: 'c', properties: { b: "[reference('b').x]" } }),
          ],
        },
      );
      refused(
        "Deployment template validation failed: 'The resource 'Microsoft.Network/virtualNetworks/vnet' at line '0' and column '0' is defined multiple times in a template. Please see https://aka.ms/arm-syntax-resources for usage details.'.",
        { resources: [vnet({ condition: false }), vnet(), vnet()] },
      );
      refused(
        `Unable to process template language expressions for resource '${provider('Microsoft.Network/virtualNetworks/vnet')}' at line '0' and column '0'. 'The language expression property 'host' doesn't exist, available properties are 'a, b'.'`,
        { resources: [vnet({ properties: { x: "[createObject('a', 1, 'b', 2).host]" } })] },
      );
      refused(
        "Deployment template validation failed: 'The template 'copy' definition at line '0' and column '0' has an invalid copy count. The copy count must be a positive integer value and cannot exceed '800'. Please see https://aka.ms/arm-copy for usage details.'.",
        { resources: [vnet({ copy: { name: 'loop', count: 801 } })] },
      );
      refused(
        `Unable to process template language expressions for resource '${provider('Microsoft.Network/virtualNetworks/vnet')}' at line '0' and column '0'. 'The template function 'reference' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.'`,
        { resources: [vnet({ location: "[reference('a/b', 'v').x]" }), vnet({ name: 'a' })] }.resources
          .length === 2
          ? { resources: [vnet({ location: "[reference('a').x]" }), vnet({ name: 'a' })] }
          : {},
      );
    });
  });

  describe('nested deployments', () => {
    const nested = (properties: Parts, more: Parts = {}): Parts => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: 'nested',
      properties: { mode: 'Incremental', ...properties },
      ...more,
    });

    it('of inner scope keep their template and get evaluated parameters', () => {
      const inner = template({
        parameters: { location: { type: 'string' } },
        resources: [vnet({ location: "[parameters('location')]" })],
      });
      const planned = plan({
        resources: [
          nested({
            expressionEvaluationOptions: { scope: 'Inner' },
            parameters: { location: { value: '[resourceGroup().location]' } },
            template: inner,
          }),
        ],
      });
      const body = bodies(planned)['nested'] as {
        properties: { template: unknown; parameters: Record<string, GivenParameter> };
      };
      assert.deepEqual(body.properties.template, inner);
      assert.deepEqual(body.properties.parameters, { location: { value: 'westeurope' } });
      const again = planDeployment(body.properties.template, body.properties.parameters, testScope);
      assert.deepEqual(again.resources[0]?.body(unasked), { location: 'westeurope' });
    });

    it('of outer scope are filled in by the outer one, their own loops aside', () => {
      const planned = plan({
        variables: { prefix: "it's [net]" },
        resources: [
          nested({
            template: template({
              variables: { prefix: 'unseen' },
              resources: [
                vnet({
                  name: "[concat('v', copyIndex())]",
                  copy: { name: 'loop', count: "[length(variables('prefix'))]" },
                  tags: { label: "[variables('prefix')]", kept: '[[plain]' },
                  properties: {
                    ip: "[concat(reference('pip').ipAddress, variables('prefix'), copyIndex('loop'))]",
                  },
                }),
              ],
              outputs: { ip: { type: 'string', value: "[reference('pip').ipAddress]" } },
            }),
          }),
          { type: 'Microsoft.Network/publicIPAddresses', apiVersion: '2023-11-01', name: 'pip' },
        ],
      });
      assert.deepEqual(planned.resources[0]?.dependsOn, [
        provider('Microsoft.Network/publicIPAddresses/pip'),
      ]);
      const runtime: Runtime = { ...unasked, reference: () => ({ ipAddress: '[10]' }) };
      const body = planned.resources[0].body(runtime) as { properties: { template: unknown } };
      const again = planDeployment(
        body.properties.template,
        {},
        { ...testScope, deployment: { name: 'nested' } },
      );
      assert.equal(again.resources.length, 10);
      assert.deepEqual(again.resources[3]?.body(unasked), {
        location: 'westeurope',
        tags: { label: "it's [net]", kept: '[plain]' },
        properties: { ip: "[10]it's [net]3" },
      });
      assert.deepEqual(again.outputs(unasked), { ip: { type: 'String', value: '[10]' } });
    });

    it('give their outputs to what waits for them', () => {
      const planned = plan({
        resources: [
          nested({ template: template({}) }),
          vnet({ properties: { from: "[reference('nested').outputs.id.value]" } }),
        ],
      });
      assert.deepEqual(planned.resources[1]?.dependsOn, [provider('Microsoft.Resources/deployments/nested')]);
      const runtime: Runtime = {
        ...unasked,
        reference: () => ({ outputs: { id: { type: 'String', value: 'x' } } }),
      };
      assert.deepEqual(planned.resources[1].body(runtime)['properties'], { from: 'x' });
    });
  });

  describe('outputs', () => {
    it('are evaluated by the running deployment, named in camel case, secrets absent', () => {
      const planned = plan({
        resources: [vnet()],
        outputs: {
          NewNSG: { type: 'object', value: "[reference('vnet')]" },
          VMSS: { type: 'string', value: 'x' },
          secret: { type: 'securestring', value: 'hidden' },
          unwanted: { condition: false, type: 'string', value: "[fail('never asked')]" },
          list: { type: 'array', copy: { count: 3, input: '[copyIndex()]' } },
          nothing: { type: 'string', nullable: true, value: '[null()]' },
        },
      });
      assert.deepEqual(
        planned.outputs({ ...unasked, reference: () => ({ provisioningState: 'Succeeded' }) }),
        {
          newNSG: { type: 'Object', value: { provisioningState: 'Succeeded' } },
          vmss: { type: 'String', value: 'x' },
          secret: { type: 'SecureString' },
          list: { type: 'Array', value: [0, 1, 2] },
          nothing: { type: 'String', value: null },
        },
      );
    });

    it('fail together, with a detail for each', () => {
      const planned = plan({
        resources: [vnet()],
        outputs: {
          fqdn: { type: 'string', value: "[reference('vnet').dnsSettings.fqdn]" },
          count: { type: 'int', value: "[reference('vnet').text]" },
        },
      });
      const error = refusal(() => planned.outputs({ ...unasked, reference: () => ({ text: 'x', more: 1 }) }));
      assert.deepEqual(error.body(), {
        code: 'DeploymentOutputEvaluationFailed',
        message:
          "Unable to evaluate template outputs: 'fqdn,count'. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details.",
        details: [
          {
            code: 'DeploymentOutputEvaluationFailed',
            target: 'fqdn',
            message:
              "The template output 'fqdn' is not valid: The language expression property 'dnsSettings' doesn't exist, available properties are 'text, more'..",
          },
          {
            code: 'DeploymentOutputEvaluationFailed',
            target: 'count',
            message:
              "The template output 'count' is not valid: Template output JToken type is not valid. Expected 'Integer'. Actual 'String'. Please see https://aka.ms/arm-create-parameter-file for usage details..",
          },
        ],
      });
    });

    it('that can be checked before are', () => {
      assert.match(
        refusal(() => plan({ outputs: { a: { type: 'int', value: 'x' } } })).message,
        /The template output 'a' at line '0' and column '0' is not valid: Template output JToken type is not valid/,
      );
    });
  });

  describe('the template itself', () => {
    it('must have what Azure requires', () => {
      const { $schema: _schema, ...without } = template({});
      assert.match(
        refusal(() => planDeployment(without, {}, testScope)).message,
        /^Deployment template parse failed: 'Required property '\$schema' not found in JSON\./,
      );
      refused(
        "Deployment template validation failed: 'Template schema 'x' is not supported. Supported versions are '2014-04-01-preview,2015-01-01,2018-05-01,2019-04-01,2019-08-01'. Please see https://aka.ms/arm-template for usage details.'.",
        { $schema: 'x' },
      );
      assert.match(
        refusal(() => plan({ contentVersion: 'one' })).message,
        /content version 'one' is not valid/,
      );
      assert.match(refusal(() => planDeployment([], {}, testScope)).message, /must be a JSON object/);
    });

    it('sees a scope and a runtime whose members may be undefined', () => {
      const scope = {
        ...testScope,
        resourceGroup: { ...testScope.resourceGroup, managedBy: undefined, tags: {} },
        deployment: { name: 'd', properties: { mode: 'Incremental', debugSetting: undefined } },
      };
      const planned = planDeployment(
        template({
          resources: [vnet({ tags: '[resourceGroup().tags]' })],
          outputs: {
            keys: { type: 'array', value: '[objectKeys(deployment().properties)]' },
            state: { type: 'object', value: "[reference('vnet')]" },
          },
        }),
        {},
        scope,
      );
      const outputs = planned.outputs({ ...unasked, reference: () => ({ a: 1, b: undefined }) });
      assert.deepEqual(outputs['keys']?.value, ['mode', 'provisioningState', 'template']);
      assert.deepEqual(outputs['state']?.value, { a: 1 });
    });

    it('keeps within the limits', () => {
      const many = (count: number): Parts =>
        Object.fromEntries(
          Array.from({ length: count }, (_item, index) => [`p${index}`, { type: 'int', defaultValue: 1 }]),
        );
      refused(
        "Deployment template validation failed: 'The number of template parameters limit exceeded. Limit: '256' and actual: '257'. Please see https://aka.ms/arm-template for usage details.'.",
        { parameters: many(257) },
      );
      const loop = (name: string): Parts =>
        vnet({ name: `[concat('${name}', copyIndex())]`, copy: { name, count: 500 } });
      assert.match(
        refusal(() => plan({ resources: [loop('a'), loop('b')] })).message,
        /template resources limit exceeded\. Limit: '800'/,
      );
      let deep: unknown = 'x';
      for (let level = 0; level < 20_000; level += 1) deep = [deep];
      assert.match(refusal(() => plan({ variables: { deep } })).message, /nested deeper than 100 levels/);
    });

    it('cannot grow without bounds', () => {
      const doubling = (expression: (before: string) => string): Parts => ({
        v0: "[createArray('0123456789', '0123456789')]",
        ...Object.fromEntries(
          Array.from({ length: 60 }, (_item, index) => [
            `v${index + 1}`,
            `[${expression(`variables('v${index}')`)}]`,
          ]),
        ),
      });
      for (const expression of [
        (before: string) => `createArray(${before}, ${before})`,
        (before: string) => `concat(${before}, ${before})`,
        (before: string) => `createArray(string(${before}), string(${before}))`,
      ]) {
        assert.match(
          refusal(() => plan({ variables: doubling(expression) })).message,
          /is larger than '4194304' characters/,
        );
      }
      const inner = "map(range(0, 10000), lambda('j', add(1, 1)))";
      assert.match(
        refusal(() => plan({ variables: { slow: `[length(map(range(0, 10000), lambda('i', ${inner})))]` } }))
          .message,
        /more than '500000' steps/,
      );
    });

    it('cannot take the machine down by what its functions do', () => {
      const big = {
        big: "[padLeft('', 131072, 'x')]",
        bigger: `[concat(${Array(31).fill("variables('big')").join(', ')})]`,
      };
      const hostile: Readonly<Record<string, RegExp>> = {
        "[join(range(0, 10000), variables('bigger'))]": /is larger than/,
        "[replace(variables('bigger'), 'x', variables('bigger'))]": /is larger than/,
        [`[concat(${Array(1200).fill("variables('bigger')").join(',')})]`]: /more than '500000' steps/,
        [`[format('${'{0,999999}'.repeat(2000)}', 'x')]`]: /too large|is larger than/,
        "[length(map(range(0, 10000), lambda('i', length(concat(variables('bigger'), '')))))]":
          /more than '500000' steps/,
      };
      for (const [expression, message] of Object.entries(hostile)) {
        assert.match(refusal(() => plan({ variables: { ...big, a: expression } })).message, message);
      }
      const nestedCopy = (depth: number): unknown =>
        depth === 0 ? 'x' : { copy: [{ name: `c${depth}`, count: 800, input: nestedCopy(depth - 1) }] };
      assert.match(
        refusal(() => plan({ variables: { a: nestedCopy(3) } })).message,
        /more than '500000' steps/,
      );
      const chain = Object.fromEntries(
        Array.from({ length: 500 }, (_item, index) => [
          `v${index}`,
          `[${'array('.repeat(190)}variables('v${index + 1}')${')'.repeat(190)}]`,
        ]),
      );
      assert.match(
        refusal(() => plan({ variables: { ...chain, v500: 'x' } })).message,
        /nested too deeply to evaluate/,
      );
    });

    it('cannot reach the prototype of anything', () => {
      const hostile = JSON.parse(
        `{"variables": {"__proto__": {"polluted": 1}, "a": {"__proto__": {"polluted": 1}}, "b": "[union(variables('a'), json('{\\"__proto__\\": {\\"polluted\\": 2}}'))]"},
          "parameters": {"__proto__": {"type": "string", "defaultValue": "x"}},
          "outputs": {"__proto__": {"type": "string", "value": "x"}, "p": {"type": "bool", "value": "[contains(variables('b'), '__proto__')]"}}}`,
      ) as Parts;
      const planned = plan(hostile);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      assert.equal(Object.getPrototypeOf(planned.parameters), Object.prototype);
      assert.equal(planned.outputs(unasked)['p']?.value, true);
      for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
        assert.match(
          refusal(() => plan({ variables: { a: `[createObject('x', 1)['${name}']]` } })).message,
          new RegExp(`property '${name}' doesn't exist`),
        );
        assert.match(
          refusal(() => plan({ variables: { a: `[parameters('${name}')]` } })).message,
          /is not found/,
        );
      }
    });
  });
});
