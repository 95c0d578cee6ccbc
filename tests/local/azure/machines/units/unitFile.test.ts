/** systemd's syntax: unit files, command lines, environments. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  expandCommand,
  parseCommands,
  parseEnvironment,
  parseEnvironmentFile,
  splitWords,
} from '../../../../../local/azure/machines/units/commandLine.js';
import {
  allValues,
  lastValue,
  parseBoolean,
  parseTimeSpan,
  parseUnitFile,
} from '../../../../../local/azure/machines/units/unitFile.js';

describe('unit file', () => {
  it('reads sections, comments, continued lines and repeated keys', () => {
    const entries = parseUnitFile(
      [
        '# a comment',
        '[Unit]',
        'Description = The web application',
        'After=network.target db.service',
        '; another',
        '[Service]',
        'ExecStart=/usr/bin/web \\',
        '# in between',
        '  --port 80 \\',
        '  --name "a b"',
        'Environment=A=1',
        'Environment=B=2',
        'no assignment',
        '',
      ].join('\n'),
    );
    assert.equal(lastValue(entries, 'Unit', 'Description'), 'The web application');
    assert.equal(lastValue(entries, 'Service', 'ExecStart'), '/usr/bin/web  --port 80  --name "a b"');
    assert.deepEqual(allValues(entries, 'Service', 'Environment'), ['A=1', 'B=2']);
    assert.equal(lastValue(entries, 'Service', 'Description'), undefined);
  });

  it('clears a list at an empty assignment, as a drop-in does', () => {
    const entries = [
      ...parseUnitFile('[Service]\nExecStart=/old'),
      ...parseUnitFile('[Service]\nExecStart=\nExecStart=/new'),
    ];
    assert.deepEqual(allValues(entries, 'Service', 'ExecStart'), ['/new']);
  });

  for (const [text, milliseconds] of [
    ['5', 5000],
    ['100ms', 100],
    ['1min 30s', 90_000],
    ['2min30s', 150_000],
    ['0.5', 500],
    ['infinity', Number.POSITIVE_INFINITY],
    ['soon', undefined],
    ['5 parsecs', undefined],
    ['', undefined],
  ] as const) {
    it(`reads the time span '${text}'`, () => {
      assert.equal(parseTimeSpan(text), milliseconds);
    });
  }

  it('reads booleans', () => {
    assert.deepEqual(['yes', 'ON', '1', 'no', 'false', '0', 'perhaps'].map(parseBoolean), [
      true,
      true,
      true,
      false,
      false,
      false,
      undefined,
    ]);
  });
});

describe('command line', () => {
  for (const [text, words] of [
    ['/bin/a b  c', ['/bin/a', 'b', 'c']],
    [`/bin/a "b c" 'd "e"'`, ['/bin/a', 'b c', 'd "e"']],
    [`/bin/a ""`, ['/bin/a', '']],
    [String.raw`a\x20b \t\s\101 \"q\"`, ['a b', '\t A', '"q"']],
    [String.raw`a "\n" 'x\\y'`, ['a', '\n', String.raw`x\y`]],
    [String.raw`\d+ \w`, [String.raw`\d+`, String.raw`\w`]],
    ['--opt="a b"', ['--opt=a b']],
  ] as const) {
    it(`splits ${text}`, () => {
      assert.deepEqual(splitWords(text), words);
    });
  }

  it('refuses an open quote and an empty command', () => {
    assert.throws(() => splitWords(`/bin/a "b`), /quote " is not closed/);
    assert.throws(() => parseCommands('-'), /no program/);
    assert.throws(() => parseCommands(''), /no program/);
  });

  it('gives back any words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), words => {
        const line = words.map(word => `"${word.replace(/["\\]/g, String.raw`\$&`)}"`).join(' ');
        assert.deepEqual(splitWords(line), words);
      }),
    );
  });

  it('reads prefixes and several commands', () => {
    assert.deepEqual(parseCommands(String.raw`-/bin/a ; +/bin/b \; c ; @/bin/d argv0 e ; :/bin/f $X`), [
      { words: ['/bin/a'], ignoreFailure: true, privileged: false, expand: true },
      { words: ['/bin/b', ';', 'c'], ignoreFailure: false, privileged: true, expand: true },
      { words: ['/bin/d', 'e'], ignoreFailure: false, privileged: false, expand: true },
      { words: ['/bin/f', '$X'], ignoreFailure: false, privileged: false, expand: false },
    ]);
  });

  it('replaces variables as systemd does, not as a shell', () => {
    const expand = (line: string) =>
      expandCommand(parseCommands(line)[0]!, { ONE: 'a', TWO: 'b c', EMPTY: '' });
    assert.deepEqual(expand('/p $TWO x${TWO}y $EMPTY ${EMPTY} $NONE a$ONE $$ONE $${ONE}'), [
      '/p',
      'b',
      'c',
      'xb cy',
      '',
      'a$ONE',
      '$ONE',
      '${ONE}',
    ]);
    assert.deepEqual(expand(':/p $ONE'), ['/p', '$ONE']);
  });

  it('reads Environment= and environment files', () => {
    assert.deepEqual(parseEnvironment(`A=1 "B=two words" 'C="q"' nonsense D=`), {
      A: '1',
      B: 'two words',
      C: '"q"',
      D: '',
    });
    assert.deepEqual(
      parseEnvironmentFile(
        `# c\n; c\nA=1\nB="two  words"\nC='s q'\nexport D=1\nE = x \nF=a\\\nb\nG="x\\"y"\nH=a b\n`,
      ),
      { A: '1', B: 'two  words', C: 's q', E: 'x', F: 'ab', G: 'x"y', H: 'a b' },
    );
  });
});
