import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Removes the headers that let pages of other origins read a response: Node-RED sets
 * `Access-Control-Allow-Origin: *` on everything below its admin root.
 */
export function removeCorsHeaders(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) {
    if (name.startsWith('access-control-')) response.removeHeader(name)
  }
}

/**
 * Whether a page of another origin sent the request. Preflights do not prevent that, because Node-RED
 * allows all of them. `Sec-Fetch-Site` counts first: pages cannot set it, and a proxy may have
 * changed `Host`. Over plain HTTP a browser sends only `Origin`, and for a GET of the page's own
 * origin neither, like any other client.
 */
export function isCrossOrigin({ method, headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  // `none`: the user entered an address or opened a bookmark.
  if (site !== undefined) return site !== 'same-origin' && !(site === 'none' && method === 'GET')
  return origin !== undefined && !isOriginOf(origin, host)
}

/** Adds the default port of the origin's scheme, which `Origin` omits and a proxy may add. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: expected } = new URL(origin)
  const named = `${protocol}//${host}`
  return URL.canParse(named) && new URL(named).host === expected
}
