import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hostsOf, moveRequests } from '../../../tasks/RunJmeterLoad/src/moveRequests.js';

const site = { protocol: 'https', host: 'new.example.com', port: '8443', path: '/app' };
const property = (name: string, text: string) =>
  `<stringProp name="HTTPSampler.${name}">${text}</stringProp>`;
const sampler = (inside: string, attributes = '') =>
  `<HTTPSamplerProxy testclass="HTTPSamplerProxy"${attributes}><elementProp name="HTTPsampler.Arguments"/>${inside}</HTTPSamplerProxy><hashTree/>`;
const defaults = (inside: string) =>
  `<ConfigTestElement guiclass="HttpDefaultsGui">${inside}</ConfigTestElement>`;

describe('moveRequests', () => {
  for (const [what, before, after] of [
    [
      'a request as JMeter 2.13 writes it',
      sampler(
        property('domain', '104.42.231.63') +
          property('port', '') +
          property('protocol', '') +
          property('path', ''),
      ),
      sampler(
        property('domain', 'new.example.com') +
          property('port', '8443') +
          property('protocol', 'https') +
          property('path', '/app'),
      ),
    ],
    [
      'a request as JMeter 5.6 writes it, without what is empty',
      sampler(property('domain', '104.42.231.63')),
      sampler(
        property('domain', 'new.example.com') +
          property('protocol', 'https') +
          property('port', '8443') +
          property('path', '/app'),
      ),
    ],
    [
      'elements that are closed at once, other quotes, entities and CDATA',
      sampler(
        `<stringProp name='HTTPSampler.domain'><![CDATA[104.42.231.63]]></stringProp><stringProp name="HTTPSampler.port"/>${property('protocol', 'http')}${property('path', ' a?x=&lt;é&amp;y')}`,
      ),
      sampler(
        `<stringProp name='HTTPSampler.domain'>new.example.com</stringProp><stringProp name="HTTPSampler.port">8443</stringProp>${property('protocol', 'https')}${property('path', '/app/ a?x=&lt;é&amp;y')}`,
      ),
    ],
    [
      'a whole URL in the path, which wins over the domain',
      sampler(
        property('domain', 'other.example.com') +
          property('path', 'http://104.42.231.63:80/x?u=http://104.42.231.63/'),
      ),
      sampler(
        property('domain', 'other.example.com') +
          property('path', 'https://new.example.com:8443/app/x?u=http://104.42.231.63/'),
      ),
    ],
    [
      'defaults and what follows them',
      defaults(property('domain', '104.42.231.63') + property('path', '/base')) +
        sampler(property('domain', '') + property('port', '81') + property('path', '')) +
        sampler(property('path', 'x')),
      defaults(
        property('domain', 'new.example.com') +
          property('protocol', 'https') +
          property('port', '8443') +
          property('path', '/app/base'),
      ) +
        sampler(property('domain', '') + property('port', '8443') + property('path', '')) +
        sampler(property('path', '/app/x')),
    ],
  ] as const) {
    it(`moves ${what}`, () => {
      assert.equal(moveRequests(before, new Set(['104.42.231.63']), site), after);
    });
  }

  it('leaves other hosts, comments and everything else alone', () => {
    const plan = `<!-- ${sampler(property('domain', 'a'))} --><x y="<a>">${sampler(property('domain', 'b') + property('port', '1'))}</x>`;
    assert.equal(moveRequests(plan, new Set(['a']), site), plan);
  });

  it('changes nothing but addresses, whatever the plan', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '/', '&amp;', ' ', 'é', '${x}', '<![CDATA[<]]>', '\n'),
    });
    const element = fc
      .record({ host: fc.constantFrom('old', 'third', ''), path: text, note: text })
      .map(({ host, path, note }) =>
        sampler(
          property('domain', host) + property('path', path) + `<stringProp name="note">${note}</stringProp>`,
        ),
      );
    fc.assert(
      fc.property(fc.array(element), elements => {
        const plan = elements.join('\n');
        const moved = moveRequests(plan, new Set(['old']), { ...site, path: '' });
        assert.equal(
          moved.replaceAll(
            `${property('domain', 'new.example.com')}${property('protocol', 'https')}${property('port', '8443')}`,
            property('domain', 'old'),
          ),
          plan,
        );
      }),
    );
  });
});

describe('hostsOf', () => {
  it('names each host once, as it is written, but none of what is disabled', () => {
    const plan =
      sampler(property('domain', 'a')) +
      sampler(property('domain', 'a')) +
      sampler(property('domain', '${host}')) +
      sampler(property('path', 'https://[::1]:4/x')) +
      sampler(property('domain', 'off'), ' enabled="false"') +
      sampler(property('domain', ''));
    assert.deepEqual(hostsOf(plan), ['a', '${host}', '[::1]']);
  });
});
