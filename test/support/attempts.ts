import { type LimiterOptions, RequestLimiter } from '../../nodes/lib/client/limiter'
import {
  ApiRequest,
  type Attempt,
  type AttemptHandler,
  type RequestLimits,
} from '../../nodes/lib/client/request'

/** An attempt without HTTP: resolves with the status of a success, rejects with a MessagingError. */
export type Try = (signal: AbortSignal) => Promise<number>

/** A limiter that never queues, unless a test changes its options. */
export function createLimiter(limits: Partial<LimiterOptions> = {}): RequestLimiter {
  return new RequestLimiter({
    maxInFlight: 1000,
    maxWaiting: 1000,
    maxBlock: 15_000,
    random: () => 0,
    ...limits,
  })
}

/** Starts a request whose attempts are made by a function. */
export function sendBy(attempt: Try, limits: RequestLimits, limiter = createLimiter()): ApiRequest {
  const context = {
    ...limits,
    limiter,
    createAttempt: (_options: object, handler: AttemptHandler) => toAttempt(attempt, handler),
  }
  return new ApiRequest(context, { path: '', body: '' })
}

function toAttempt(attempt: Try, handler: AttemptHandler): Attempt {
  const controller = new AbortController()
  const { signal } = controller
  return {
    written: true,
    start() {
      attempt(signal).then(
        (statusCode) => {
          if (signal.aborted) return
          handler.onAccepted(statusCode)
          handler.onEnd()
        },
        (error) => signal.aborted || handler.onFailed(error),
      )
    },
    abort() {
      controller.abort()
      return undefined
    },
  }
}
