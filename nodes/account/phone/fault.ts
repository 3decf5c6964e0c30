import { CODES } from '../../lib/api'
import type { Fault } from '../../lib/sandbox/faults'
import type { FaultName } from './state'

/** ms that a slow API takes; our choice, below the 5 s that an account waits by default. */
const SLOW = 4000

/**
 * The fault for a simulated error. Statuses and codes are from the 8x8 doc; 400 with 1300 for a message
 * that is too old is our guess, as for a real one in the sandbox.
 * @param resource of the request: only an indicator can be too late
 */
export function faultOf(
  name: FaultName,
  resource: 'events' | 'messages' | undefined,
): Fault | undefined {
  switch (name) {
    case 'unauthorized':
      return {
        status: 401,
        code: CODES.unauthorized,
        message: 'Request was not authenticated properly',
      }
    case 'rate-limited':
      return { status: 429, retryAfter: 2, message: 'Too many requests' }
    case 'error':
      return { status: 500, code: CODES.internalError, message: 'Internal server error' }
    case 'slow':
      return { delay: SLOW }
    case 'down':
      return { action: 'reset' }
    case 'expired':
      if (resource !== 'events') return undefined
      return { status: 400, code: CODES.notFound, message: 'umid not found (or expired)' }
    case 'none':
      return undefined
  }
}
