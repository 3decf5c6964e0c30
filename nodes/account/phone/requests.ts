import type { SandboxRequest } from '../../lib/sandbox/handler'
import type { PhoneRequest } from './state'

/** API requests that a phone remembers; our choice. The oldest is dropped first. */
export const MAX_REQUESTS = 50

/** The last requests that concern a phone, at most 50. Of each body the sandbox keeps 2000 bytes. */
export class RecentRequests {
  readonly #requests: SandboxRequest[] = []

  /** @param request that was answered or cut */
  add(request: SandboxRequest): void {
    if (this.#requests.push(request) > MAX_REQUESTS) this.#requests.shift()
  }

  /** Oldest first. */
  list(): PhoneRequest[] {
    return this.#requests.map(({ at, method, path, status, durationMs, body }) => ({
      at,
      method,
      path,
      ...(status === undefined ? { cut: true } : { status }),
      ...(durationMs !== undefined && { durationMs }),
      ...(body !== undefined && { body }),
    }))
  }
}
