import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether the `Authorization` header of a request, if it has one, is the right one. */
export type Authorize = (header: string | undefined) => boolean

/**
 * Compares in constant time: digests are equally long, and tell nothing of how much was right.
 * @param expected the whole value of the header
 */
export function demandAuthorization(expected: string): Authorize {
  const digest = sha256(expected)
  return (header) => header !== undefined && timingSafeEqual(sha256(header), digest)
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
