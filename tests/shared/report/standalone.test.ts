import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ReleaseReport } from '../../../shared/report/format.js';
import { dataPlace, standalonePage, type StandaloneData } from '../../../shared/report/standalone.js';

const template = `<!doctype html><title>x</title>${dataPlace}<script>run()</script>`;
const reportOf = (pipeline: string): ReleaseReport => ({
  schemaVersion: 1,
  run: { pipeline, number: '1', url: null, commit: null, branch: null, repository: null },
  parts: [],
  previous: null,
});
const png = 'data:image/png;base64,iVBORw0KGgo=';

/** What a parser of HTML takes for the data: all up to the first end tag. */
function dataOf(page: string): string {
  const from = page.indexOf('id="report-data">') + 'id="report-data">'.length;
  return page.slice(from, page.indexOf('</script', from));
}

describe('standalonePage', () => {
  it('gives the page its data back, whatever text is in it', () => {
    const hostile = fc.array(
      fc.oneof(
        fc.constantFrom(
          '</script>',
          '<!--',
          '<script>',
          '$&',
          "$'",
          '\u2028',
          '\u2029',
          '\u202e',
          dataPlace,
          '##vso[',
        ),
        fc.string({ unit: 'binary' }),
      ),
    );
    fc.assert(
      fc.property(hostile, texts => {
        const report = reportOf(texts.join(''));
        const files = { logs: [[texts.join('/'), 'logs/1']] as const, artifacts: [] };
        const page = standalonePage(template, report, new Map([[texts.join(), png]]), files);
        const data = dataOf(page);
        assert.doesNotMatch(data, /[<>\u2028\u2029]/);
        const expected: StandaloneData = { report, pictures: [[texts.join(), png]], files };
        assert.deepEqual(JSON.parse(data), JSON.parse(JSON.stringify(expected)));
        assert.ok(page.endsWith('</script><script>run()</script>'));
      }),
    );
  });

  it('takes pictures only', () => {
    const page = standalonePage(
      template,
      reportOf('p'),
      new Map([
        ['a', png],
        ['svg', 'data:image/svg+xml;base64,PHN2Zz4='],
        ['page', 'data:text/html;base64,PGh0bWw+'],
        ['remote', 'https://example.com/a.png'],
        ['blob', 'blob:null/1'],
        ['b', 'data:image/jpeg;base64,/9j/4AAQ'],
      ]),
    );
    const { pictures } = JSON.parse(dataOf(page)) as StandaloneData;
    assert.deepEqual(
      pictures.map(([name]) => name),
      ['a', 'b'],
    );
  });

  it('leaves out the pictures that no longer fit', () => {
    const big = `data:image/png;base64,${'A'.repeat(7_000_000)}`;
    const page = standalonePage(
      template,
      reportOf('p'),
      new Map([
        ['first', big],
        ['second', big],
        ['small', png],
      ]),
    );
    const { pictures } = JSON.parse(dataOf(page)) as StandaloneData;
    assert.deepEqual(
      pictures.map(([name]) => name),
      ['first', 'small'],
    );
  });

  it('refuses what is not the built page', () => {
    for (const wrong of ['', '<p></p>', `${dataPlace}${dataPlace}`])
      assert.throws(() => standalonePage(wrong, reportOf('p'), new Map()), /place for data/);
  });
});
