import assert from 'node:assert/strict';
import {
  RestError,
  createHttpHeaders,
  createPipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { answerPolicy, observing } from '../../../shared/azure/answers.js';
import { Refusal } from '../../../shared/azure/failure.js';
import type { Clock } from '../../../shared/core/wait.js';

const group = 'https://management.azure.com/subscriptions/s/resourceGroups/rg';
type Scripted = { status: number; body?: string; retryAfter?: string } | Error;

function scripted(script: Scripted[], url = group) {
  let time = 0;
  const clock: Clock = {
    now: () => time,
    sleep: (milliseconds, signal) => {
      signal.throwIfAborted();
      time += milliseconds;
      return Promise.resolve();
    },
  };
  const log: string[] = [];
  const policy = answerPolicy({
    signal: new AbortController().signal,
    clock,
    log: line => void log.push(line),
  });
  const request = createPipelineRequest({ url });
  const next = (): Promise<PipelineResponse> => {
    const answer = script.shift();
    assert.ok(answer !== undefined, 'more requests than scripted');
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({
      request,
      status: answer.status,
      headers: createHttpHeaders({
        'x-ms-request-id': 'request-1',
        ...(answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter }),
      }),
      bodyAsText: answer.body ?? '',
    });
  };
  return { send: () => policy.sendRequest(request, next), log, elapsed: () => time, script };
}

describe('answerPolicy', () => {
  it('keeps the whole body of a refusal', async () => {
    const body = '{"error":{"code":"A","message":"b","details":[{"code":"C","message":"d"}]}}';
    await assert.rejects(scripted([{ status: 400, body }]).send(), (error: unknown) => {
      assert.ok(error instanceof Refusal);
      assert.deepEqual([error.status, error.body, error.requestId], [400, body, 'request-1']);
      return true;
    });
  });

  it('takes a refusal that core-client has already made an error for what it is', async () => {
    const response = {
      request: createPipelineRequest({ url: group }),
      status: 404,
      headers: createHttpHeaders(),
      bodyAsText: '{"error":{"code":"ResourceGroupNotFound"}}',
    };
    await assert.rejects(
      scripted([new RestError('not found', { statusCode: 404, response })]).send(),
      (error: unknown) => error instanceof Refusal && error.status === 404,
    );
  });

  it('takes the status document of a failed operation for a refusal, and no other document', async () => {
    const failed = '{"status":"Failed","error":{"code":"OverconstrainedAllocation","message":"m"}}';
    for (const path of [
      'operations/6b6b',
      'operationStatuses/085',
      'capsOperations/c7f8?p=1',
      'DiskOperations/1',
    ]) {
      await assert.rejects(
        scripted(
          [{ status: 200, body: failed }],
          `${group}/providers/Microsoft.X/locations/w/${path}`,
        ).send(),
        Refusal,
        path,
      );
    }
    assert.equal((await scripted([{ status: 200, body: failed }]).send()).status, 200);
    const running = scripted([{ status: 200, body: '{"status":"InProgress"}' }], `${group}/operations/1`);
    assert.equal((await running.send()).status, 200);
  });

  it('waits as long as Azure asks when it throttles, and says so', async () => {
    const body =
      '{"error":{"code":"OperationNotAllowed","message":"too many requests","details":[{"code":"TooManyRequests","target":"HighCostGetVMScaleSet3Min","message":"over"}]}}';
    const { send, log, elapsed } = scripted([{ status: 429, body, retryAfter: '35' }, { status: 200 }]);
    assert.equal((await send()).status, 200);
    assert.equal(elapsed(), 35_000);
    assert.deepEqual(log, [
      "Azure is throttling this subscription's requests [HighCostGetVMScaleSet3Min]: asking again in 35.0 s.",
    ]);
  });

  it('never sleeps longer than two minutes at once, nor ten in all', async () => {
    const { send, elapsed, script } = scripted(
      Array.from({ length: 20 }, () => ({ status: 429, retryAfter: '1200' })),
    );
    await assert.rejects(send(), (error: unknown) => error instanceof Refusal && error.status === 429);
    assert.equal(elapsed(), 600_000);
    assert.equal(script.length, 14);
  });

  it('tries again after faults that pass, four times at most', async () => {
    const reset = new RestError('socket hang up', { code: 'ECONNRESET' });
    const good = scripted([reset, { status: 503 }, { status: 200 }]);
    assert.equal((await good.send()).status, 200);
    assert.equal(good.log.length, 2);
    const bad = scripted(Array.from({ length: 9 }, () => ({ status: 502 })));
    await assert.rejects(bad.send(), Refusal);
    assert.equal(bad.script.length, 5);
    const unknown = new RestError('certificate', { code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    await assert.rejects(scripted([unknown]).send(), unknown);
  });

  it('tells the caller what the answers said, apart for each of them', async () => {
    const one = scripted([{ status: 200, body: 'one', retryAfter: '7' }]);
    const two = scripted([{ status: 200, body: 'two' }]);
    const [first, second] = await Promise.all([observing(one.send), observing(two.send)]);
    assert.deepEqual(first.answers, { bodies: ['one'], retryAfter: 7000 });
    assert.deepEqual(second.answers, { bodies: ['two'], retryAfter: undefined });
  });
});
