import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fillVariables, splitCommandLine } from '../../../shared/core/commandLine.js';

describe('splitCommandLine', () => {
  for (const [text, words] of [
    ['', []],
    ['  --filter   Login ', ['--filter', 'Login']],
    ['--filter "Log in" \'a "b"\' x', ['--filter', 'Log in', 'a "b"', 'x']],
    ['--a=""  ""', ['--a=', '']],
    [String.raw`"say \"hi\" \\ \n" C:\dir\file`, [String.raw`say "hi" \ \n`, String.raw`C:\dir\file`]],
    ['one\ntwo\tthree', ['one', 'two', 'three']],
    ['a; rm -rf $(HOME) | cat > x', ['a;', 'rm', '-rf', '$(HOME)', '|', 'cat', '>', 'x']],
  ] as const) {
    it(`splits ${JSON.stringify(text)}`, () => {
      assert.deepEqual(splitCommandLine(text, 'arguments'), words);
    });
  }

  it('names the input whose quote stays open', () => {
    assert.throws(() => splitCommandLine(`--filter "Log in`, 'arguments'), {
      name: 'UserError',
      message: `Input 'arguments' has a " that is never closed: --filter "Log in`,
    });
  });

  it('gives back any words that were quoted', () => {
    const quoted = (word: string) => `"${word.replace(/["\\]/g, found => `\\${found}`)}"`;
    fc.assert(
      fc.property(fc.array(fc.string()), words => {
        assert.deepEqual(splitCommandLine(words.map(quoted).join(' '), 'x'), words);
      }),
    );
  });
});

describe('fillVariables', () => {
  it('fills in what it knows, once, and leaves the rest', () => {
    const variables = { SITE_URL: 'http://x/$RESULTS_DIR', RESULTS_DIR: '/r' };
    assert.equal(
      fillVariables('$SITE_URL ${RESULTS_DIR}/a $HOME ${x} $5 $', variables),
      'http://x/$RESULTS_DIR /r/a $HOME ${x} $5 $',
    );
    assert.equal(fillVariables('$constructor $RESULTS_DIRS', variables), '$constructor $RESULTS_DIRS');
  });
});
