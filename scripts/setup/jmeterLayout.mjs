/** Where Apache's distribution of JMeter keeps each jar. */

/** Beside the launcher the distribution keeps these of JMeter's own artifacts with the libraries; the rest are plug-ins. */
const libraries = new Set(['jorphan']);

/**
 * @param {string} jar an artifact's file name, such as ApacheJMeter_http-5.6.3.jar
 * @param {string} version JMeter's
 * @returns {string} path inside JMETER_HOME; JMeter's own jars carry no version there
 */
export function homePath(jar, version) {
  const suffix = `-${version}.jar`;
  const artifact = jar.endsWith(suffix) ? jar.slice(0, -suffix.length) : undefined;
  if (artifact === 'ApacheJMeter') return 'bin/ApacheJMeter.jar';
  if (artifact?.startsWith('ApacheJMeter_')) return `lib/ext/${artifact}.jar`;
  return artifact !== undefined && libraries.has(artifact) ? `lib/${artifact}.jar` : `lib/${jar}`;
}
