import assert from 'node:assert/strict';
import { pictureFormat } from '../../../shared/report/pictureFormat.js';

const typeOf = (begin: string) => pictureFormat(Buffer.from(begin, 'latin1'))?.type;

describe('pictureFormat', () => {
  it('knows what browsers draw', () => {
    assert.equal(typeOf('\x89PNG\r\n\x1a\nIHDR'), 'image/png');
    assert.equal(typeOf('\xff\xd8\xff\xe0'), 'image/jpeg');
    assert.equal(typeOf('RIFF\x00\x01\x02\x03WEBPVP8'), 'image/webp');
    assert.equal(typeOf('GIF89a'), 'image/gif');
  });

  it('takes nothing else for a picture', () => {
    for (const begin of [
      '',
      '<svg onload="x"/>',
      '<!doctype html>',
      '%PDF-1.7',
      'RIFF\0\0\0\0WAVE',
      ' \x89PNG\r\n\x1a\n',
    ])
      assert.equal(typeOf(begin), undefined, begin);
  });
});
