import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluate } from '../../../local/agent/expressions/evaluate.js';
import { ExpressionError, parseExpression } from '../../../local/agent/expressions/parse.js';
import { type Value, areEqual } from '../../../local/agent/expressions/values.js';

const names = new Map<string, Value>([
  [
    'variables',
    new Map<string, Value>([
      ['Build.SourceBranch', 'refs/heads/main'],
      ['empty', ''],
      ['list', ['a', 'b', 'C']],
      [
        'map',
        new Map<string, Value>([
          ['k', 'v'],
          ['n', 2],
        ]),
      ],
      [
        'items',
        [
          new Map<string, Value>([['name', 'one']]),
          new Map<string, Value>([['name', 'two']]),
          new Map<string, Value>(),
        ],
      ],
    ]),
  ],
]);
const functions = new Map<string, (args: readonly Value[]) => Value>([['succeeded', () => true]]);

function work(text: string): Value {
  const vocabulary = { names: [...names.keys()], functions: [...functions.keys()] };
  return evaluate(parseExpression(text, vocabulary), { names, functions });
}

describe('expressions', () => {
  const table: readonly (readonly [string, Value])[] = [
    ["'it''s'", "it's"],
    ['-1.5', -1.5],
    ['.5', 0.5],
    ['TRUE', true],
    ['null', null],
    ["variables['Build.SourceBranch']", 'refs/heads/main'],
    ["VARIABLES['build.sourcebranch']", 'refs/heads/main'],
    ['variables.none', null],
    ['variables.none.deeper', null],
    ['variables.map.k', 'v'],
    ["variables.map['N']", 2],
    ['variables.list[1]', 'b'],
    ['variables.list[9]', null],
    ['length(variables.items.*.name)', 2],
    ["join('+', variables.items.*.name)", 'one+two'],
    ["join(',', variables.map.*)", 'v,2'],
    ['and(true, 1, succeeded())', true],
    ["and(true, '')", false],
    ["or('', null, 0)", false],
    ["or(false, 'x')", true],
    ['not(0)', true],
    ['xor(true, 1)', false],
    ["xor('', 'a')", true],
    ["eq('ABC', 'abc')", true],
    ["eq(1, '1.0')", true],
    ["eq('1', 1)", true],
    ["eq(true, 'false')", true],
    ["eq('', null)", true],
    ['eq(variables.list, variables.list)', true],
    ["eq(1, 'one')", false],
    ["ne('a', 'b')", true],
    ['gt(3, 2)', true],
    ["gt('b', 'A')", true],
    ['ge(2, 2)', true],
    ["lt('10', '9')", true],
    ["lt(9, '10')", true],
    ['le(1.2.3, 1.10.0)', true],
    ['gt(1.2.3, 1.2.3.4)', false],
    ["in('b', 'A', 'B')", true],
    ["in('c', 'A', 'B')", false],
    ["notIn('c', 'A', 'B')", true],
    ["contains('Main', 'AI')", true],
    ["containsValue(variables.list, 'c')", true],
    ["containsValue(variables.map, 'x')", false],
    ["startsWith(variables['Build.SourceBranch'], 'REFS/')", true],
    ["endsWith('file.TXT', '.txt')", true],
    ["format('{0} {{1}} {1}', 'a', true)", 'a {1} True'],
    ["join('-', split('a,b;c', ',;'))", 'a-b-c'],
    ["length(split('', ','))", 1],
    ["replace('a.b.c', '.', '$&')", 'a$&b$&c'],
    ["lower('ÄB')", 'äb'],
    ["upper('ab')", 'AB'],
    ["trim('  a ')", 'a'],
    ["length('abc')", 3],
    ['length(variables.list)', 3],
    ["coalesce('', null, 'x', 'y')", 'x'],
    ["iif(eq(1, 1), 'yes', gt('a', variables.list))", 'yes'],
    ['convertToJson(variables.map)', '{\n  "k": "v",\n  "n": 2\n}'],
  ];
  for (const [text, expected] of table)
    it(`works out ${text}`, () => {
      assert.deepEqual(work(text), expected);
    });

  const wrong: readonly (readonly [string, RegExp, number])[] = [
    ['', /empty/, 0],
    ["'open", /no closing quote/, 0],
    ['eq(1', /expected '\)'/, 4],
    ['eq(1, 2) 3', /expected the end/, 9],
    ['eq(1)', /2 arguments, not 1/, 0],
    ['and(nothing.here, 1)', /'nothing' is not known here/, 4],
    ['frobnicate(1)', /no function 'frobnicate'/, 0],
    ['1 + 1', /cannot read '\+ 1'/, 2],
    ['a b', /'a' is not known/, 0],
    ['variables.', /property name/, 10],
    ["gt(1, 'x')", /cannot compare Number '1' with String 'x'/, 0],
    ["format('{2}', 1)", /no argument for \{2\}/, 0],
    ['lower(variables.map)', /cannot take an Object/, 0],
  ];
  for (const [text, message, offset] of wrong)
    it(`refuses ${text === '' ? 'nothing' : text}`, () => {
      assert.throws(
        () => work(text),
        (error: unknown) =>
          error instanceof ExpressionError && message.test(error.message) && error.offset === offset,
      );
    });

  it('reads every text literal back', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        assert.equal(work(`'${text.replaceAll("'", "''")}'`), text);
      }),
    );
  });

  it('finds texts equal in any case, and in both directions', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        assert.equal(areEqual(left, right), areEqual(right, left));
        assert.equal(areEqual(left, left.toUpperCase()), true);
      }),
    );
  });

  it('never fails in another way than with a place', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            'eq',
            '(',
            ')',
            ',',
            '.',
            '[',
            ']',
            '*',
            "'",
            '1',
            'a',
            ' ',
            '-',
            'variables',
          ),
        }),
        text => {
          try {
            work(text);
          } catch (error) {
            assert.ok(error instanceof ExpressionError && error.offset >= 0 && error.offset <= text.length);
          }
        },
      ),
    );
  });
});
