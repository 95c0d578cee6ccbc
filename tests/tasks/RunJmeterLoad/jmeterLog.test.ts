import assert from 'node:assert/strict';
import { brokenThreads, isNoise, whyNotRun } from '../../../tasks/RunJmeterLoad/src/jmeterLog.js';

describe('whyNotRun', () => {
  it('names the element that a plug-in brings', () => {
    const lines = [
      "Error in NonGUIDriver java.lang.IllegalArgumentException: Problem loading XML from:'/plan.jmx'. ",
      'Cause:',
      'CannotResolveClassException: com.blazemeter.jmeter.threads.concurrency.ConcurrencyThreadGroup',
    ];
    assert.match(
      whyNotRun(lines) ?? '',
      /^This JMeter has no com\.blazemeter\.jmeter\.threads\.concurrency\.ConcurrencyThreadGroup: .*'plugins'/,
    );
  });

  it('names the line where a plan ends or is none', () => {
    const first =
      "Error in NonGUIDriver java.lang.IllegalArgumentException: Problem loading XML from:'/plan.jmx'. ";
    const lines = [first, 'EOFException: no more data available', 'line number         : 16'];
    assert.match(whyNotRun(lines) ?? '', /^JMeter cannot read it at line 16: /);
    assert.match(whyNotRun([first]) ?? '', /^JMeter cannot read it: /);
  });

  it('does not guess', () => {
    assert.equal(whyNotRun(['Out of memory']), undefined);
  });
});

describe('brokenThreads', () => {
  it('says by what, in the log of each version of JMeter', () => {
    const five = [
      '2026-11-23 11:39:49,236 ERROR o.a.j.t.JMeterThread: Test failed!',
      'java.lang.IllegalArgumentException: File users.csv must exist and be readable',
      '\tat org.apache.jmeter.services.FileServer.createBufferedReader(FileServer.java:424)',
    ];
    const two = [
      '2026/11/23 11:13:38 ERROR - jmeter.threads.JMeterThread: Test failed! java.lang.IllegalArgumentException: File users.csv must exist and be readable',
    ];
    const said =
      "broke off, the first by IllegalArgumentException: File users.csv must exist and be readable. JMeter looks for the plan's files in /plans; jmeter.log has the rest.";
    assert.equal(brokenThreads([...five, ...five], '/plans'), `2 threads ${said}`);
    assert.equal(brokenThreads(two, '/plans'), `1 thread ${said}`);
  });

  it('says nothing where none did', () => {
    assert.equal(brokenThreads(['2026-11-23 11:39:49,236 ERROR o.a.j.JMeter: another'], '/plans'), undefined);
  });
});

describe('isNoise', () => {
  it('is what every JMeter says of itself', () => {
    assert.equal(isNoise('WARN StatusConsoleListener The use of package scanning'), true);
    assert.equal(isNoise('WARN something else'), false);
  });
});
