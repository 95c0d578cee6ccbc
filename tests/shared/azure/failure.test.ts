import assert from 'node:assert/strict';
import { AzureError, UserError, describe as prose } from '../../../shared/core/errors.js';
import { Refusal, azureFailure, errorDetail } from '../../../shared/azure/failure.js';

describe('errorDetail', () => {
  it('reads the usual shape', () => {
    assert.deepEqual(
      errorDetail(
        '{"error":{"code":"InvalidParameter","target":"upgradePolicies.instanceIds","message":"The provided instanceId 999 is not active."}}',
        'HTTP 400',
      ),
      {
        code: 'InvalidParameter',
        target: 'upgradePolicies.instanceIds',
        message: 'The provided instanceId 999 is not active.',
        details: [],
      },
    );
  });

  it('un-nests answers that were escaped into messages, level by level', () => {
    const innermost = { error: { code: 'QuotaExceeded', message: 'Cores: 12 of 10', target: 'cores' } };
    const middle = {
      status: 'Failed',
      error: {
        code: 'DeploymentFailed',
        message: 'At least one resource deployment operation failed.',
        details: [{ code: 'Conflict', message: JSON.stringify(innermost, null, 2) }],
      },
    };
    const outer = {
      error: {
        code: 'ResourceDeploymentFailure',
        message: 'nested',
        details: [{ code: 'Conflict', message: JSON.stringify(middle, null, 2) }],
      },
    };
    const detail = errorDetail(JSON.stringify(outer), 'HTTP 409');
    assert.equal(detail.code, 'ResourceDeploymentFailure');
    assert.equal(detail.details[0]?.code, 'DeploymentFailed');
    assert.deepEqual(detail.details[0].details, [
      { code: 'QuotaExceeded', message: 'Cores: 12 of 10', target: 'cores', details: [] },
    ]);
  });

  it('reads capital members, OData messages and inner errors', () => {
    assert.deepEqual(
      errorDetail({ Code: 'BadRequest', Message: 'no', Details: [{ Message: 'site name taken' }] }, 'x'),
      {
        code: 'BadRequest',
        message: 'no',
        details: [{ code: 'Detail', message: 'site name taken', details: [] }],
      },
    );
    assert.equal(
      errorDetail({ 'odata.error': { code: 'Denied', message: { lang: 'en', value: 'not yours' } } }, 'x')
        .message,
      'not yours',
    );
    const inner = errorDetail(
      {
        error: {
          code: 'OperationNotAllowed',
          message: 'too many requests',
          details: [{ code: 'TooManyRequests', target: 'HighCostGet3Min', message: '{"allowed":180}' }],
          innererror: { code: 'Inner', message: 'deep cause' },
        },
      },
      'x',
    );
    assert.equal(inner.details[0]?.target, undefined);
    assert.equal(inner.details.at(-1)?.message, 'deep cause');
  });

  it('tells where a template is wrong', () => {
    const detail = errorDetail(
      {
        error: {
          code: 'InvalidTemplate',
          message: 'Deployment template validation failed.',
          additionalInfo: [
            { type: 'TemplateViolation', info: { lineNumber: 18, linePosition: 4, path: 'properties.x' } },
          ],
        },
      },
      'x',
    );
    assert.match(detail.message, /lineNumber 18, linePosition 4, path properties\.x/);
  });

  it('names a web page that answers in place of Azure', () => {
    const detail = errorDetail(
      '<!DOCTYPE html><html><head><title>407 Proxy\nAuthentication</title></head><body>…</body></html>',
      'HTTP 407',
    );
    assert.equal(detail.code, 'HTTP 407');
    assert.match(detail.message, /web page answered in Azure's place: 407 Proxy Authentication/);
  });

  it('gives something for anything', () => {
    for (const body of [
      '',
      'plain words',
      '{broken',
      '[]',
      '[{"code":"A","message":"b"}]',
      'null',
      '42',
      {},
      7,
      null,
    ]) {
      const detail = errorDetail(body, 'HTTP 500');
      assert.notEqual(detail.code, undefined);
      assert.notEqual(`${detail.message}${detail.details.map(({ message }) => message).join('')}`, '');
    }
  });

  it('leaves out what Azure only repeats, and stops in a bottomless body', () => {
    const same = { code: 'A', message: 'same' };
    assert.deepEqual(
      errorDetail({ ...same, details: [same, { code: 'B', message: 'other' }] }, 'x').details,
      [{ code: 'B', message: 'other', details: [] }],
    );
    let body: unknown = { code: 'Z', message: 'end' };
    for (let level = 0; level < 500; level++) body = { code: 'A', message: String(level), details: [body] };
    assert.ok(JSON.stringify(errorDetail(body, 'x')).length < 10_000);
  });

  it('keeps control characters of a hostile body out of messages', () => {
    assert.equal(
      errorDetail({ code: 'A', message: '\u001b[31mred\n##vso[x]y' }, 'x').message,
      'red ##vso[x]y',
    );
  });
});

describe('azureFailure', () => {
  it('makes a refusal an AzureError with its tree and request id', () => {
    const refusal = new Refusal(
      409,
      '{"error":{"code":"Outer","message":"o","details":[{"code":"Inner","message":"i"}]}}',
      'id-1',
    );
    const error = azureFailure("deployment 'web'", refusal);
    assert.ok(error instanceof AzureError);
    assert.equal(error.status, 409);
    assert.equal(
      prose(error),
      "Azure refused deployment 'web'.\nOuter: o\n  Inner: i\nAzure request id: id-1",
    );
  });

  it('tells what to do about a sign-in that was refused', () => {
    const refused = Object.assign(new Error('AADSTS7000222: The provided client secret keys are expired.'), {
      name: 'AuthenticationError',
    });
    const error = azureFailure('reading', refused);
    assert.ok(error instanceof UserError);
    assert.match(error.message, /make a new one and put it into the service connection/);
  });

  it('tells what to check when nothing answers', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });
    assert.match(
      (azureFailure('reading', refused) as Error).message,
      /could not be reached[\s\S]*HTTPS_PROXY/,
    );
    const untrusted = Object.assign(new Error('self-signed certificate in certificate chain'), {
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    });
    assert.match((azureFailure('reading', untrusted) as Error).message, /NODE_EXTRA_CA_CERTS/);
  });

  it('leaves a fault of our own as it is', () => {
    const fault = new TypeError('x is not a function');
    assert.equal(azureFailure('reading', fault), fault);
  });
});
