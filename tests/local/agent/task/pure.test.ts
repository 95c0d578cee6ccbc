import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCommand } from '../../../../local/agent/task/command.js';
import { isVisible } from '../../../../local/agent/task/check.js';
import { createLineSplitter } from '../../../../local/agent/task/lines.js';
import { type Variable, expandMacros, expandVariables } from '../../../../local/agent/task/macros.js';
import { createMasker } from '../../../../local/agent/task/masking.js';
import { Variables } from '../../../../local/agent/task/variables.js';

describe('macros', () => {
  const values: Readonly<Record<string, string>> = { a: '1', b: '$(a)', 'x.y': 'dotted' };
  const expand = (text: string) => expandMacros(text, name => values[name]);
  for (const [text, expected] of [
    ['$(a)-$(x.y)', '1-dotted'],
    ['$(b)', '$(a)'],
    ['$(unknown) $(a)', '$(unknown) 1'],
    ['$($(a)', '$(1'],
    ['$(a', '$(a'],
    ['$a ${a}', '$a ${a}'],
  ] as const)
    it(`expands ${text}`, () => {
      assert.equal(expand(text), expected);
    });

  it('leaves texts without macros alone', () => {
    fc.assert(
      fc.property(
        fc.string().filter(text => !text.includes('$(')),
        text => {
          assert.equal(expand(text), text);
        },
      ),
    );
  });

  it('expands variables in variables, makes them secret by what they take in, and tells circles', () => {
    const variable = (name: string, value: string, secret = false): [string, Variable] => [
      name,
      { name, value, secret, readOnly: false },
    ];
    const { variables, warnings } = expandVariables(
      new Map([
        variable('a', '[$(b)]'),
        variable('b', '<$(c)>'),
        variable('c', 'x', true),
        variable('p', '$(q)'),
        variable('q', '$(p)'),
        variable('plain', 'y'),
      ]),
    );
    assert.equal(variables.get('a')?.value, '[<x>]');
    assert.equal(variables.get('a')?.secret, true);
    assert.equal(variables.get('plain')?.secret, false);
    assert.equal(variables.get('p')?.value, '$(q)');
    assert.equal(warnings.length, 2);
  });

  it('keeps a secret variable secret', () => {
    const secrets: string[] = [];
    const variables = new Variables(value => secrets.push(value));
    variables.set('Key', 'one', { secret: true });
    variables.set('KEY', 'two');
    assert.deepEqual(variables.get('key'), { name: 'Key', value: 'two', secret: true, readOnly: false });
    assert.deepEqual(secrets, ['one', 'two']);
  });
});

describe('command parser', () => {
  it('takes a command from anywhere in the line and drops what stands before it', () => {
    const command = parseCommand('noise ##vso[task.SetVariable Variable=a;isSecret=true]va;l]ue');
    assert.ok(command !== undefined && command !== 'malformed');
    assert.equal(command.area, 'task');
    assert.equal(command.event, 'SetVariable');
    assert.deepEqual(
      [...command.properties],
      [
        ['variable', 'a'],
        ['issecret', 'true'],
      ],
    );
    assert.equal(command.data, 'va;l]ue');
  });
  it('unescapes in the order of the agent', () => {
    const command = parseCommand('##vso[a.b p=1%3B2%5D3%AZP250A]x%0Dy%0Az%AZP253B');
    assert.ok(command !== undefined && command !== 'malformed');
    assert.equal(command.properties.get('p'), '1;2]3%0A');
    assert.equal(command.data, 'x\ry\nz%3B');
  });
  it('ignores empty values and pairs without a value', () => {
    const command = parseCommand('##vso[task.complete result=Failed;x=;y]');
    assert.ok(command !== undefined && command !== 'malformed');
    assert.deepEqual([...command.properties], [['result', 'Failed']]);
  });
  for (const line of [
    '##vso[task.debug no end',
    '##vso[task]x',
    '##vso[.debug]x',
    '##vso task',
    '##vso[a.b.c]',
  ])
    it(`finds '${line}' malformed`, () => {
      assert.equal(parseCommand(line), 'malformed');
    });
  for (const line of ['##VSO[task.debug]x', '##[error]x', '##_vso[task.debug]', ''])
    it(`finds no command in '${line}'`, () => {
      assert.equal(parseCommand(line), undefined);
    });
});

describe('line splitter', () => {
  const split = (chunks: readonly Buffer[]) => {
    const lines: string[] = [];
    const splitter = createLineSplitter(line => lines.push(line));
    for (const chunk of chunks) splitter.push(chunk);
    splitter.end();
    return lines;
  };
  it('cuts at \\n, \\r and \\r\\n', () => {
    assert.deepEqual(split([Buffer.from('a\nb\rc\r\nd\n\ne')]), ['a', 'b', 'c', 'd', '', 'e']);
  });
  it('cuts the same however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'ü', '\r', '\n', '€') }),
        fc.array(fc.nat(20)),
        (text, cuts) => {
          const bytes = Buffer.from(text);
          const chunks: Buffer[] = [];
          let start = 0;
          for (const cut of cuts) chunks.push(bytes.subarray(start, (start += cut)));
          chunks.push(bytes.subarray(start));
          const expected = text.split(/\r\n|\r|\n/);
          if (expected.at(-1) === '') expected.pop();
          assert.deepEqual(split(chunks), expected);
        },
      ),
    );
  });
  it('shows bytes that are no UTF-8 as U+FFFD', () => {
    assert.deepEqual(split([Buffer.from([0x61, 0xff, 0xc3, 0x0a, 0x62])]), ['a\ufffd\ufffd', 'b']);
  });
});

describe('masking', () => {
  const secret = 'p"a ss%\\wörd';
  it('hides a secret known from the start in every form', () => {
    const masker = createMasker();
    masker.addAtStart(secret);
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      secret.replaceAll('\\', '\\\\'),
      secret.replaceAll('%', '%AZP25'),
      Buffer.from(secret).toString('base64'),
    ])
      assert.equal(masker.mask(`<${form}>`), '<***>', form);
  });
  it('hides it as .NET writes it into a URL', () => {
    const masker = createMasker();
    masker.add("it's (all) * & !");
    assert.equal(masker.mask('q=it%27s%20%28all%29%20%2A%20%26%20%21'), 'q=***');
  });
  it('hides it trimmed and without quotes', () => {
    const masker = createMasker();
    masker.addAtStart('"quoted"\r\n');
    assert.equal(masker.mask('a quoted b'), 'a *** b');
  });
  it('does not hide the base64 of a secret told at run time', () => {
    const masker = createMasker();
    masker.add('abc%def');
    assert.equal(masker.mask('abc%def abc%AZP25def abc%25def'), '*** *** ***');
    const encoded = Buffer.from('abc%def').toString('base64');
    assert.equal(masker.mask(encoded), encoded);
  });
  it('hides overlapping and nested secrets whole', () => {
    const masker = createMasker();
    masker.add('abcd');
    masker.add('cdef');
    masker.add('bc');
    assert.equal(masker.mask('xabcdefx abc'), 'x***x a***');
  });
  it('hides the password of a URL', () => {
    assert.equal(
      createMasker().mask('git clone https://me:hunter2@host/x'),
      'git clone https://me:***@host/x',
    );
  });
  it('never shows a secret, and hides nothing for an empty one', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 3 }), fc.string(), fc.string(), (value, before, after) => {
        const masker = createMasker();
        masker.add('');
        assert.equal(masker.mask(before.replaceAll('/', '')), before.replaceAll('/', ''));
        masker.add(value);
        if (value.trim() !== '' && !'***'.includes(value) && !value.includes('*'))
          assert.ok(!masker.mask(`${before}${value}${after}`).includes(value));
      }),
    );
  });
});

describe('visible rules', () => {
  const values: Readonly<Record<string, string>> = { action: 'deploy', mode: '', open: '$(later)' };
  for (const [rule, expected] of [
    ['', true],
    ['action = deploy', true],
    ['action == DEPLOY && mode = ', true],
    ['action != deploy', false],
    ['action = x || action in deploy, update', true],
    ['action notIn deploy,update', false],
    ['action startsWith dep', true],
    ['action contains xyz', false],
    ['open = x', undefined],
    ['nosuch = x', undefined],
  ] as const)
    it(`finds '${rule}' ${String(expected)}`, () => {
      assert.equal(
        isVisible(rule, name => values[name]),
        expected,
      );
    });
});
