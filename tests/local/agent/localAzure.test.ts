import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolders, run, steps, temporaryFolder, writeFiles } from './support.js';

/** A stand-in that keeps to the command line of the local Azure. */
const standIn = `
import { writeFileSync } from 'node:fs';
const value = name => process.argv[process.argv.indexOf(name) + 1];
writeFileSync(value('--traffic'), '');
writeFileSync(process.argv[2], String(process.pid));
setTimeout(() => writeFileSync(value('--ready-file'), JSON.stringify({
  proxy: 'http://127.0.0.1:1', caFile: '/tmp/ca.pem', tenantId: 'tenant-1', clientId: 'client-1',
  clientSecret: 'azure-secret-1', subscriptionId: 'sub-1', certificateFile: process.argv[1], systemAccessToken: 'job-token-1',
}) + '\\n'), 100);
setInterval(() => undefined, 1000);
`;

describe('a run with the local Azure', () => {
  after(removeFolders);

  function command(script: string) {
    const folder = temporaryFolder();
    writeFiles(folder, { 'azure.mjs': script });
    const pidFile = join(folder, 'pid');
    return { pidFile, azureCommand: [process.execPath, join(folder, 'azure.mjs'), pidFile] };
  }

  /** A task that says what its connection is like. */
  function schemeTask(): string {
    const tasks = temporaryFolder();
    const script = `
const get = name => process.env['ENDPOINT_AUTH_PARAMETER_' + process.env.INPUT_CONNECTION + '_' + name] ?? '';
console.log(process.env['ENDPOINT_AUTH_SCHEME_' + process.env.INPUT_CONNECTION]);
console.log(get('AUTHENTICATIONTYPE'));
console.log('key ' + get('SERVICEPRINCIPALKEY'));
console.log('certificate ' + (get('SERVICEPRINCIPALCERTIFICATE').includes('setInterval') ? '***' : ''));
console.log('job ' + process.env.ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN.length);
`;
    writeFiles(tasks, {
      'Scheme/task.json': JSON.stringify({
        id: '7f0e2a0c-3f2b-4f0a-8f57-000000000001',
        name: 'Scheme',
        version: { Major: 1, Minor: 0, Patch: 0 },
        inputs: [{ name: 'connection', type: 'connectedService:AzureRM', label: 'c', required: true }],
        execution: { Node20_1: { target: 'run.cjs' } },
      }),
      'Scheme/run.cjs': script,
    });
    return tasks;
  }

  it('gives it to every connection and to the environment, and stops it', async () => {
    const { azureCommand, pidFile } = command(standIn);
    const { text, record, step, out } = await run(
      steps(
        '- task: Library@1\n  name: lib\n  inputs: {connection: Anything at all}\n- bash: env | sort\n- bash: echo azure-secret-1',
      ),
      {
        options: { azure: 'local' },
        machine: {
          azureCommand,
          environment: { ...process.env, SSL_CERT_DIR: '/x', HTTP_PROXY: 'http://other' },
        },
      },
    );
    assert.equal(record.result, 'succeeded', text);
    assert.deepEqual(step('lib').outputs, { subscription: 'sub-1' });
    assert.match(text, /^tenant tenant-1$/m);
    assert.match(text, /^key \*\*\*$/m);
    assert.match(text, /^scheme ServicePrincipal url https:\/\/management\.azure\.com\/$/m);
    for (const line of [
      'HTTPS_PROXY=http://127.0.0.1:1',
      'https_proxy=http://127.0.0.1:1',
      'NO_PROXY=127.0.0.1,localhost',
      'NODE_EXTRA_CA_CERTS=/tmp/ca.pem',
      'SSL_CERT_FILE=/tmp/ca.pem',
      'REQUESTS_CA_BUNDLE=/tmp/ca.pem',
    ])
      assert.ok(text.includes(`\n${line}\n`), line);
    assert.doesNotMatch(text, /^(SSL_CERT_DIR|HTTP_PROXY)=/m);
    assert.match(text, /^\*\*\*$/m);
    assert.ok(existsSync(join(out, 'azure-traffic.jsonl')));
    assert.throws(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0));
  });

  for (const [scheme, expected] of [
    ['ServicePrincipal', ['ServicePrincipal', 'spnKey', 'key ***', 'certificate ']],
    ['Certificate', ['ServicePrincipal', 'spnCertificate', 'key ', 'certificate ***']],
    ['WorkloadIdentityFederation', ['WorkloadIdentityFederation', '', 'key ', 'certificate ']],
  ] as const) {
    it(`gives connections of ${scheme}, and jobs a token that it knows`, async () => {
      const { azureCommand } = command(standIn);
      const { text } = await run(steps('- task: Scheme@1\n  inputs: {connection: Any}'), {
        options: { azure: 'local', connectionScheme: scheme, tasks: schemeTask() },
        machine: { azureCommand },
      });
      for (const line of expected) assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
      assert.match(text, /^job 11$/m);
    });
  }

  it('tells when it ends in the middle', async () => {
    const { azureCommand } = command(
      standIn.replace(
        'setInterval(() => undefined, 1000)',
        "setTimeout(() => { console.error('out of memory'); process.exit(1); }, 400)",
      ),
    );
    const { text } = await run(steps('- bash: sleep 1'), {
      options: { azure: 'local' },
      machine: { azureCommand },
    });
    assert.match(text, /^##\[error\]The local Azure has ended in the middle of the run\.$/m);
    assert.match(text, /out of memory/);
  });

  it('tells its last words when it does not start', async () => {
    const { azureCommand } = command("console.error('port taken'); process.exit(3);");
    await assert.rejects(
      run(steps('- bash: x'), { options: { azure: 'local' }, machine: { azureCommand } }),
      (error: Error & { lastLines?: readonly string[] }) =>
        /local Azure ended before it was ready/.test(error.message) &&
        error.lastLines?.includes('port taken') === true,
    );
  });
});
