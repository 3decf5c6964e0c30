import type { ConnectionOptions } from 'node:tls'
import { BASE_URLS } from './api'

/** Of 8x8's regions; also where one of them is given as a base URL of one's own. */
const OFFICIAL: ReadonlySet<string> = new Set(Object.values(BASE_URLS))

/**
 * How to connect to an origin by TLS. 8x8 requires TLS 1.3 (it answers 426 to older versions), so
 * nothing older is offered there; elsewhere Node's default counts.
 * @param configured what the user's `tls-config` says; undefined: none
 */
export function tlsOptions(
  origin: string,
  configured: ConnectionOptions | undefined,
): ConnectionOptions | undefined {
  return OFFICIAL.has(origin) ? { ...configured, minVersion: 'TLSv1.3' } : configured
}
