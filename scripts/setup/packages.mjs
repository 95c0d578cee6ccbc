/** The Debian packages of this project's demo and tests, which of them a machine lacks, and how they get there. */

/**
 * @typedef {object} Package
 * @property {string} name Debian package
 * @property {string} why
 * @property {string} [command] a program that does as well when it is in PATH, wherever it came from
 * @property {Made} [makes] needed only while this is still to be made
 * @property {true} [testsOnly] only tests need it
 *
 * @typedef {'baseImage' | 'jmeter' | 'azureCli' | 'geckodriver'} Made
 * @typedef {'root' | 'sudo' | 'none'} Privilege `sudo` means without a password
 */

/**
 * openssh-server is on purpose not among them: sshd runs inside the local Azure's machines, from the base image,
 * and a demo has no business opening a port on its host.
 * @type {readonly Package[]}
 */
export const packages = [
  { name: 'packer', command: 'packer', why: 'bakes the image' },
  { name: 'php-cli', command: 'php', why: 'runs the sample and its smoke tests' },
  { name: 'php-curl', why: "the smoke tests' WebDriver client" },
  { name: 'php-xml', why: "PHPUnit's result files" },
  { name: 'php-mbstring', why: 'PHPUnit' },
  { name: 'phpunit', command: 'phpunit', why: 'smoke tests' },
  { name: 'python3-pytest', command: 'pytest', why: 'tests run smoke suites of pytest' },
  { name: 'chromium', command: 'chromium', why: "the smoke tests' browser" },
  { name: 'chromium-driver', command: 'chromedriver', why: "the smoke tests' browser" },
  { name: 'firefox-esr', command: 'firefox', why: 'tests run smoke suites in it', testsOnly: true },
  { name: 'xvfb', command: 'Xvfb', why: 'tests run browsers with windows', testsOnly: true },
  { name: 'fonts-dejavu-core', why: 'the letters of the kept screenshots', testsOnly: true },
  { name: 'ansible-core', command: 'ansible-playbook', why: "checks the sample's playbook" },
  { name: 'openssh-client', command: 'ssh-keygen', why: "keys of the local Azure's machines" },
  { name: 'git', command: 'git', why: "the demo's commits" },
  { name: 'curl', command: 'curl', why: 'tests ask the local Azure as others would' },
  { name: 'openssl', command: 'openssl', why: 'tests make certificates' },
  { name: 'iproute2', command: 'ss', why: 'tests look who listens where' },
  { name: 'file', command: 'file', why: 'tfx asks it for the types of the files it packs' },
  { name: 'procps', command: 'pgrep', why: 'tests look which processes are left' },
  { name: 'openjdk-17-jre-headless', command: 'java', why: 'runs JMeter' },
  { name: 'maven', command: 'mvn', why: 'fetches JMeter', makes: 'jmeter' },
  { name: 'mmdebstrap', command: 'mmdebstrap', why: 'makes the base image', makes: 'baseImage' },
  { name: 'python3-venv', why: 'keeps the Azure CLI apart', makes: 'azureCli' },
  { name: 'cargo-web', command: 'cargo', why: 'builds geckodriver', makes: 'geckodriver' },
];

/**
 * @param {string} dpkgOutput of `dpkg-query -W -f '${Package} ${db:Status-Status}\n' NAME…`
 * @returns {Set<string>} the packages that are installed
 */
export function installedPackages(dpkgOutput) {
  return new Set(
    dpkgOutput
      .split('\n')
      .map(line => line.split(' '))
      .filter(([, status]) => status === 'installed')
      .map(([name = '']) => name),
  );
}

/**
 * @param {{ installed: Set<string>, commands: Set<string>, missing: Set<Made>, testsToo: boolean }} machine
 *   `commands` are the usable ones among the packages' commands, `missing` what is still to be made
 * @returns {Package[]} in the order of the list
 */
export function missingPackages({ installed, commands, missing, testsToo }) {
  return packages.filter(
    one =>
      (one.testsOnly !== true || testsToo) &&
      (one.makes === undefined || missing.has(one.makes)) &&
      !installed.has(one.name) &&
      !(one.command !== undefined && commands.has(one.command)),
  );
}

/**
 * What to tell somebody whose machine the set-up cannot complete by itself.
 * @param {readonly Package[]} missing not empty
 * @param {{ apt: boolean, privilege: Privilege }} machine
 * @returns {string | undefined} undefined when the set-up can install them
 */
export function installByHand(missing, { apt, privilege }) {
  const names = missing.map(one => one.name);
  if (!apt) {
    return [
      'This machine has no apt-get, so the set-up cannot install what is missing. Install by hand (Debian package names):',
      ...missing.map(one => `  ${one.name}${one.command ? ` (command ${one.command})` : ''}: ${one.why}`),
      'The local Azure itself needs a Linux machine; Debian 12 is the one it is tested on.',
    ].join('\n');
  }
  if (privilege === 'none') {
    return [
      `Missing Debian packages, and neither root nor passwordless sudo to install them. Run once, then try again:`,
      `  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`,
    ].join('\n');
  }
  return undefined;
}

/**
 * @param {string} releaseFile a Java installation's `release` file
 * @returns {boolean} whether it is Java 11 or later, as JMeter 5.6 and Debian's tools need
 */
export function isRecentJava(releaseFile) {
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(releaseFile)?.[1];
  return version !== undefined && Number(version) >= 11;
}
