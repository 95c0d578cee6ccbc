/** The browsers that the task knows: their names over WebDriver, their drivers, and the options that each wants in its own words. */
import { mergeValues, type Json } from './browserCapabilities.js';

/** A browser that the task can run on its own machine. */
export interface Browser {
  /** Its W3C `browserName`. */
  readonly browserName: string;
  readonly driver: Driver;
  /** Programs to be run in place of the one that the driver finds by itself, the first that is on PATH. */
  readonly programs: readonly string[];
  /** Programs that a driver finds by itself, in its order; empty where their versions need not be the driver's. */
  readonly usual: readonly string[];
  /** The name of its own capability, and the arguments in it. */
  readonly options: string;
  readonly headless: readonly string[];
  readonly size: (width: string, height: string) => readonly string[];
  readonly isChromium: boolean;
  /** What the names of its own capabilities begin with. */
  readonly vendor: string;
}

/** A program that speaks WebDriver for a browser. */
export interface Driver {
  /** As people know it. */
  readonly name: string;
  readonly program: string;
  /** The variable in which hosted agents name its folder. */
  readonly variable: string;
  readonly args: readonly string[];
  /** What has to be installed, for a message. */
  readonly install: string;
}

/** How browsers are to run. */
export interface BrowserSettings {
  readonly headless: boolean;
  /** Such as `1280x800`. */
  readonly windowSize: string | undefined;
  /** A device of Chrome's list, such as `Pixel 7`. */
  readonly mobileDevice: string | undefined;
  readonly capabilities: Json;
}

const chromium = {
  headless: ['--headless=new'],
  size: (width: string, height: string) => [`--window-size=${width},${height}`],
  isChromium: true,
};
const chrome: Browser = {
  ...chromium,
  vendor: 'goog:',
  browserName: 'chrome',
  driver: {
    name: 'ChromeDriver',
    program: 'chromedriver',
    variable: 'CHROMEWEBDRIVER',
    args: ['--port=0'],
    install:
      'Chrome or Chromium with the ChromeDriver of the same version on this agent (Debian: chromium and chromium-driver)',
  },
  programs: [],
  // chrome/test/chromedriver/chrome_finder.cc
  usual: ['google-chrome', 'chrome', 'chromium', 'chromium-browser'],
  options: 'goog:chromeOptions',
};

/** By the names of the input `browsers`. */
export const browsers: Readonly<Record<string, Browser>> = {
  chrome,
  chromium: { ...chrome, programs: ['chromium', 'chromium-browser'] },
  edge: {
    ...chromium,
    vendor: 'ms:',
    browserName: 'MicrosoftEdge',
    driver: {
      name: 'Microsoft Edge WebDriver',
      program: 'msedgedriver',
      variable: 'EDGEWEBDRIVER',
      args: ['--port=0'],
      install: 'Microsoft Edge with the Microsoft Edge WebDriver of the same version on this agent',
    },
    programs: [],
    usual: ['microsoft-edge', 'microsoft-edge-stable'],
    options: 'ms:edgeOptions',
  },
  firefox: {
    browserName: 'firefox',
    driver: {
      name: 'geckodriver',
      program: 'geckodriver',
      variable: 'GECKOWEBDRIVER',
      // Its WebSockets have a port of their own, which is always the same unless told otherwise.
      args: ['--port', '0', '--websocket-port', '0'],
      install: 'Firefox and geckodriver (0.30 or later) on this agent',
    },
    programs: [],
    usual: [],
    options: 'moz:firefoxOptions',
    headless: ['-headless'],
    size: (width, height) => [`--width=${width}`, `--height=${height}`],
    isChromium: false,
    vendor: 'moz:',
  },
};

const vendors = Object.values(browsers).map(({ vendor }) => vendor);

/** The browser of that name; undefined for one that only a grid may know. */
export function browserNamed(name: string): Browser | undefined {
  const key = name.toLowerCase() === 'microsoftedge' ? 'edge' : name.toLowerCase();
  return Object.hasOwn(browsers, key) ? browsers[key] : undefined;
}

/**
 * The capabilities that every session of a browser gets. Of those given for all browsers it gets what is its own or no browser's.
 * @param program what is run in place of the one that the driver finds
 * @param extra arguments that this machine makes necessary
 */
export function capabilitiesFor(
  browser: Browser | undefined,
  { headless, windowSize, mobileDevice, capabilities: all }: BrowserSettings,
  program?: string,
  extra: readonly string[] = [],
): Json {
  if (browser === undefined) return all;
  const isForeign = (name: string) => vendors.some(one => one !== browser.vendor && name.startsWith(one));
  const capabilities = Object.fromEntries(Object.entries(all).filter(([name]) => !isForeign(name)));
  const [width, height] = windowSize?.split('x') ?? [];
  const args = [
    ...(headless ? browser.headless : []),
    ...(width === undefined || height === undefined ? [] : browser.size(width, height)),
    ...extra,
  ];
  const own = {
    ...(args.length === 0 ? {} : { args }),
    ...(program === undefined ? {} : { binary: program }),
    ...(mobileDevice === undefined ? {} : { mobileEmulation: { deviceName: mobileDevice } }),
  };
  const given = capabilities[browser.options];
  if (Object.keys(own).length === 0) return capabilities;
  return { ...capabilities, [browser.options]: given === undefined ? own : mergeValues(own, given) };
}
