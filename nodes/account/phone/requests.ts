import type { SandboxRequest } from '../../lib/sandbox/handler'
import type { PhoneRequest } from './state'

/** API requests that a phone remembers; our choice. The oldest is dropped first. */
export const MAX_REQUESTS = 50

/**
 * The last requests that concern a customer, at most 50. Of each body and each answer the sandbox
 * keeps 2000 bytes, as text, and parses them when they are read.
 */
export class RecentRequests {
  readonly #entries: { request: SandboxRequest; id: number; umid: string | undefined }[] = []

  /**
   * @param request that was answered or cut
   * @param umid of the message that it belongs to
   */
  add(request: SandboxRequest, id: number, umid: string | undefined): void {
    if (this.#entries.push({ request, id, umid }) > MAX_REQUESTS) this.#entries.shift()
  }

  /** Oldest first. */
  list(): PhoneRequest[] {
    return this.#entries.map(({ request, id, umid }) => {
      const { at, method, path, status, durationMs, body, response } = request
      return {
        ...{ id, at, method, path },
        ...(status === undefined ? { cut: true } : { status }),
        ...(durationMs !== undefined && { durationMs }),
        ...(body !== undefined && { body }),
        ...(response !== undefined && { response }),
        ...(umid !== undefined && { umid }),
      }
    })
  }
}
