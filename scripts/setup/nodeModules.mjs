/** Whether node_modules is what package-lock.json asks for. */

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} Lock
 */

/**
 * npm writes down what it installed in node_modules/.package-lock.json; only optional packages may be absent from it.
 * @param {string} lock package-lock.json
 * @param {string | undefined} installed node_modules/.package-lock.json, undefined when there is none
 * @returns {boolean}
 */
export function isInstalled(lock, installed) {
  if (installed === undefined) return false;
  const wanted = lockedPackages(lock);
  const present = lockedPackages(installed);
  const complete = Object.entries(wanted).every(([path, one]) => {
    const there = present[path];
    if (path === '') return true;
    if (there === undefined) return one.optional === true;
    return there.version === one.version && there.integrity === one.integrity;
  });
  return complete && Object.keys(present).every(path => path in wanted);
}

/** @type {(text: string) => Record<string, LockedPackage>} */
function lockedPackages(text) {
  /** @type {unknown} */
  const lock = JSON.parse(text);
  return /** @type {Lock} */ (lock).packages ?? {};
}
