import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Takes off an answer what lets pages of other origins read it: Node-RED sets
 * `Access-Control-Allow-Origin: *` on all that it serves below its admin root.
 */
export function removeCorsHeaders(response: ServerResponse): void {
  for (const name of response.getHeaderNames()) {
    if (name.startsWith('access-control-')) response.removeHeader(name)
  }
}

/**
 * Whether a page of another origin asks. A preflight does not hold it back, because Node-RED allows
 * each. What the browser says itself counts first: pages cannot set `Sec-Fetch-Site`, and a proxy
 * may have changed `Host`. By plain HTTP it says only `Origin`, and with a GET of the page's own
 * origin nothing, like any other client.
 */
export function isCrossOrigin({ method, headers }: IncomingMessage): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  // A person who enters an address, or opens a bookmark, is no page.
  if (site !== undefined) return site !== 'same-origin' && !(site === 'none' && method === 'GET')
  return origin !== undefined && !isOriginOf(origin, host)
}

/** With the default port of the origin's scheme, which `Origin` leaves out and a proxy may add. */
function isOriginOf(origin: string, host: string | undefined): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, host: expected } = new URL(origin)
  const named = `${protocol}//${host}`
  return URL.canParse(named) && new URL(named).host === expected
}
