import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkJava,
  findJmeter,
  javaMajor,
  propertiesFile,
  propertiesRead,
  siteProperties,
} from '../../../tasks/RunJmeterLoad/src/jmeter.js';
import { startOfTest } from '../../../tasks/RunJmeterLoad/src/runJmeter.js';
import { fakeAgent, type FakeAgent, type FakeAgentOptions } from '../../fakes/fakeAgent.js';

describe('siteProperties', () => {
  for (const [url, parts] of [
    ['http://127.0.3.1', ['http', '127.0.3.1', '80', '']],
    ['https://a.example.com/', ['https', 'a.example.com', '443', '']],
    ['http://a.example.com:8080/app/', ['http', 'a.example.com', '8080', '/app']],
    ['https://[2001:db8::1]/x/y', ['https', '2001:db8::1', '443', '/x/y']],
  ] as const) {
    it(`splits ${url}`, () => {
      assert.deepEqual(Object.values(siteProperties(new URL(url))), parts);
    });
  }
});

describe('propertiesRead', () => {
  it('finds what a plan reads, with and without a default', () => {
    const plan = '<a>${__P(host)}</a><b>${__P( port ,80)}</b><c>${__property(path,,x)}</c><d>${host}</d>';
    assert.deepEqual([...propertiesRead(plan)], ['host', 'port', 'path']);
  });
});

describe('propertiesFile', () => {
  it('escapes what a Java properties file gives a meaning, and what is not Latin-1', () => {
    assert.equal(
      propertiesFile(
        new Map([
          ['a b', ' x=y:z #!\\ '],
          ['é', 'two\nlines €'],
        ]),
      ),
      'a\\ b=\\ x\\=y\\:z\\ \\#\\!\\\\\\ \n\\u00e9=two\\u000alines\\ \\u20ac\n',
    );
  });
});

describe('javaMajor', () => {
  for (const [line, major] of [
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_292"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['no java', undefined],
  ] as const) {
    it(`reads ${line}`, () => {
      assert.equal(javaMajor(line), major);
    });
  }
});

describe('startOfTest', () => {
  it("reads JMeter's own line and no other", () => {
    assert.equal(
      startOfTest('Starting standalone test @ 2026 Nov 23 01:47:17 UTC (1795398437078)'),
      1795398437078,
    );
    assert.equal(startOfTest('summary = 12 in 00:00:00'), undefined);
  });
});

describe('JMeter and Java on the agent', () => {
  let directory: string;
  let fakes: FakeAgent[] = [];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'jmeter-home-'));
    mkdirSync(join(directory, 'bin'));
  });
  afterEach(async () => {
    for (const fake of fakes) await fake.close();
    fakes = [];
    rmSync(directory, { recursive: true });
  });

  function program(name: string, script = ''): string {
    const path = join(directory, 'bin', name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }
  function agent(options: FakeAgentOptions) {
    const fake = fakeAgent(options);
    fakes.push(fake);
    return fake.agent;
  }

  it('are taken from the input, the variable, PATH, in this order', () => {
    const path = program('jmeter');
    const machine = { environment: { JMETER_HOME: directory }, tools: { jmeter: '/usr/bin/jmeter' } };
    assert.equal(findJmeter(directory, agent({})), path);
    assert.equal(findJmeter(undefined, agent(machine)), path);
    assert.equal(findJmeter(undefined, agent({ tools: machine.tools })), '/usr/bin/jmeter');
  });

  it('are missed by name', async () => {
    assert.throws(() => findJmeter('/nowhere', agent({})), {
      message: /^There is no JMeter in \/nowhere \(from the input 'jmeterHome'\)/,
    });
    assert.throws(() => findJmeter(undefined, agent({ environment: { JMETER_HOME: '/nope' } })), {
      message: /from the variable JMETER_HOME/,
    });
    assert.equal(findJmeter(undefined, agent({})), undefined);
    await assert.rejects(checkJava(agent({})), { name: 'UserError', message: /^Java was not found/ });
    await assert.rejects(checkJava(agent({ environment: { JAVA_HOME: '/nope' } })), {
      message: /^JAVA_HOME is \/nope, but \/nope\/bin\/java does not exist/,
    });
  });

  it('have their versions looked at', async () => {
    const old = program('java', `echo 'java version "1.7.0_80"' >&2`);
    await assert.rejects(checkJava(agent({ tools: { java: old } })), {
      message: /is Java 7; JMeter needs Java 8 or later/,
    });
    program('java', 'echo "cannot open shared object"; exit 127');
    await assert.rejects(checkJava(agent({ environment: { JAVA_HOME: directory } })), {
      message: /does not work: .*cannot open shared object/,
    });
    program('java', `echo 'openjdk version "17.0.15" 2025-04-15' >&2`);
    assert.equal(
      await checkJava(agent({ environment: { JAVA_HOME: directory } })),
      'openjdk version "17.0.15" 2025-04-15',
    );
  });
});
