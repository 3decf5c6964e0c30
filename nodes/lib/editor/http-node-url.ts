/** The root paths of a Node-RED, as its settings have them. */
export interface HttpRoots {
  /** `httpAdminRoot`: where the editor is; undefined: unknown. */
  admin?: string | undefined
  /** `httpNodeRoot`: below which HTTP nodes are; false: there are none. */
  node?: string | false | undefined
}

/**
 * The URL of a path below the HTTP node root, as the browser of the editor sees it: what a proxy puts
 * before the admin root in the editor's URL is before the HTTP node root, too.
 * @param editorUrl where the browser shows the editor
 * @param path taken as it is; it may hold a reference to an environment variable
 * @returns undefined where Node-RED serves no HTTP nodes
 */
export function httpNodeUrl(editorUrl: string, roots: HttpRoots, path: string): string | undefined {
  if (roots.node === false) return undefined
  const { origin, pathname } = new URL(editorUrl)
  return origin + clean(`${prefixOf(pathname, roots.admin)}/${roots.node ?? ''}/${path}`)
}

/** Blank where the path does not end with the admin root: a proxy may have replaced it. */
function prefixOf(pathname: string, admin: HttpRoots['admin']): string {
  const shown = clean(`${pathname}/`)
  const root = clean(`/${admin ?? pathname}/`)
  return shown.endsWith(root) ? shown.slice(0, -root.length) : ''
}

/** Without repeated slashes. */
function clean(path: string): string {
  return path.replace(/\/{2,}/g, '/')
}
