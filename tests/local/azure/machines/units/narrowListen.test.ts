/** Wildcard addresses stand for a machine's own address, and nothing else is touched. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { narrowListen, narrowVariable } from '../../../../../local/azure/machines/units/narrowListen.js';

const own = '127.9.0.4';

describe('narrowing of listen addresses', () => {
  for (const [word, narrowed] of [
    ['0.0.0.0', own],
    ['0.0.0.0:80', `${own}:80`],
    ['--host=0.0.0.0', `--host=${own}`],
    ['tcp://0.0.0.0:80/path', `tcp://${own}:80/path`],
    ['php -S 0.0.0.0:80 -t /srv', `php -S ${own}:80 -t /srv`],
    ['[::]:80', `${own}:80`],
    ['http://[::]:80', `http://${own}:80`],
    ['::', own],
    ['--host=::', `--host=${own}`],
    ['*:80', `${own}:80`],
    ['http://*:5000;http://+:5001', `http://${own}:5000;http://${own}:5001`],
    [':8080', `${own}:8080`],
    ['--listen=:8080', `--listen=${own}:8080`],
    ['--bind=*', `--bind=${own}`],
    ['0.0.0.0:80,[::]:80', `${own}:80,${own}:80`],
  ] as const) {
    it(`narrows ${word}`, () => {
      assert.equal(narrowListen(word, own), narrowed);
    });
  }

  for (const word of [
    '10.0.0.0',
    '0.0.0.0.1',
    '0.0.0.01',
    '0.0.0.0/0',
    '[::]/0',
    '10.0.0.0.0',
    '[::1]:80',
    'a::b',
    'std::string',
    '*',
    '*.php',
    '--include=*',
    '--glob=*.js',
    '2+2:4',
    'localhost:80',
    '127.0.0.1:80',
    '80',
    '--time=12:30',
    'user:8080',
  ]) {
    it(`leaves ${word}`, () => {
      assert.equal(narrowListen(word, own), word);
    });
  }

  it('narrows a lone * in a variable only where its name speaks of listening', () => {
    assert.equal(narrowVariable('BIND', '*', own), own);
    assert.equal(narrowVariable('APP_HOST', '*', own), own);
    assert.equal(narrowVariable('ALLOWED', '*', own), '*');
    assert.equal(narrowVariable('ANY', '0.0.0.0', own), own);
  });

  it('has nothing more to do the second time', () => {
    const piece = fc.constantFrom(
      '0.0.0.0',
      '[::]',
      '::',
      '*',
      '+',
      ':80',
      '=',
      '--host',
      '/',
      ',',
      'a',
      '1',
      '.',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), pieces => {
        const once = narrowListen(pieces.join(''), own);
        assert.equal(narrowListen(once, own), once);
      }),
    );
  });
});
