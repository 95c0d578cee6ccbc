import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node24 } from '../../../../scripts/setup/cache.mjs';
import { removeFolders, run, steps, temporaryFolder, writeFiles, fixtureTasks } from '../support.js';

const connection = {
  scheme: 'ServicePrincipal',
  url: 'https://management.azure.com/',
  parameters: { tenantid: 'tenant-1', serviceprincipalid: 'client-1', serviceprincipalkey: 'key-1' },
  data: { subscriptionId: 'sub-1', environment: 'AzureCloud' },
};

function connectionsFile(): string {
  const file = join(temporaryFolder(), 'connections.json');
  writeFileSync(file, JSON.stringify({ 'My Azure': connection }));
  return file;
}

/** The environment of the fixture task `Dump`. */
async function dump(inputs: string, before = '', options = {}, more = '') {
  const file = join(temporaryFolder(), 'dump.json');
  const result = await run(
    `${before}steps:\n- task: Dump@1\n  name: dump\n  inputs:\n    FILE: ${file}\n${inputs}${more}`,
    options,
  );
  assert.equal(result.record.result, 'succeeded', result.text);
  const environment = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | undefined>;
  return { ...result, environment };
}

describe('the environment of a task', () => {
  after(removeFolders);

  it('has every input, with defaults, trimmed, and macros of variables and of the environment put in', async () => {
    const { environment, folder, out } = await dump(
      "    text: '  $(a) $(b) $(HOME) $(none) '\n",
      "variables: {a: '1', b: '$(a)2', HOME2: x}\n",
    );
    assert.equal(environment['INPUT_TEXT'], `1 12 ${process.env['HOME'] ?? ''} $(none)`);
    assert.equal(environment['INPUT_CONNECTION'], '');
    assert.equal(environment['INPUT_PATH'], join(out, '_work/1/s'));
    assert.notEqual(environment['INPUT_PATH'], folder);
    const { environment: other } = await dump('    path: sub/dir\n');
    assert.match(other['INPUT_PATH'] ?? '', /_work\/1\/s\/sub\/dir$/);
    assert.equal(other['INPUT_TEXT'], 'a default');
    assert.equal((await dump('    path: /abs\n')).environment['INPUT_PATH'], '/abs');
  });

  it('keeps spaces of inputs when told to', async () => {
    const { environment } = await dump("    text: ' x '\n", "variables: {DISABLE_INPUT_TRIMMING: 'true'}\n");
    assert.equal(environment['INPUT_TEXT'], ' x ');
  });

  it('has public variables under their formatted names, and secrets apart', async () => {
    const { environment } = await dump(
      '    text: $(TOKEN)\n',
      "variables: {my.dotted name-x: '1', mixed: 'with $(TOKEN)'}\n",
      { options: { secrets: new Map([['TOKEN', 's3cret']]) } },
    );
    assert.equal(environment['MY_DOTTED_NAME-X'], '1');
    assert.equal(environment['SECRET_TOKEN'], 's3cret');
    assert.equal(environment['TOKEN'], undefined);
    // A variable that takes in a secret is one.
    assert.equal(environment['MIXED'], undefined);
    assert.equal(environment['SECRET_MIXED'], 'with s3cret');
    const names = (name: string) => JSON.parse(environment[name] ?? '') as string[];
    assert.deepEqual(names('VSTS_SECRET_VARIABLES').sort(), ['System.AccessToken', 'TOKEN', 'mixed']);
    assert.ok(names('VSTS_PUBLIC_VARIABLES').includes('my.dotted name-x'));
    assert.ok(names('VSTS_PUBLIC_VARIABLES').includes('System.DefaultWorkingDirectory'));
  });

  it('has what the agent always gives', async () => {
    const { environment, out } = await dump('');
    assert.deepEqual(readdirSync(join(out, '_work/_temp')), []);
    const work = join(out, '_work');
    for (const [name, value] of Object.entries({
      TF_BUILD: 'True',
      AGENT_TEMPDIRECTORY: join(work, '_temp'),
      BUILD_SOURCESDIRECTORY: join(work, '1/s'),
      BUILD_ARTIFACTSTAGINGDIRECTORY: join(work, '1/a'),
      BUILD_BINARIESDIRECTORY: join(work, '1/b'),
      COMMON_TESTRESULTSDIRECTORY: join(work, '1/TestResults'),
      PIPELINE_WORKSPACE: join(work, '1'),
      SYSTEM_DEFAULTWORKINGDIRECTORY: join(work, '1/s'),
      SYSTEM_HOSTTYPE: 'build',
      SYSTEM_STAGENAME: '__default',
      SYSTEM_JOBNAME: 'Job',
      BUILD_DEFINITIONNAME: 'pipeline',
      BUILD_BUILDID: '1',
      AGENT_OS: 'Linux',
      AGENT_JOBSTATUS: 'Succeeded',
      'agent.jobstatus': 'Succeeded',
      SYSTEM_TASKINSTANCENAME: 'dump',
      ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION: 'OAuth',
      cwd: join(work, '1/s'),
    }))
      assert.equal(environment[name], value, name);
    assert.ok(environment['ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN']);
    assert.equal(environment['ENDPOINT_DATA_SYSTEMVSSCONNECTION'], undefined);
    assert.match(environment['VSTS_PROCESS_LOOKUP_ID'] ?? '', /^vsts_[0-9a-f-]{36}$/);
  });

  it('is that of a release on the release host', async () => {
    const { environment, out } = await dump('', '', { options: { host: 'release' } });
    const artifacts = join(out, '_work/r1/a');
    assert.equal(environment['SYSTEM_HOSTTYPE'], 'release');
    assert.equal(environment['SYSTEM_DEFAULTWORKINGDIRECTORY'], artifacts);
    assert.equal(environment['AGENT_RELEASEDIRECTORY'], artifacts);
    assert.equal(environment['INPUT_PATH'], artifacts);
    assert.equal(environment['RELEASE_RELEASEID'], '1');
    assert.equal(environment['BUILD_SOURCESDIRECTORY'], undefined);
  });

  it("has the step's env, expanded, which a variable of the same name beats", async () => {
    const { environment } = await dump(
      '',
      "variables: {a: '1', UPPER: variable}\n",
      {},
      "  env:\n    MINE: ' $(a) $(HOME) '\n    UPPER: step\n    lower: kept\n",
    );
    assert.equal(environment['MINE'], `1 ${process.env['HOME'] ?? ''}`);
    assert.equal(environment['UPPER'], 'variable');
    assert.equal(environment['lower'], 'kept');
  });

  it('has the connection that an input names, under the id that the input holds', async () => {
    const { environment, text, out } = await dump('    connection: my azure\n', '', {
      options: { connections: connectionsFile() },
    });
    const id = environment['INPUT_CONNECTION'] ?? '';
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(environment[`ENDPOINT_URL_${id}`], connection.url);
    assert.equal(environment[`ENDPOINT_AUTH_SCHEME_${id}`], 'ServicePrincipal');
    assert.deepEqual(JSON.parse(environment[`ENDPOINT_AUTH_${id}`] ?? ''), {
      parameters: connection.parameters,
      scheme: 'ServicePrincipal',
    });
    assert.equal(environment[`ENDPOINT_AUTH_PARAMETER_${id}_SERVICEPRINCIPALKEY`], 'key-1');
    assert.equal(environment[`ENDPOINT_DATA_${id}_SUBSCRIPTIONID`], 'sub-1');
    assert.deepEqual(JSON.parse(environment[`ENDPOINT_DATA_${id}`] ?? ''), connection.data);
    assert.doesNotMatch(text, /key-1/);
    assert.doesNotMatch(readFileSync(join(out, 'run.json'), 'utf8'), /key-1/);
    const { environment: without } = await dump('', '', { options: { connections: connectionsFile() } });
    assert.equal(without[`ENDPOINT_URL_${id}`], undefined);
  });

  it('has what a command has changed in the connection', async () => {
    const id = '0a0a0a0a-0000-4000-8000-000000000001';
    const connections = join(temporaryFolder(), 'connections.json');
    writeFileSync(connections, JSON.stringify({ Mine: { ...connection, id } }));
    const { environment, text } = await dump(
      `    connection: ${id}\n`,
      '',
      { options: { connections } },
      `- bash: exit 0\n`,
    );
    assert.equal(environment[`ENDPOINT_URL_${id}`], connection.url, text);
    const file = join(temporaryFolder(), 'second.json');
    const task = (path: string) => `- task: Dump@1\n  inputs: {file: ${path}, connection: Mine}\n`;
    await run(
      steps(
        `${task(join(temporaryFolder(), 'first.json'))}- bash: |
    echo '##vso[task.setendpoint id=${id};field=url]https://other.example'
    echo '##vso[task.setendpoint id=${id};field=authParameter;key=serviceprincipalkey]new-key'
    echo '##vso[task.setendpoint id=${id};field=dataParameter;key=extra]more'
${task(file)}`,
      ),
      { options: { connections } },
    );
    const changed = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string | undefined>;
    assert.equal(changed[`ENDPOINT_URL_${id}`], 'https://other.example/');
    assert.equal(changed[`ENDPOINT_AUTH_PARAMETER_${id}_SERVICEPRINCIPALKEY`], 'new-key');
    assert.equal(changed[`ENDPOINT_DATA_${id}_EXTRA`], 'more');
    assert.equal(changed[`ENDPOINT_DATA_${id}_SUBSCRIPTIONID`], 'sub-1');
  });

  it('is that of a script without inputs, connections and secrets', async () => {
    const { text } = await run(
      steps('- bash: env; printf %s "$(TOKEN)" | base64\n  env: {MAPPED: $(TOKEN)}'),
      {
        options: { secrets: new Map([['TOKEN', 'abcdefgh']]) },
      },
    );
    assert.match(text, /^MAPPED=\*\*\*$/m);
    assert.match(text, /^\*\*\*$/m);
    assert.match(text, /^BUILD_REASON=Manual$/m);
    assert.doesNotMatch(text, /^(INPUT_|ENDPOINT_|SECRET_)/m);
  });

  it('is understood by the real task library, which hides the key and keeps secrets to itself', async () => {
    const { text, step } = await run(
      steps('- task: Library@1\n  name: lib\n  inputs: {connection: My Azure, secretName: TOKEN}'),
      { options: { connections: connectionsFile(), secrets: new Map([['TOKEN', 'abcdefgh']]) } },
    );
    assert.equal(step('lib').result, 'succeeded', text);
    assert.deepEqual(step('lib').outputs, { subscription: 'sub-1' });
    assert.match(text, /^tenant tenant-1$/m);
    assert.match(text, /^key \*\*\*$/m);
    assert.match(text, /^secret length 8 \*\*\* plain undefined$/m);
    const failed = await run(
      steps('- task: Library@1\n  name: lib\n  inputs: {connection: My Azure, result: Failed}'),
      {
        options: { connections: connectionsFile() },
      },
    );
    assert.equal(failed.step('lib').result, 'failed');
    assert.deepEqual(
      failed.step('lib').issues.map(({ message }) => message),
      ['it failed'],
    );
  });

  it('runs tasks on the node that is named', async function () {
    assert.ok(existsSync(node24()), 'the set-up brings a Node 24: npm run setup -- --for test');
    const { environment } = await dump('', '', { options: { node: node24() } });
    assert.match(environment['node'] ?? '', /^v24\./);
  });
});

describe('the tasks of a file', () => {
  after(removeFolders);

  it('are checked before anything runs, all at once', async () => {
    const file = `steps:
- bash: touch ran
- task: AzureCLI@2
- task: Picky@2
- task: Picky
- task: Picky@1
  inputs: {action: destroy, count: many, force: perhaps, nonsense: x}
- task: Picky@1
  inputs: {azureSubscription: a, ConnectedServiceName: b, action: update}
- task: Picky@1
  inputs: {azureSubscription: c, action: $(later)}
`;
    await assert.rejects(run(file, { options: { azure: 'local' } }), (error: Error) => {
      const lines = error.message
        .split('\n')
        .slice(1)
        .map(line => line.replace(/^ {2}- \S*pipeline\.yml/, ''));
      assert.deepEqual(lines, [
        ':3:9: task AzureCLI@2 is not part of this repository; only Dump@1, Flaky@1, Grandchild@1, Hang@1, Library@1, Phases@1, Picky@1, Print@1 and Restricted@1 can run locally',
        ':4:9: task Picky@2 does not exist in this version; there is Picky@1',
        ':5:9: task Picky needs a version; write Picky@1',
        ":6:9: Picky needs the input 'ConnectedServiceName (or azureSubscription)'",
        ":7:12: 'destroy' is not a value of the input 'action'; it takes deploy or update",
        ":7:29: the input 'count' must be a whole number, not 'many'",
        ":7:42: the input 'force' must be true or false, not 'perhaps'",
        ":7:58: 'nonsense' is not an input of Picky; its inputs are ConnectedServiceName (or azureSubscription), action, template, image, count and force",
        ":8:9: Picky needs the input 'image'",
        ":9:34: the input 'ConnectedServiceName (or azureSubscription)' is given twice, here as 'ConnectedServiceName'",
      ]);
      return true;
    });
  });

  it('need their connections described when there is no Azure', async () => {
    await assert.rejects(
      run(steps('- task: Dump@1\n  inputs: {file: x, connection: Nowhere}')),
      /pipeline\.yml:3:23: there is no service connection 'Nowhere'; run with --azure local/,
    );
    await assert.rejects(
      run(`variables: {c: Else}\n${steps('- task: Dump@1\n  inputs: {file: x, connection: $(c)}')}`),
      /no service connection 'Else'/,
    );
    const { step } = await run(
      `variables: {late: "$[ 'Nowhere' ]"}\n${steps('- task: Dump@1\n  name: d\n  inputs: {file: x, connection: $(late)}')}`,
    );
    assert.match(step('d').issues[0]?.message ?? '', /no service connection 'Nowhere'/);
  });

  it('are found below the folder that is named', async () => {
    await assert.rejects(
      run(steps('- bash: x'), { options: { tasks: '/nowhere' } }),
      /no tasks in \/nowhere.*npm run build/,
    );
    assert.ok(existsSync(join(fixtureTasks, 'Print/task.json')));
  });
});

describe('the source of a run', () => {
  after(removeFolders);

  it('is the working tree without what git ignores', async () => {
    const source = temporaryFolder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', source, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args]);
    writeFiles(source, {
      'app/pipeline.yml': steps(
        '- bash: find . -type f -o -type l | sort && echo "$(Build.SourceBranch) $(Build.SourceVersion)"',
      ),
      'app/tracked': '1',
      'app/gone': '1',
      'app/sub/deep': '1',
      'app/ignored.log': '1',
      elsewhere: '1',
      '.gitignore': '*.log\n',
    });
    execFileSync('git', ['init', '-q', '-b', 'trunk', source]);
    git('add', '.');
    git('commit', '-qm', 'first');
    writeFiles(source, { 'app/new': '1', 'app/tracked': '2' });
    symlinkSync('tracked', join(source, 'app/link'));
    execFileSync('rm', [join(source, 'app/gone')]);
    const commit = execFileSync('git', ['-C', source, 'rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
    const { text } = await run('', {
      options: { file: join(source, 'app/pipeline.yml'), out: join(source, 'app/results') },
    });
    assert.ok(
      text.includes(`./link\n./new\n./pipeline.yml\n./sub/deep\n./tracked\nrefs/heads/trunk ${commit}`),
      text,
    );
  });

  it('may lie in the folder of the results, and the other way round', async () => {
    const folder = temporaryFolder();
    const yaml = steps('- bash: ls -A | sort | xargs echo found');
    writeFiles(folder, { 'source/p.yml': yaml, 'source/a': '1' });
    const inside = await run('', { options: { file: join(folder, 'source/p.yml'), out: folder } });
    assert.match(inside.text, /^found a p\.yml$/m);
    const outside = await run('', {
      options: { file: join(folder, 'source/p.yml'), out: join(folder, 'source/out') },
    });
    assert.match(outside.text, /^found a p\.yml$/m);
  });

  it('is refused a folder for its results that holds what is not its own', async () => {
    const out = temporaryFolder();
    writeFiles(out, { 'logs/mine.txt': 'precious' });
    await assert.rejects(run(steps('- bash: x'), { options: { out } }), /already holds logs/);
    assert.ok(existsSync(join(out, 'logs/mine.txt')));
  });

  it('leaves nothing of the run before in the same folder', async () => {
    const out = temporaryFolder();
    const first = await run(steps('- bash: touch left && echo x > $(Build.ArtifactStagingDirectory)/y'), {
      options: { out },
    });
    const second = await run(steps('- checkout: none\n- bash: find .. -type f | wc -l'), {
      options: { out },
    });
    assert.match(second.text, /^0$/m);
    assert.equal(first.record.buildNumber.split('.')[1], '1');
    assert.equal(second.record.buildNumber.split('.')[1], '2');
  });
});
