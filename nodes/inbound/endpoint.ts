/** The endpoint as 8x8 Connect must know it. */
import { pathKey } from '../lib/rules'

/**
 * A path that no other node has: the default, else the same with a number.
 * @param taken keys of the paths of other nodes
 */
export function nextFreePath(path: string, taken: readonly string[]): string {
  const isTaken = (proposed: string) => taken.includes(pathKey(proposed))
  if (!isTaken(path)) return path
  let number = 2
  while (isTaken(`${path}-${number}`)) number++
  return `${path}-${number}`
}

/** Why 8x8 cannot post to a URL: `host`, a local or private address; `http`, not encrypted. */
export function unreachableBecause(url: string): 'host' | 'http' | undefined {
  if (!URL.canParse(url)) return undefined
  const { hostname, protocol } = new URL(url)
  if (isPrivate(hostname)) return 'host'
  return protocol === 'https:' ? undefined : 'http'
}

/** Names without a dot and below .local, .localhost and .internal are known only in a network. */
function isPrivate(hostname: string): boolean {
  if (hostname.startsWith('[')) return /^\[(::1?\]|f[cd]|fe[89ab])/.test(hostname)
  return (
    !hostname.includes('.') ||
    /\.(local|localhost|internal)$/.test(hostname) ||
    PRIVATE_IPV4.test(hostname)
  )
}

/** RFC 6890: this host, private, shared, loopback and link-local addresses. */
const PRIVATE_IPV4 =
  /^(0|10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+$/
