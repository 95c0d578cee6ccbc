import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  escapeText,
  isExpression,
  longestExpression,
  parseExpression,
  printExpression,
  unescapeText,
  type Expression,
} from '../../../../local/azure/template/expression.js';
import { ExpressionSyntaxError } from '../../../../local/azure/template/templateError.js';

const identifier = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const { expression } = fc.letrec<{ expression: Expression }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 5 },
    fc
      .oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger())
      .map((value): Expression => ({ kind: 'literal', value })),
    fc
      .tuple(
        fc.array(identifier, { minLength: 1, maxLength: 2 }),
        fc.array(tie('expression'), { maxLength: 4 }),
      )
      .map(([names, args]): Expression => ({ kind: 'call', name: names.join('.'), args })),
    fc
      .tuple(tie('expression'), tie('expression'))
      .map(([target, key]): Expression => ({ kind: 'access', target, key })),
  ),
}));

function refused(text: string, message: RegExp): void {
  assert.throws(
    () => parseExpression(text),
    (error: unknown) => error instanceof ExpressionSyntaxError && message.test(error.message),
  );
}

describe('the grammar of expressions', () => {
  it('parses what it prints', () => {
    fc.assert(
      fc.property(expression, tree => {
        assert.deepEqual(parseExpression(`[${printExpression(tree)}]`), normal(tree));
      }),
    );
  });

  it('ends on any text, with a tree or a refusal', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-c0-9'()[\].,-]{0,40}$/)),
        text => {
          try {
            parseExpression(`[${text}]`);
          } catch (error) {
            assert.ok(error instanceof ExpressionSyntaxError, String(error));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('knows expressions from text', () => {
    assert.ok(isExpression("[parameters('a')]"));
    for (const text of ['text', '[[escaped]', '[open', 'shut]', '']) assert.ok(!isExpression(text), text);
    assert.equal(unescapeText('[[escaped]'), '[escaped]');
    assert.equal(unescapeText('[[open'), '[[open');
    fc.assert(fc.property(fc.string(), text => unescapeText(escapeText(text)) === text));
    fc.assert(fc.property(fc.string(), text => !isExpression(escapeText(`[${text}]`))));
  });

  it('takes white space, properties, indexes and quotes', () => {
    assert.deepEqual(parseExpression("[ a( 'it''s' ,\r\n -1 ) .b [0]['c d'] ]"), {
      kind: 'access',
      target: {
        kind: 'access',
        target: {
          kind: 'access',
          target: {
            kind: 'call',
            name: 'a',
            args: [
              { kind: 'literal', value: "it's" },
              { kind: 'literal', value: -1 },
            ],
          },
          key: { kind: 'literal', value: 'b' },
        },
        key: { kind: 'literal', value: 0 },
      },
      key: { kind: 'literal', value: 'c d' },
    });
    assert.deepEqual(parseExpression('[contoso.shout(1)]'), {
      kind: 'call',
      name: 'contoso.shout',
      args: [{ kind: 'literal', value: 1 }],
    });
  });

  it('refuses the rest as Azure does', () => {
    refused(
      "[resourceId('A.B/c', 'SensorSubnet1)]",
      /^The language expression 'resourceId\('A\.B\/c', 'SensorSubnet1\)' is not valid: the string constant at position '20' is not terminated\. String constants must be enclosed within a pair of single quotes\. Please see https:\/\/aka\.ms\/arm-functions for usage details\.$/,
    );
    refused(
      "[concat('a'b)]",
      /^Unable to parse language expression 'concat\('a'b\)': expected token 'Comma' and actual 'Identifier'\.$/,
    );
    refused("[concat('a']", /expected token 'Comma' and actual 'EndOfData'/);
    refused('[parameters]', /expected token 'LeftParenthesis' and actual 'EndOfData'/);
    refused('[]', /actual 'EndOfData'/);
    refused('[a() b()]', /expected token 'EndOfData' and actual 'Identifier'/);
    refused('[a(#)]', /the character '#' at position '2' is not expected/);
    refused(
      `[a('${'x'.repeat(longestExpression)}')]`,
      /^The language expression length limit exceeded\. Limit: '24576' and actual: '24583'\.$/,
    );
    refused(`[${'a('.repeat(5000)}${')'.repeat(5000)}]`, /nested deeper than '200' levels/);
    refused(`[a()${'[a()'.repeat(4000)}${']'.repeat(4000)}]`, /nested deeper than '200' levels/);
  });
});

/** Dotted access on a name reads the same whether written `.a` or `['a']`; negative zero is written as zero. */
function normal(tree: Expression): Expression {
  if (tree.kind === 'literal') return tree.value === 0 ? { kind: 'literal', value: 0 } : tree;
  if (tree.kind === 'call') return { ...tree, args: tree.args.map(normal) };
  return { kind: 'access', target: normal(tree.target), key: normal(tree.key) };
}
