import type { SandboxRequest } from '../exchange'
import type { PhoneRequest } from './state'

/** API requests that a phone remembers; our choice. The oldest is dropped first. */
export const MAX_REQUESTS = 50

/** Characters of a request body that are shown; our choice. A longer one is cut, as text. */
export const MAX_BODY = 2000

/** The last requests that concern a phone, at most 50 with at most 2000 characters of body each. */
export class RecentRequests {
  /** Oldest first. */
  readonly list: PhoneRequest[] = []

  /** @param request that was answered or cut */
  add({ at, method, path, status, durationMs, body }: SandboxRequest): void {
    this.list.push({
      at,
      method,
      path,
      ...(status === undefined ? { cut: true } : { status }),
      ...(durationMs !== undefined && { durationMs }),
      ...(body !== undefined && { body: shorten(body) }),
    })
    if (this.list.length > MAX_REQUESTS) this.list.shift()
  }
}

function shorten(body: unknown): unknown {
  try {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}…` : body
  } catch {
    return '…' // it was read as JSON, but is too deep to be written again
  }
}
