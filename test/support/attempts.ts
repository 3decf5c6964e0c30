import { Gate, type GateLimits } from '../../nodes/account/gate'
import { type Attempt, type Limits, type Reporter, Sending } from '../../nodes/account/sending'

/** An attempt without HTTP: resolves with the status of a success, rejects with a TypingError. */
export type Try = (signal: AbortSignal) => Promise<number>

/** A gate at which nobody waits, unless a test says otherwise. */
export function createGate(limits: Partial<GateLimits> = {}): Gate {
  return new Gate({
    maxInFlight: 1000,
    maxWaiting: 1000,
    longestHold: 15_000,
    random: () => 0,
    ...limits,
  })
}

/** Starts a send whose attempts are made by a function. */
export function sendBy(attempt: Try, limits: Limits, gate = createGate()): Sending {
  const company = {
    ...limits,
    gate,
    attempt: (_post: object, reporter: Reporter) => toAttempt(attempt, reporter),
  }
  return new Sending(company, { path: '', body: '' })
}

function toAttempt(attempt: Try, reporter: Reporter): Attempt {
  const controller = new AbortController()
  const { signal } = controller
  return {
    written: true,
    start() {
      attempt(signal).then(
        (statusCode) => {
          if (signal.aborted) return
          reporter.accepted(statusCode)
          reporter.ended()
        },
        (error) => signal.aborted || reporter.failed(error),
      )
    },
    abort() {
      controller.abort()
      return undefined
    },
  }
}
