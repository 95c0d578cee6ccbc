import assert from 'node:assert/strict';
import {
  AzureError,
  CancelledError,
  ProblemsError,
  ToolError,
  UserError,
  describe as tell,
} from '../../../shared/core/errors.js';

describe('errors', () => {
  it('tells a mistake as it was written, without a stack', () => {
    assert.equal(tell(new UserError('Do this.')), 'Do this.');
    assert.equal(tell(new CancelledError('Stopped.')), 'Stopped.');
  });

  it('tells several problems at once', () => {
    assert.equal(tell(new ProblemsError('Bad', ['one', 'two'])), 'Bad:\n  - one\n  - two');
    assert.equal(tell(new ProblemsError('Bad', ['one'])), 'Bad: one');
  });

  it("shows a tool's last lines", () => {
    const text = tell(new ToolError('Packer failed with exit code 1.', 'Packer', 1, ['a', 'b']));
    assert.match(text, /exit code 1\.\nIts last lines were:\n {2}a\n {2}b/);
  });

  it("shows the whole tree of Azure's errors", () => {
    const error = new AzureError(
      "the deployment 'web'",
      {
        code: 'DeploymentFailed',
        message: 'At least one resource failed.',
        details: [{ code: 'Conflict', message: 'in use', target: 'web/lb', details: [] }],
      },
      409,
      'req-1',
    );
    assert.equal(
      tell(error),
      "Azure refused the deployment 'web'.\nDeploymentFailed: At least one resource failed.\n  Conflict (web/lb): in use\nAzure request id: req-1",
    );
  });

  it('tells of a full disk, which is no fault of the task', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    assert.equal(
      tell(error),
      "A disk of this agent is full: ENOSPC: no space left on device, write. Free space there, or give the agent's work folder a larger one.",
    );
  });

  it('says that anything else is a fault of the task', () => {
    assert.match(
      tell(new TypeError('x is undefined')),
      /^Unexpected error, probably a fault in this task: x is undefined/,
    );
    assert.match(tell('just text'), /just text/);
  });
});
