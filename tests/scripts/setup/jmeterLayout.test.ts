/** Where the jars of a JMeter distribution go. */
import assert from 'node:assert/strict';
import { homePath } from '../../../scripts/setup/jmeterLayout.mjs';

describe('layout of JMETER_HOME', () => {
  const places = {
    'ApacheJMeter-5.6.3.jar': 'bin/ApacheJMeter.jar',
    'ApacheJMeter_http-5.6.3.jar': 'lib/ext/ApacheJMeter_http.jar',
    'jorphan-5.6.3.jar': 'lib/jorphan.jar',
    'httpclient-4.5.14.jar': 'lib/httpclient-4.5.14.jar',
    'other-5.6.3.jar': 'lib/other-5.6.3.jar',
  };
  for (const [jar, place] of Object.entries(places)) {
    it(`${jar} is ${place}`, () => {
      assert.equal(homePath(jar, '5.6.3'), place);
    });
  }
});
