/**
 * Paths of endpoints below the HTTP node root. Without imports, so that the editor can bundle it.
 */

/** Characters that a URL carries as they are; no query, and no segment that browsers resolve. */
const PATH = /^(\/(?!\.{1,2}(\/|$))[\w\-.~!$&'()*+,;=:@%]+)+$/

/** A path as people write it: a slash in front, none at the end, as `http in` and Express take it. */
export function cleanPath(text: string): string {
  const path = text.trim().replace(/\/+$/, '')
  return path && !path.startsWith('/') ? `/${path}` : path
}

/** Whether a cleaned path can be that of an endpoint. The root itself cannot: it is the editor's. */
export function isPath(path: string): boolean {
  return PATH.test(path)
}

/** Equal for paths that Express matches alike: in either case of the letters, one slash more or less. */
export function pathKey(path: string): string {
  return path.replace(/(.)\/$/, '$1').toLowerCase()
}
