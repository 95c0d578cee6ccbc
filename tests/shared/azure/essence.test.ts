import assert from 'node:assert/strict';
import fc from 'fast-check';
import { errorDetail, essence } from '../../../shared/azure/failure.js';

const group = '/subscriptions/s/resourceGroups/rg/providers';
const generic =
  'At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-debug for usage details.';
const escaped = (value: unknown) => JSON.stringify(value, null, 2).replaceAll('\n', '\r\n');
const noProvider = {
  error: {
    code: 'NoRegisteredProviderFound',
    message:
      "No registered resource provider found for location 'West US' and API version '2014-12-01-preview' for type 'storageAccounts'.",
  },
};
const nested = (inner: unknown) => ({
  code: 'ResourceDeploymentFailure',
  message: "The resource operation completed with terminal provisioning state 'Failed'.",
  details: [{ code: 'DeploymentFailed', message: generic, details: [inner] }],
});

/** Answers of Azure's as they come, by what is peculiar to them. */
const shapes: readonly (readonly [what: string, body: unknown, reasons: readonly string[]])[] = [
  [
    'a nested deployment of 2016: the provider escaped once more with every level',
    {
      error: {
        code: 'DeploymentFailed',
        message: generic,
        details: [
          {
            code: 'Conflict',
            message: escaped({
              status: 'Failed',
              error: nested({ code: 'BadRequest', message: escaped(noProvider) }),
            }),
          },
        ],
      },
    },
    [`NoRegisteredProviderFound: ${noProvider.error.message}`],
  ],
  [
    'the operation of a nested deployment: details, and the provider as text in the innermost',
    { status: 'Failed', error: nested({ code: 'BadRequest', message: escaped(noProvider) }) },
    [`NoRegisteredProviderFound: ${noProvider.error.message}`],
  ],
  [
    'a deployment of today: details with targets down to the instance',
    {
      code: 'DeploymentFailed',
      target: `${group}/Microsoft.Resources/deployments/web`,
      message: generic,
      details: [
        {
          code: 'ResourceDeploymentFailure',
          target: `${group}/Microsoft.Compute/virtualMachineScaleSets/web`,
          message: 'The resource write operation failed to complete successfully.',
          details: [
            {
              code: 'OSProvisioningTimedOut',
              message: "OS Provisioning for VM 'web_3' did not finish in the allotted time.",
            },
          ],
        },
      ],
    },
    [
      `OSProvisioningTimedOut (${group}/Microsoft.Compute/virtualMachineScaleSets/web): OS Provisioning for VM 'web_3' did not finish in the allotted time.`,
    ],
  ],
  [
    'a preflight: two levels of details, two reasons',
    {
      error: {
        code: 'InvalidTemplateDeployment',
        message:
          "The template deployment 'web' is not valid according to the validation procedure. The tracking id is 'x'. See inner errors for details.",
        details: [
          {
            code: 'PreflightValidationCheckFailed',
            message: 'Preflight validation failed. Please refer to the details for the specific errors.',
            details: [
              {
                code: 'AccountNameInvalid',
                target: 'files',
                message: 'files is not a valid storage account name.',
              },
            ],
          },
          {
            code: 'QuotaExceeded',
            message:
              'Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
          },
        ],
      },
    },
    [
      'AccountNameInvalid (files): files is not a valid storage account name.',
      'QuotaExceeded: Operation could not be completed as it results in exceeding approved Total Regional Cores quota.',
    ],
  ],
  [
    'several resources that fail for one reason',
    {
      code: 'DeploymentFailed',
      message: generic,
      details: [
        {
          code: 'Conflict',
          message: escaped({ error: { code: 'SubnetIsFull', message: 'no address left' } }),
        },
        {
          code: 'Conflict',
          message: escaped({ error: { code: 'SubnetIsFull', message: 'no address left' } }),
        },
      ],
    },
    ['SubnetIsFull: no address left'],
  ],
  [
    'a service with capital members, as text',
    {
      code: 'BadRequest',
      message: escaped({
        Code: 'NotFound',
        Message: 'Cannot find Web space web.',
        Target: null,
        Details: [{ Message: 'Cannot find Web space web.' }],
      }),
    },
    ['NotFound: Cannot find Web space web.'],
  ],
  [
    'a conflict that says all by itself',
    { error: { code: 'Conflict', message: 'The request failed due to conflict with a concurrent request.' } },
    ['Conflict: The request failed due to conflict with a concurrent request.'],
  ],
  [
    'a permission that is missing for one resource of the template',
    {
      error: {
        code: 'InvalidTemplateDeployment',
        message:
          "Deployment failed with multiple errors: 'Authorization failed for template resource 'lb' of type 'Microsoft.Network/loadBalancers'.'",
      },
    },
    [
      "InvalidTemplateDeployment: Deployment failed with multiple errors: 'Authorization failed for template resource 'lb' of type 'Microsoft.Network/loadBalancers'.'",
    ],
  ],
];

describe('the reasons that matter of an error of Azure’s', () => {
  for (const [what, body, reasons] of shapes) {
    it(what, () => {
      for (const form of [body, JSON.stringify(body)]) {
        const found = essence(errorDetail(form, 'HTTP 400'));
        assert.deepEqual(
          found.map(
            ({ code, target, message }) => `${code}${target === undefined ? '' : ` (${target})`}: ${message}`,
          ),
          reasons,
        );
      }
    });
  }

  it('is never empty, whatever came', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
        assert.ok(essence(errorDetail(value, 'HTTP 500')).length > 0);
      }),
    );
  });
});
