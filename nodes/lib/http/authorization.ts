import { hash, timingSafeEqual } from 'node:crypto'

/** Whether a request's `Authorization` header, or its absence, is right. */
export type Authorize = (header: string | undefined) => boolean

/**
 * Compares digests in constant time, so that neither length nor content leaks.
 * @param expected the whole value of the header
 */
export function demandAuthorization(expected: string): Authorize {
  const digest = sha256(expected)
  return (header) => header !== undefined && timingSafeEqual(sha256(header), digest)
}

function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
